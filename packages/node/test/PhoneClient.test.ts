import { assert, describe, it } from "@effect/vitest"

import { InvalidContactError, isAelystError } from "../src/index.ts"
import type { ContactInput, IdentifierInput, OutcomeEvent } from "../src/index.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

const codesOf = (error: unknown): ReadonlyArray<string> =>
  error instanceof InvalidContactError
    ? error.issues.map(({ code, path }) => `${path.join(".")} ${code}`)
    : ["another error"]

describe("the option defaultCountry", () => {
  it("U11 reads the phone of a contact and of an identifier as people write them", async () => {
    await using at = await setUp({ defaultCountry: "MY" })
    const { contacts } = at.aelyst
    assert.strictEqual(at.aelyst.defaultCountry, "MY")
    const first = await contacts.create("phone:012-345 6789", { ...ana, phone: "013 345 6789" })
    assert.strictEqual(String(first.identifier), "phone:+60123456789")
    await contacts.create("id:2", { ...ana, phone: "+44 (0)20 7946 0958" })
    await contacts.create("id:3", { ...ana, phone: "+39 06 12345678" })
    await contacts.create("id:4", { ...ana, phone: "+60123456789" })
    assert.deepStrictEqual(
      at.sandbox.contacts().map(({ identifier, phone }) => `${identifier} ${phone}`),
      [
        "phone:+60123456789 +60133456789",
        "id:2 +442079460958",
        "id:3 +390612345678",
        "id:4 +60123456789",
      ],
    )
  })

  it("R3 refuses a trunk zero, with all other issues, and sends nothing", async () => {
    await using at = await setUp({ defaultCountry: "MY" })
    const invalid = { firstName: "", phone: "+4402079460958" }
    const error = await rejection(at.aelyst.contacts.create("phone:+44 020 7946 0958", invalid))
    assert.deepStrictEqual(codesOf(error), [
      "identifier PHONE_INVALID",
      "phone PHONE_INVALID",
      "firstName FIRST_NAME_MISSING",
    ])
    assert.match(JSON.stringify(error), /leave out the 0 after the country code/)
    assert.notMatch(JSON.stringify(error), /7946|0958/)
    assert.strictEqual(at.posts(), 0)
  })

  it("R3 takes strict E.164 only, if it is not set", async () => {
    await using at = await setUp()
    for (const text of ["+44 (0)20 7946 0958", "+44 (0)161 496", "012-345 6789", "+60 123456789"]) {
      const inputs: ReadonlyArray<readonly [IdentifierInput, ContactInput]> = [
        ["id:5", { ...ana, phone: text }],
        [`phone:${text}`, ana],
      ]
      for (const [identifier, contact] of inputs) {
        const ended = await at.aelyst.contacts.tryCreate(identifier, contact)
        assert.isTrue(!ended.ok && !ended.aborted && ended.error.name === "InvalidContactError")
      }
    }
    assert.strictEqual(at.posts(), 0)
    const created = await at.aelyst.contacts.create("phone:+60123456789", ana)
    assert.strictEqual(created.result, "created")
  })

  it("reads the rows of a run", async () => {
    await using at = await setUp({ defaultCountry: "MY" })
    const rows = ["012-345 6789", "+44 020 7946 0958", "+60123456788", "6.01E+10"].map(
      (phone, index) => ({ identifier: `id:${index}` as const, contact: { ...ana, phone } }),
    )
    const run = at.aelyst.contacts.createMany(rows, { ordered: true })
    const outcomes: Array<string> = []
    for await (const { outcome } of run) outcomes.push(outcome)
    assert.deepStrictEqual(outcomes, ["created", "invalid", "created", "invalid"])
    const phones = at.sandbox.contacts().map(({ phone }) => phone)
    assert.deepStrictEqual(phones.toSorted(), ["+60123456788", "+60123456789"])
  })

  it("ends a call that is aborted while it loads as not sent, and reports that once", async () => {
    const ends: Array<OutcomeEvent> = []
    const onOutcome = (end: OutcomeEvent) => {
      ends.push(end)
      throw new Error("a hook of the caller's")
    }
    await using at = await setUp({ defaultCountry: "MY", hooks: { onOutcome } })
    const controller = new AbortController()
    const { signal } = controller
    const contact = { ...ana, phone: "012-345 6789" }
    const pending = at.aelyst.contacts.tryCreate("id:5", contact, { signal })
    controller.abort(new Error("left"))
    const ended = await pending
    assert.isTrue(!ended.ok && ended.aborted && ended.outcome === "not_sent")
    assert.deepStrictEqual(
      ends.map(({ outcome }) => outcome),
      ["not_sent"],
    )
    assert.strictEqual(at.posts(), 0)
  })

  it("names parsePhone in the issues of validate, which cannot wait", async () => {
    await using at = await setUp({ defaultCountry: "MY" })
    const checked = at.aelyst.contacts.validate("id:5", { ...ana, phone: "012-345 6789" })
    assert.isFalse(checked.ok)
    if (!checked.ok) {
      assert.isTrue(isAelystError(checked.error))
      assert.match(checked.error.issues[0]?.suggestion ?? "", /await parsePhone/)
    }
    assert.isTrue(at.aelyst.contacts.validate("phone:+60123456789", ana).ok)
  })

  it("prepares a contact as create does, without a request", async () => {
    await using at = await setUp({ defaultCountry: "MY" })
    const contact = { ...ana, phone: "012-345 6789" }
    const prepared = await at.aelyst.contacts.prepare("phone:012-345 6789", contact)
    assert(prepared.ok)
    assert.strictEqual(prepared.identifier, "phone:+60123456789")
    assert.strictEqual(prepared.contact.phone, "+60123456789")
    assert.isTrue((await at.aelyst.contacts.prepare("id:5", ana)).ok)
    const refused = await at.aelyst.contacts.prepare("phone:12", contact)
    assert(!refused.ok)
    assert.strictEqual(refused.error.issues[0]?.path[0], "identifier")
    assert.strictEqual(at.posts(), 0)
  })

  it("prepares numbers in E.164 only if there is no country", async () => {
    await using at = await setUp({})
    assert.isFalse((await at.aelyst.contacts.prepare("phone:012-345 6789", ana)).ok)
    assert.isTrue((await at.aelyst.contacts.prepare("phone:+60123456789", ana)).ok)
  })
})
