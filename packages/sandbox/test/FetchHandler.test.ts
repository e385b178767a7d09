import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { call } from "./client.ts"

const half = '{"code":"200","message":"Co'

const request = (identifier: string, init?: RequestInit): [string, RequestInit] => [
  `http://sandbox.localhost/v1/contact/${identifier}`,
  {
    method: "POST",
    headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
    body: '{"firstName":"Ana"}',
    ...init,
  },
]

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  // safe: the flag gives a new context this function
  const gc = runInNewContext("gc") as () => void
  gc()
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("it resolved"),
    (error: unknown) => error,
  )

describe("a sandbox without a port", () => {
  it("responds as one with a port does: status, body and headers", async () => {
    const inProcess = Sandbox.inProcess({ clock: "virtual" })
    await using listening = await Sandbox.start({ clock: "virtual" })
    for (const [identifier, body, token] of [
      ["id:1", '{"firstName":"Ana"}', "sandbox_ok"],
      ["id:1", '{"firstName":"Ana"}', "sandbox_ok"],
      ["id:2", "{", "sandbox_ok"],
      ["id:2", "{}", "wrong-token"],
      ["email:429-7s@sandbox.test", "{}", "sandbox_ok"],
      ["a/b", "{}", "sandbox_ok"],
    ] as const) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
      const one = await inProcess.fetch(...request(identifier, { body, headers }))
      const two = await call(`${listening.baseUrl}/contact/${identifier}`, { body, token })
      const { connection: _, "content-length": __, ...sent } = two.headers
      assert.deepStrictEqual(
        [one.status, await one.text(), Object.fromEntries(one.headers)],
        [two.status, two.text, sent],
      )
    }
    assert.deepStrictEqual(inProcess.contacts(), listening.contacts())
  })

  it.each([
    ["drop", "ECONNRESET", 1],
    ["drop-before", "ECONNRESET", 0],
    ["fin", "UND_ERR_SOCKET", 1],
    ["garbage", "HPE_INVALID_CONSTANT", 1],
  ])(
    "rejects %s as fetch does, with the code %s, having created %d",
    async (preset, code, count) => {
      const sandbox = Sandbox.inProcess()
      const error = await rejection(sandbox.fetch(...request(`email:${preset}@sandbox.test`)))
      assert.instanceOf(error, TypeError)
      assert.nestedPropertyVal(error, "cause.code", code)
      assert.strictEqual(sandbox.contacts().length, count)
      assert.strictEqual(sandbox.requests()[0]?.phase, "cut")
    },
  )

  it("returns a compressed body as fetch does: decompressed, with its content-encoding", async () => {
    const sandbox = Sandbox.inProcess()
    const response = await sandbox.fetch(...request("email:gzip@sandbox.test"))
    assert.strictEqual(response.headers.get("content-encoding"), "gzip")
    assert.strictEqual(
      await response.text(),
      '{"code":"200","message":"Contact added successfully!"}',
    )
  })

  it.each(["truncate-length", "truncate-chunked"])("rejects the body of %s", async (preset) => {
    const sandbox = Sandbox.inProcess()
    const response = await sandbox.fetch(...request(`email:${preset}@sandbox.test`))
    assert.strictEqual(response.status, 200)
    assert.instanceOf(await rejection(response.text()), TypeError)
  })

  it("returns half a body for truncate-close, and one byte at a time for trickle", async () => {
    const sandbox = Sandbox.inProcess()
    const cut = await sandbox.fetch(...request("email:truncate-close@sandbox.test"))
    assert.strictEqual(await cut.text(), half.slice(0, 27))
    const trickled = await sandbox.fetch(...request("email:trickle-0ms@sandbox.test"))
    assert.deepInclude(await trickled.json(), { code: "200" })
  })

  it("pads a body while it is read", async () => {
    const sandbox = Sandbox.inProcess()
    sandbox.fail({ padTo: 200_000 })
    const response = await sandbox.fetch(...request("id:1"))
    assert.strictEqual((await response.text()).length, 200_000)
  })

  it.each(["stall", "slow-60s"])("rejects %s with the signal's reason on abort", async (preset) => {
    const sandbox = Sandbox.inProcess({ clock: "virtual" })
    const controller = new AbortController()
    const { signal } = controller
    const waiting = sandbox.fetch(...request(`email:${preset}@sandbox.test`, { signal }))
    await sandbox.waitFor(() => sandbox.contacts()[0])
    controller.abort(new Error("enough"))
    assert.propertyVal(await rejection(waiting), "message", "enough")
    assert.strictEqual(sandbox.requests()[0]?.phase, "gone")
  })

  it.each(["stall-body", "trickle"])(
    "rejects the body of %s with the signal's reason on abort",
    async (preset) => {
      const sandbox = Sandbox.inProcess({ clock: "virtual" })
      const controller = new AbortController()
      const { signal } = controller
      const response = await sandbox.fetch(...request(`email:${preset}@sandbox.test`, { signal }))
      const reading = response.text()
      // the request that was made of these arguments may be gone by now
      collectGarbage()
      controller.abort(new Error("enough"))
      assert.propertyVal(await rejection(reading), "message", "enough")
    },
  )

  it("ends the stream of events when the signal aborts", async () => {
    const sandbox = Sandbox.inProcess()
    const controller = new AbortController()
    const { signal } = controller
    const response = await sandbox.fetch(`${sandbox.origin}/_sandbox/events`, { signal })
    const reading = response.text()
    controller.abort(new Error("enough"))
    assert.propertyVal(await rejection(reading), "message", "enough")
  })

  it("waits on its clock", async () => {
    const sandbox = Sandbox.inProcess({ clock: "virtual", latencyMs: 500 })
    const waiting = sandbox.fetch(...request("id:1"))
    await sandbox.waitFor(() => sandbox.contacts()[0])
    await sandbox.advance(500)
    assert.strictEqual((await waiting).status, 200)
    assert.strictEqual(sandbox.timeline()[0]?.ms, 500)
  })

  it("serves the admin API too", async () => {
    const sandbox = Sandbox.inProcess()
    await sandbox.fetch(...request("id:1"))
    const response = await sandbox.fetch(`${sandbox.origin}/_sandbox/contacts`)
    assert.deepStrictEqual(await response.json(), { contacts: sandbox.contacts(), total: 1 })
  })
})
