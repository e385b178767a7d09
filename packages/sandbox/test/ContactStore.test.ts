import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { ContactStore } from "../src/api/ContactStore.ts"
import type { SandboxOptions } from "../src/types.ts"
import { create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

describe("a contact that exists", () => {
  const exists = "Contact already exists."

  it.each([
    ["reject", 400, { code: 400, message: exists }],
    ["reject=403", 403, { code: 403, message: exists }],
    ["reject=409", 409, { code: 409, message: exists }],
    ["reject=object", 400, { code: 400, message: { error: exists } }],
  ] as const)(
    "is rejected by %s with %d and a message that says so",
    async (existing, status, body) => {
      await using sandbox = await start({ existing })
      await create(sandbox, "email:ana@example.com")
      const again = await create(sandbox, "email:ana@EXAMPLE.com", { firstName: "Eva" })
      assert.deepStrictEqual([again.status, again.json], [status, body])
      assert.deepStrictEqual(
        sandbox.contacts().map(({ firstName }) => firstName),
        ["Ana"],
      )
      assert.deepInclude(sandbox.ledger()[0], { posts: 2, created: 1 })
    },
  )

  it("is updated by merge: one contact, given fields replaced, the others kept", async () => {
    await using sandbox = await start({ existing: "merge" })
    await create(sandbox, "id:1", {
      firstName: "Ana",
      lastName: "Lim",
      custom_fields: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
    })
    const again = await create(sandbox, "id:1", {
      firstName: "Eva",
      custom_fields: [{ name: "B", value: "3" }],
    })
    assert.strictEqual(again.status, 200)
    assert.strictEqual(sandbox.contacts().length, 1)
    assert.deepInclude(sandbox.contacts()[0], {
      firstName: "Eva",
      lastName: "Lim",
      merges: 1,
      custom_fields: [
        { name: "A", value: "1" },
        { name: "B", value: "3" },
      ],
    })
    assert.deepInclude(sandbox.ledger()[0], { posts: 2, created: 1, merged: 1 })
  })

  it("gets a duplicate by duplicate", async () => {
    await using sandbox = await start({ existing: "duplicate" })
    await create(sandbox, "id:1")
    assert.strictEqual((await create(sandbox, "id:1")).status, 200)
    assert.deepStrictEqual(
      sandbox.contacts().map(({ id, key }) => [id, key]),
      [
        ["1", "id:1"],
        ["2", "id:1"],
      ],
    )
    assert.deepInclude(sandbox.ledger()[0], { posts: 2, created: 2 })
  })

  it("is not seen before the lag has passed", async () => {
    await using sandbox = await start({ lagMs: 3000 })
    await create(sandbox, "id:1")
    await sandbox.advance(2999)
    assert.strictEqual((await create(sandbox, "id:1")).status, 200)
    await sandbox.advance(1)
    assert.strictEqual((await create(sandbox, "id:1")).status, 400)
  })

  it("is another contact under another kind of identifier: id:5 is not 5", async () => {
    await using sandbox = await start()
    await create(sandbox, "id:5")
    assert.strictEqual((await create(sandbox, "5")).status, 200)
  })
})

describe("a new contact", () => {
  it("W10: is processing for the given time and then ready", async () => {
    await using sandbox = await start({ processingDelayMs: 2000 })
    await create(sandbox, "id:1")
    assert.strictEqual(sandbox.contacts()[0]?.phase, "processing")
    await sandbox.advance(1999)
    assert.strictEqual(sandbox.contacts()[0]?.phase, "processing")
    await sandbox.advance(1)
    assert.strictEqual(sandbox.contacts()[0]?.phase, "ready")
  })

  it("gets a 507 beyond the most contacts; the others are kept", async () => {
    await using sandbox = await start({ maxContacts: 1 })
    await create(sandbox, "id:1")
    assert.strictEqual((await create(sandbox, "id:2")).status, 507)
    assert.strictEqual(sandbox.contacts().length, 1)
  })
})

describe("ContactStore", () => {
  const rules = { existing: "reject", processingDelayMs: 0, lagMs: 0, maxContacts: 10 } as const

  it("counts requests and decisions per key, whatever was created", () => {
    const store = new ContactStore()
    assert.deepStrictEqual([store.receive("id:1", 5), store.receive("id:1", 9)], [1, 2])
    store.decide("id:1", 429)
    store.decide("id:1", 429)
    store.decide("id:1", 0)
    store.decide("id:unknown", 200)
    assert.deepStrictEqual(store.ledger(), [
      {
        key: "id:1",
        posts: 2,
        created: 0,
        merged: 0,
        statuses: { 429: 2, 0: 1 },
        firstAt: 5,
        lastAt: 9,
      },
    ])
  })

  it("keeps the newest keys without a contact up to its cap, and every key with one (V18)", () => {
    const store = new ContactStore(undefined, 10)
    store.receive("id:first", 0)
    store.commit("id:first", "id:first", { firstName: "Ana" }, 0, rules)
    for (let i = 0; i < 30_000; i++) {
      store.receive(`id:${i}`, i)
      store.decide(`id:${i}`, 400)
    }
    const keys = store.ledger().map(({ key }) => key)
    const newest = Array.from({ length: 10 }, (_, i) => `id:${29_990 + i}`)
    assert.deepStrictEqual(keys, ["id:first", ...newest])
  })

  it("finds and removes by identifier, name, phone and email, whatever their case", () => {
    const store = new ContactStore()
    store.commit("id:1", "id:1", { firstName: "Ana", email: "ana@example.com" }, 0, rules)
    store.commit(
      "id:2",
      "id:2",
      { firstName: "Bo", lastName: "Tan", phone: "+60123456789" },
      0,
      rules,
    )
    assert.deepStrictEqual(
      ["ANA@", "tan", "+6012", "id:", "nothing"].map((query) =>
        store.list(0, query).map(({ id }) => id),
      ),
      [["1"], ["2"], ["2"], ["1", "2"], []],
    )
    assert.strictEqual(store.remove("tan"), 1)
    assert.strictEqual(store.size, 1)
    assert.strictEqual(store.commit("id:2", "id:2", { firstName: "Bo" }, 0, rules), "created")
    assert.strictEqual(store.remove(), 2)
  })

  it("returns the newest contacts of a page and how many match", () => {
    const store = new ContactStore()
    for (const id of ["id:1", "id:2", "id:3"]) store.commit(id, id, { firstName: "Ana" }, 0, rules)
    const { contacts, total } = store.page(0, "ana", 2)
    assert.deepStrictEqual([contacts.map(({ id }) => id), total], [["2", "3"], 3])
  })
})
