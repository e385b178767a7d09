import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { Engine } from "../src/api/Engine.ts"
import { kinds } from "../src/api/Limiter.ts"
import type { SandboxOptions } from "../src/types.ts"
import { create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

/** Sends creates one after the other; shows each as `.` for a 200 and `x` for anything else. */
const burst = async (sandbox: Sandbox, count: number, token = "sandbox_ok") => {
  const seen: Array<number> = []
  for (let n = 0; n < count; n++) {
    const id = `id:${sandbox.requests().length}`
    seen.push((await create(sandbox, id, undefined, { token })).status)
  }
  return seen.map((status) => (status === 200 ? "." : "x")).join("")
}

describe("limits over HTTP", () => {
  it("W8: it responds to the eleventh request of a second with the documented 429 and its three headers", async () => {
    await using sandbox = await start()
    for (let n = 1; n <= 10; n++) {
      const { headers, status } = await create(sandbox, `id:${n}`)
      assert.deepStrictEqual(
        [status, headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]],
        [200, "10", String(10 - n)],
      )
    }
    const { headers, status, text } = await create(sandbox, "id:11")
    assert.deepStrictEqual([status, text], [429, '{"code":429,"message":"Too Many Requests"}'])
    assert.strictEqual(headers["retry-after"], "1")
    assert.strictEqual(headers["x-ratelimit-limit"], "10")
    assert.strictEqual(headers["x-ratelimit-remaining"], "0")
    assert.strictEqual(sandbox.contacts().length, 10)
  })

  it.each(kinds)("%s allows three of five, and all of three a window later", async (limiter) => {
    await using sandbox = await start({ limiter, limit: 3, windowMs: 10_000 })
    assert.strictEqual(await burst(sandbox, 5), "...xx")
    await sandbox.advance(10_000)
    assert.strictEqual(await burst(sandbox, 4), "...x")
  })

  it.each([
    ["fixed-window-aligned", "...x"],
    ["fixed-window-first-request", "xxxx"],
    ["sliding-log", "xxxx"],
    ["token-bucket", "..xx"],
    ["gcra", "..xx"],
  ] as const)(
    "%s responds with %s to a burst 8 s after one that was 4 s into a window",
    async (limiter, seen) => {
      await using sandbox = await start({ limiter, limit: 3, windowMs: 10_000 })
      await sandbox.advance(4000)
      assert.strictEqual(await burst(sandbox, 3), "...")
      await sandbox.advance(8000)
      assert.strictEqual(await burst(sandbox, 4), seen)
    },
  )

  it("counts every token separately, with its own limits if it has them", async () => {
    await using sandbox = await start({ limit: 2, extraTokens: { mine: { limit: 3 } } })
    assert.strictEqual(await burst(sandbox, 3), "..x")
    assert.strictEqual(await burst(sandbox, 4, "mine"), "...x")
    assert.strictEqual(await burst(sandbox, 2, "sandbox_limit_1"), ".x")
  })

  it("follows a limit that is changed while running", async () => {
    await using sandbox = await start({ limit: 2, windowMs: 1000 })
    assert.strictEqual(await burst(sandbox, 3), "..x")
    sandbox.configure({ limit: 4 })
    assert.strictEqual(await burst(sandbox, 3), "..x")
    sandbox.configure({ limiter: "token-bucket", limit: 1 })
    assert.strictEqual(await burst(sandbox, 2), ".x")
  })

  it.each([
    ["all", ["1", "1"]],
    ["on-429", [undefined, "1"]],
    ["none", [undefined, undefined]],
  ] as const)("sends X-RateLimit-Limit on %s: %j", async (rateLimitHeaders, expected) => {
    await using sandbox = await start({ limit: 1, rateLimitHeaders })
    const replies = [await create(sandbox, "id:1"), await create(sandbox, "id:2")]
    assert.deepStrictEqual(
      replies.map(({ headers }) => headers["x-ratelimit-limit"]),
      [...expected],
    )
    assert.strictEqual(replies[1]?.headers["retry-after"], "1")
  })
})

describe("reset", () => {
  it("removes everything except settings and clock", async () => {
    await using sandbox = await start({ limit: 1 })
    await burst(sandbox, 2)
    sandbox.fail("500")
    sandbox.reset()
    assert.deepStrictEqual([sandbox.contacts(), sandbox.requests(), sandbox.ledger()], [[], [], []])
    assert.strictEqual(await burst(sandbox, 2), ".x")
  })
})

const draw = async () => {
  await using sandbox = await start({ latencyMs: [20, 200], seed: 42 })
  for (const id of [1, 2, 3]) {
    const response = create(sandbox, `id:${id}`)
    await sandbox.waitFor(() => sandbox.contacts().length === id)
    await sandbox.advance(200)
    await response
  }
  return sandbox.timeline().map(({ ms }) => ms)
}

describe("latency", () => {
  it("waits a random latency before each response, the same ones for the same seed", async () => {
    const drawn = await draw()
    assert.isTrue(drawn.every((ms) => ms >= 20 && ms <= 200))
    assert.strictEqual(new Set(drawn).size, 3)
    assert.deepStrictEqual(await draw(), drawn)
  })
})

describe("receive", () => {
  it("creates the contact now and returns the delay, without waiting", () => {
    const engine = new Engine({ clock: () => 1000, latencyMs: 50 })
    const { delayMs, entry, response } = engine.receive({
      method: "POST",
      target: "/v1/contact/id:1",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      ambiguous: false,
      body: '{"firstName":"Ana"}',
    })
    assert.deepStrictEqual([delayMs, response.status, entry.phase], [50, 200, "waiting"])
    assert.strictEqual(engine.store.size, 1)
    engine.end(entry, "responded", 200)
    engine.end(entry, "gone")
    assert.strictEqual(entry.phase, "responded")
  })
})
