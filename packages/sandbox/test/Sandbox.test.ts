import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxOptions } from "../src/types.ts"
import { call, create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

describe("two sandboxes", () => {
  it("share nothing", async () => {
    await using one = await start()
    await using two = await start()
    await create(one, "id:1")
    assert.strictEqual(two.contacts().length, 0)
    assert.strictEqual((await call(`${two.origin}/_sandbox/health`, { method: "GET" })).status, 200)
  })
})

describe("waitFor", () => {
  it("resolves with the value that `test` returns later, and rejects if there is none", async () => {
    await using sandbox = await start()
    const arrived = sandbox.waitFor(() => sandbox.contacts("ana")[0])
    await create(sandbox, "email:ana@example.com")
    assert.strictEqual((await arrived).firstName, "Ana")
    const late = await sandbox
      .waitFor(() => false, { timeoutMs: 1 })
      .catch((error: unknown) => error)
    assert.instanceOf(late, Error)
  })

  it("rejects with the error that `test` throws", async () => {
    const sandbox = Sandbox.inProcess()
    const error = await sandbox
      .waitFor(() => {
        throw new Error("broken")
      })
      .catch((thrown: unknown) => thrown)
    assert.propertyVal(error, "message", "broken")
  })
})

describe("subscribe", () => {
  it("reports every event until it is stopped", async () => {
    const sandbox = Sandbox.inProcess({ clock: "virtual" })
    const seen: Array<string> = []
    const stop = sandbox.subscribe((event) =>
      seen.push(event.type === "change" ? `change ${event.what}` : event.type),
    )
    await sandbox.fetch(`${sandbox.baseUrl}/contact/id:1`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Ana"}',
    })
    sandbox.fail("500")
    sandbox.clearFaults()
    sandbox.configure({ limit: 1 })
    await sandbox.advance(1)
    sandbox.reset()
    stop()
    sandbox.reset()
    assert.deepStrictEqual(seen, [
      "request",
      "contact",
      "response",
      "change faults",
      "change faults",
      "change settings",
      "change clock",
      "change reset",
    ])
  })
})

describe("inProcess", () => {
  it("has an address that only its own fetch reaches", async () => {
    const sandbox = Sandbox.inProcess()
    assert.strictEqual(sandbox.baseUrl, "http://sandbox.localhost/v1")
    const { status } = await sandbox.fetch(`${sandbox.origin}/_sandbox/health`)
    assert.strictEqual(status, 200)
    await sandbox.close()
    sandbox.closeIdle()
  })
})
