import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { presets } from "../src/api/Preset.ts"
import { Sandbox } from "../src/Sandbox.ts"
import { tokens } from "../src/api/Tokens.ts"
import type { FaultSpec } from "../src/types.ts"
import { create } from "./client.ts"

const start = () => Sandbox.start({ clock: "virtual", limit: 1000 })

const statuses = async (
  sandbox: Sandbox,
  identifiers: ReadonlyArray<string>,
  headers: Record<string, string> = {},
) => {
  const seen: Array<number> = []
  for (const identifier of identifiers) {
    seen.push((await create(sandbox, identifier, { firstName: "Ana" }, { headers })).status)
  }
  return seen
}

describe("four ways to a fault", () => {
  it.each([
    ["sandbox_401", [401, 401, 401]],
    ["sandbox_limit_1", [200, 429, 429]],
    ["sandbox_flaky", [200, 200, 500]],
  ])("the token %s gets %j", async (token, expected) => {
    await using sandbox = await start()
    const seen: Array<number> = []
    for (const id of [1, 2, 3])
      seen.push((await create(sandbox, `id:${id}`, undefined, { token })).status)
    assert.deepStrictEqual(seen, expected)
  })

  it("the token sandbox_slow is answered two seconds later", async () => {
    await using sandbox = await start()
    const reply = create(sandbox, "id:1", undefined, { token: "sandbox_slow" })
    await sandbox.waitFor(() => sandbox.contacts().length === 1)
    await sandbox.advance(2000)
    assert.strictEqual((await reply).status, 200)
    assert.strictEqual(sandbox.requests()[0]?.ms, 2000)
  })

  it("a magic identifier with a count is refused that often and then created", async () => {
    await using sandbox = await start()
    const magic = "email:429-7s-x3@sandbox.test"
    const refused = await create(sandbox, magic)
    assert.strictEqual(refused.headers["retry-after"], "7")
    assert.strictEqual(refused.headers["x-ratelimit-limit"], "1000")
    assert.strictEqual(refused.headers["x-ratelimit-remaining"], "0")
    assert.deepStrictEqual(await statuses(sandbox, [magic, magic, magic]), [429, 429, 200])
    assert.deepInclude(sandbox.ledger()[0], { posts: 4, created: 1, statuses: { 429: 3, 200: 1 } })
  })

  it("the magic 429 without headers has none of the three", async () => {
    await using sandbox = await start()
    const { headers, status } = await create(sandbox, "email:no-headers-429@sandbox.test")
    assert.strictEqual(status, 429)
    assert.notProperty(headers, "retry-after")
    assert.notProperty(headers, "x-ratelimit-limit")
    assert.notProperty(headers, "x-ratelimit-remaining")
  })

  it("a magic identifier that says nothing known is an ordinary contact", async () => {
    await using sandbox = await start()
    assert.deepStrictEqual(
      await statuses(sandbox, ["email:ana@sandbox.test", "email:429-oops@sandbox.test"]),
      [200, 200],
    )
  })

  it("the X-Sandbox header refuses as often as it says, per identifier", async () => {
    await using sandbox = await start()
    const headers = { "x-sandbox": "respond=429; retry-after=7; times=2" }
    assert.deepStrictEqual(
      await statuses(sandbox, ["id:1", "id:1", "id:1"], headers),
      [429, 429, 200],
    )
    assert.strictEqual(sandbox.requests()[0]?.retryAfter, "7")
    assert.deepStrictEqual(await statuses(sandbox, ["id:2"], headers), [429])
  })

  it.each(["respond=teapot", "nonsense", "respond=429; times=often"])(
    "the X-Sandbox header %s is a 400 whose issue says why",
    async (header) => {
      await using sandbox = await start()
      assert.deepStrictEqual(await statuses(sandbox, ["id:1"], { "x-sandbox": header }), [400])
      assert.strictEqual(sandbox.requests()[0]?.issues?.[0]?.code, "FAULT_INVALID")
    },
  )

  it("a fault from code hits its number of requests and is listed with what is left", async () => {
    await using sandbox = await start()
    const { id } = sandbox.fail({ status: 500, times: 2 })
    assert.deepStrictEqual(await statuses(sandbox, ["id:1"]), [500])
    assert.deepInclude(sandbox.faults()[0], { id, name: "500", hits: 1, left: 1 })
    assert.deepStrictEqual(await statuses(sandbox, ["id:1", "id:1"]), [500, 200])
  })
})

describe("the README", () => {
  it("names every preset and every token", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    const missing = [...Object.keys(presets), ...Object.values(tokens)].filter(
      (name) => !readme.includes(`\`${name}\``) && !readme.includes(`\`${name}-`),
    )
    assert.deepStrictEqual(missing, [])
  })
})

describe("matching", () => {
  it("hits the identifier, the beginning or the token that it names and nobody else", async () => {
    await using sandbox = await start()
    sandbox.fail({ status: 400, match: { identifier: "id:1" } })
    sandbox.fail({ status: 500, match: { identifier: "email:b*" } })
    sandbox.fail({ status: 503, match: { token: "sandbox_slow" } })
    assert.deepStrictEqual(
      await statuses(sandbox, ["id:1", "id:10", "email:bo@example.com", "email:ana@example.com"]),
      [400, 200, 500, 200],
    )
  })

  it("matches an email whatever the case of its domain", async () => {
    await using sandbox = await start()
    sandbox.fail({ status: 500, match: { identifier: "email:ana@example.com" } })
    assert.deepStrictEqual(await statuses(sandbox, ["email:ana@EXAMPLE.com"]), [500])
  })

  it("is gone after heal and after reset, but for the faults from the start", async () => {
    await using sandbox = await Sandbox.start({ faults: ["500-x1"] })
    const { id } = sandbox.fail("400")
    assert.isTrue(sandbox.heal(id))
    assert.isFalse(sandbox.heal(id))
    assert.deepStrictEqual(await statuses(sandbox, ["id:1", "id:2"]), [500, 200])
    sandbox.fail("400")
    sandbox.reset()
    assert.deepStrictEqual(await statuses(sandbox, ["id:1", "id:2"]), [500, 200])
  })
})

const hits = async (fault: FaultSpec) => {
  const sandbox = Sandbox.inProcess({ limit: 100_000, existing: "duplicate" })
  sandbox.fail(fault)
  let pattern = ""
  for (let n = 0; n < 400; n++) {
    const { status } = await sandbox.fetch(`${sandbox.baseUrl}/contact/id:1`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Ana"}',
    })
    pattern += status === 500 ? "x" : "."
  }
  return pattern
}

describe("probability", () => {
  it("hits about its share of the requests, the same ones for the same seed", async () => {
    const first = await hits({ status: 500, probability: 0.25, seed: 7 })
    assert.strictEqual(await hits({ status: 500, probability: 0.25, seed: 7 }), first)
    assert.notStrictEqual(await hits({ status: 500, probability: 0.25, seed: 8 }), first)
    const count = first.replaceAll(".", "").length
    assert.isTrue(count > 70 && count < 130, `${count} of 400`)
  })
})

describe("a fault that makes no sense", () => {
  it.each<[string, unknown]>([
    ["an unknown preset", "teapot"],
    ["a modifier that it does not know", "429-often"],
    ["a status that is none", { status: 99 }],
    ["a header that would break the head", { status: 400, headers: { "x-a": "1\r\nx-b: 2" } }],
    ["a probability above 1", { status: 500, probability: 2 }],
    ["an unknown member", { statsu: 500 }],
  ])("is refused for %s with a coded TypeError", async (_, fault) => {
    const sandbox = Sandbox.inProcess()
    try {
      // safe: what is passed is wrong on purpose
      sandbox.fail(fault as FaultSpec)
      assert.fail("it was taken")
    } catch (error) {
      assert.instanceOf(error, TypeError)
      assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    }
  })
})
