import { assert, describe, it } from "@effect/vitest"

import { kinds } from "../src/api/Limiter.ts"
import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxOptions } from "../src/types.ts"
import { call, create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

const burst = async (sandbox: Sandbox, count: number, token = "sandbox_ok") => {
  const seen: Array<number> = []
  for (let n = 0; n < count; n++) {
    const id = `id:${sandbox.requests().length}`
    seen.push((await create(sandbox, id, undefined, { token })).status)
  }
  return seen.map((status) => (status === 200 ? "." : "x")).join("")
}

describe("limits over HTTP", () => {
  it.each(kinds)("%s lets three of five in and all of three a window later", async (limiter) => {
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
    "%s answers %s to a burst 8 s after one that was 4 s into a window",
    async (limiter, seen) => {
      await using sandbox = await start({ limiter, limit: 3, windowMs: 10_000 })
      await sandbox.advance(4000)
      assert.strictEqual(await burst(sandbox, 3), "...")
      await sandbox.advance(8000)
      assert.strictEqual(await burst(sandbox, 4), seen)
    },
  )

  it("counts every token on its own, with limits of its own where it has them", async () => {
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
    ["integer", "1"],
    ["fraction", "0.75"],
    ["date", "Thu, 01 Jan 2026 00:00:01 GMT"],
    ["none", undefined],
  ] as const)("writes Retry-After as %s: %s", async (retryAfter, expected) => {
    await using sandbox = await start({ limit: 1, retryAfter })
    await sandbox.advance(250)
    await create(sandbox, "id:1")
    const { headers } = await create(sandbox, "id:2")
    assert.strictEqual(headers["retry-after"], expected)
    assert.strictEqual(headers.date, "Thu, 01 Jan 2026 00:00:00 GMT")
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

describe("a contact that exists", () => {
  const exists = "Contact already exists."

  it.each([
    ["reject", 400, { code: 400, message: exists }],
    ["reject=403", 403, { code: 403, message: exists }],
    ["reject=409", 409, { code: 409, message: exists }],
    ["reject=object", 400, { code: 400, message: { error: exists } }],
  ] as const)(
    "is refused by %s with %d and a message that says so",
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

  it("is merged into by merge: one contact, given fields replaced, the others kept", async () => {
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

  it("is doubled by duplicate", async () => {
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

const draw = async () => {
  await using sandbox = await start({ latencyMs: [20, 200], seed: 42 })
  for (const id of [1, 2, 3]) {
    const reply = create(sandbox, `id:${id}`)
    await sandbox.waitFor(() => sandbox.contacts().length === id)
    await sandbox.advance(200)
    await reply
  }
  return sandbox.timeline().map(({ ms }) => ms)
}

describe("time", () => {
  it("W10: a contact is processing for the given time and then ready", async () => {
    await using sandbox = await start({ processingDelayMs: 2000 })
    await create(sandbox, "id:1")
    assert.strictEqual(sandbox.contacts()[0]?.state, "processing")
    await sandbox.advance(1999)
    assert.strictEqual(sandbox.contacts()[0]?.state, "processing")
    await sandbox.advance(1)
    assert.strictEqual(sandbox.contacts()[0]?.state, "ready")
  })

  it("waits the latency, drawn anew for each answer, the same ones for the same seed", async () => {
    const drawn = await draw()
    assert.isTrue(drawn.every((ms) => ms >= 20 && ms <= 200))
    assert.strictEqual(new Set(drawn).size, 3)
    assert.deepStrictEqual(await draw(), drawn)
  })

  it("runs on the caller's clock", async () => {
    let now = 1000
    await using sandbox = await Sandbox.start({ clock: () => now, limit: 1, windowMs: 1000 })
    assert.strictEqual(await burst(sandbox, 2), ".x")
    now = 2000
    assert.strictEqual(await burst(sandbox, 1), ".")
    assert.deepStrictEqual(
      sandbox.requests().map(({ at }) => at),
      [1000, 1000, 2000],
    )
  })

  it("refuses to advance a clock that is not virtual", async () => {
    await using sandbox = await Sandbox.start()
    const refused = await sandbox.advance(1).catch((error: unknown) => error)
    assert.instanceOf(refused, TypeError)
  })
})

describe("what is remembered", () => {
  it("tells requests, ledger and timeline apart by what was answered", async () => {
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
    await burst(sandbox, 1)
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

  it("answers 507 beyond the most contacts and keeps those it has", async () => {
    await using sandbox = await start({ maxContacts: 1 })
    await create(sandbox, "id:1")
    assert.strictEqual((await create(sandbox, "id:2")).status, 507)
    assert.strictEqual(sandbox.contacts().length, 1)
  })

  it("forgets everything but settings and clock on reset", async () => {
    await using sandbox = await start({ limit: 1 })
    await burst(sandbox, 2)
    sandbox.fail("500")
    sandbox.reset()
    assert.deepStrictEqual([sandbox.contacts(), sandbox.requests(), sandbox.ledger()], [[], [], []])
    assert.strictEqual(await burst(sandbox, 2), ".x")
  })

  it("does not let a body touch the prototype of objects", async () => {
    await using sandbox = await start()
    const body = '{"firstName":"Ana","__proto__":{"polluted":true},"constructor":{"a":1}}'
    assert.strictEqual((await create(sandbox, "id:1", body)).status, 200)
    assert.notProperty(sandbox.contacts()[0], "polluted")
    assert.notProperty({}, "polluted")
    assert.notInclude(JSON.stringify(sandbox.contacts()), "polluted")
  })

  it("waits for what is to come and rejects when it does not", async () => {
    await using sandbox = await start()
    const arrived = sandbox.waitFor(() => sandbox.contacts("ana")[0])
    await create(sandbox, "email:ana@example.com")
    assert.strictEqual((await arrived).firstName, "Ana")
    const late = await sandbox
      .waitFor(() => false, { timeoutMs: 1 })
      .catch((error: unknown) => error)
    assert.instanceOf(late, Error)
  })
})

describe("options that make no sense", () => {
  it.each<[string, SandboxOptions]>([
    ["a limit that is no whole number", { limit: 1.5 }],
    ["a window of 0", { windowMs: 0 }],
    ["a name that is no option", JSON.parse('{"windowms":1000}')],
    ["no requests to remember", { maxRequests: 0 }],
    ["a port that is none", { port: 65_536 }],
    ["a field of an unknown type", { fields: { A: { type: "list", options: [] } } }],
    ["an unknown preset", { faults: ["teapot"] }],
    ["a limit of a token", { extraTokens: { mine: { limit: -1 } } }],
  ])("reject with a coded TypeError: %s", async (_, options) => {
    const error = await Sandbox.start(options).catch((thrown: unknown) => thrown)
    assert.instanceOf(error, TypeError)
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
  })
})

describe("two sandboxes", () => {
  it("know nothing of each other", async () => {
    await using one = await start()
    await using two = await start()
    await create(one, "id:1")
    assert.strictEqual(two.contacts().length, 0)
    assert.strictEqual((await call(`${two.origin}/_sandbox/health`, { method: "GET" })).status, 200)
  })
})
