import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"
import { call, create } from "./client.ts"

const post = (sandbox: Sandbox, path: string, body?: unknown) =>
  call(`${sandbox.origin}/_sandbox${path}`, { body })
const health = async (sandbox: Sandbox) =>
  (await call(`${sandbox.origin}/_sandbox/health`, { method: "GET" })).json
const stateOf = (sandbox: Sandbox) => ({
  contacts: sandbox.contacts(),
  requests: sandbox.requests(),
  ledger: sandbox.ledger(),
  faults: sandbox.faults(),
})

describe("a reset", () => {
  it("E2 is undone once, and newer requests are removed", async () => {
    await using sandbox = await Sandbox.start({ faults: ["429-x1"] })
    for (const id of ["id:1", "id:1", "id:2"]) await create(sandbox, id)
    sandbox.fail({ preset: "500", match: { identifier: "id:9" } })
    const before = stateOf(sandbox)
    await post(sandbox, "/reset", { undoable: true })
    assert.deepInclude(await health(sandbox), { undoable: { contacts: 2, requests: 3 } })
    assert.deepInclude(stateOf(sandbox), { contacts: [], requests: [], ledger: [] })
    await create(sandbox, "id:3")
    assert.strictEqual((await post(sandbox, "/undo")).status, 200)
    assert.deepStrictEqual(stateOf(sandbox), before)
    assert.strictEqual((await post(sandbox, "/undo")).status, 409)
    // the next id is the one after the last restored
    await create(sandbox, "id:4")
    assert.deepStrictEqual(
      sandbox.contacts().map(({ id }) => id),
      ["1", "2", "3"],
    )
  })

  it("E2 keeps nothing unless it is asked to, and forgets on demand", async () => {
    await using sandbox = await Sandbox.start()
    await create(sandbox, "id:1")
    await post(sandbox, "/reset")
    assert.strictEqual((await post(sandbox, "/undo")).status, 409)
    await create(sandbox, "id:1")
    await post(sandbox, "/reset", { undoable: true })
    await call(`${sandbox.origin}/_sandbox/undo`, { method: "DELETE" })
    assert.notProperty(await health(sandbox), "undoable")
    assert.strictEqual((await post(sandbox, "/undo")).status, 409)
    await create(sandbox, "id:1")
    await post(sandbox, "/reset", { undoable: true })
    sandbox.reset()
    assert.strictEqual((await post(sandbox, "/undo")).status, 409)
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it("E2 is undone in the data file, too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aelyst-reset-"))
    const data = join(folder, "contacts.jsonl")
    try {
      await using sandbox = await Sandbox.start({ data })
      await create(sandbox, "id:1")
      await create(sandbox, "id:2")
      const before = readFileSync(data, "utf8")
      await post(sandbox, "/reset", { undoable: true })
      assert.strictEqual(readFileSync(data, "utf8").trim().split("\n").length, 1)
      await create(sandbox, "id:3")
      await post(sandbox, "/undo")
      assert.strictEqual(readFileSync(data, "utf8"), before)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("a request in the log", () => {
  it("E6 has the headers of its response, and how a fault delivers it", async () => {
    await using sandbox = await Sandbox.start({ limit: 7 })
    await create(sandbox, "email:429-7s@sandbox.test")
    await create(sandbox, "email:drop@sandbox.test").catch(() => undefined)
    const [rateLimited, dropped] = sandbox.requests()
    assert.deepInclude(rateLimited?.responseHeaders, {
      "content-type": "application/json",
      "retry-after": "7",
      "x-ratelimit-limit": "7",
    })
    assert.notProperty(rateLimited, "delivery")
    assert.strictEqual(dropped?.delivery, "drop")
  })
})
