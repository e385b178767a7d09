import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { RequestLog } from "../src/api/RequestLog.ts"
import type { SandboxEvent } from "../src/api/types.ts"
import type { SandboxOptions } from "../src/types.ts"
import { create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

describe("requests over HTTP", () => {
  it("shows up in requests, ledger and timeline with its response", async () => {
    await using sandbox = await start({ limit: 2 })
    await create(sandbox, "id:1")
    await create(sandbox, "id:2", {})
    await create(sandbox, "id:2")
    await create(sandbox, "id:1", undefined, { token: "someone-own-token" })
    assert.deepStrictEqual(
      sandbox
        .requests()
        .map(({ attempt, key, result, status, token }) => [key, attempt, status, token, result]),
      [
        ["id:1", 1, 200, "sandbox_ok", "created"],
        ["id:2", 1, 400, "sandbox_ok", undefined],
        ["id:2", 2, 429, "sandbox_ok", undefined],
        ["id:1", 2, 401, "unknown", undefined],
      ],
    )
    assert.deepStrictEqual(
      sandbox.ledger().map(({ created, key, posts, statuses }) => [key, posts, created, statuses]),
      [
        ["id:1", 2, 1, { 200: 1, 401: 1 }],
        ["id:2", 2, 0, { 400: 1, 429: 1 }],
      ],
    )
    assert.deepStrictEqual(
      sandbox.timeline().map(({ remaining, status }) => [status, remaining]),
      [
        [200, 1],
        [400, 0],
        [429, 0],
        [401, undefined],
      ],
    )
    assert.notProperty(sandbox.requests()[0]?.headers, "authorization")
    assert.notInclude(JSON.stringify(sandbox.requests()), "own-token")
  })

  it("keeps the last requests and every ledger entry", async () => {
    await using sandbox = await start({ limit: 100, maxRequests: 3 })
    await create(sandbox, "id:0")
    for (let n = 0; n < 9; n++) await create(sandbox, `phone:+601234567${n}0`)
    assert.deepStrictEqual(
      sandbox.requests().map(({ seq }) => seq),
      [8, 9, 10],
    )
    assert.deepStrictEqual(
      sandbox.requests(9).map(({ seq }) => seq),
      [10],
    )
    assert.strictEqual(sandbox.ledger().length, 10)
  })
})

const request = {
  at: 100,
  method: "POST",
  path: "/v1/contact/id:1",
  identifier: "id:1",
  token: "sandbox_ok",
  headers: {},
  body: "",
  phase: "waiting",
} as const

describe("RequestLog", () => {
  it("records only the first end of a request, with how long it took", () => {
    const log = new RequestLog(10)
    const entry = log.add(request)
    log.end(entry, "cut", 130, 200)
    log.end(entry, "responded", 160, 200)
    assert.deepStrictEqual(log.list(), [{ seq: 1, ...request, phase: "cut", ms: 30 }])
    assert.deepStrictEqual(log.timeline(), [])
  })

  it("notifies listeners of the request and of its end, until they stop", () => {
    const log = new RequestLog(10)
    const seen: Array<SandboxEvent["type"]> = []
    const stop = log.subscribe(({ type }) => seen.push(type))
    const entry = log.add(request)
    log.announce(entry)
    log.announce(entry)
    log.end(entry, "responded", 100, 200)
    stop()
    log.announce(log.add(request))
    assert.deepStrictEqual(seen, ["request", "response"])
  })

  it("makes what a listener throws an uncaught exception, and notifies the others", () => {
    const nextTick = vi.spyOn(process, "nextTick").mockImplementation(() => {})
    const log = new RequestLog(1)
    const seen: Array<string> = []
    log.subscribe(() => {
      throw new Error("the listener's own")
    })
    log.subscribe(({ type }) => void seen.push(type))
    log.emit({ type: "change", what: "clock" })
    const [rethrow] = nextTick.mock.calls[0] ?? []
    nextTick.mockRestore()
    assert.deepEqual(seen, ["change"])
    assert.throws(() => rethrow?.(), "the listener's own")
  })

  it("keeps the most that it may, and removes by identifier", () => {
    const log = new RequestLog(3)
    for (const identifier of ["id:1", "id:2", "id:3", "id:22", "id:5"])
      log.add({ ...request, identifier })
    assert.deepStrictEqual(
      log.list().map(({ seq }) => seq),
      [3, 4, 5],
    )
    assert.strictEqual(log.remove("id:2"), 1)
    assert.deepStrictEqual(
      log.list().map(({ seq }) => seq),
      [3, 5],
    )
    assert.strictEqual(log.remove(), 2)
    assert.deepStrictEqual(log.list(), [])
  })

  it("returns copies that later changes do not touch", () => {
    const log = new RequestLog(3)
    const entry = log.add(request)
    const [before] = log.list()
    log.end(entry, "responded", 200, 200)
    assert.strictEqual(before?.phase, "waiting")
  })
})
