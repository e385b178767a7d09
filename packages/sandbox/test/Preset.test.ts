import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import * as Preset from "../src/api/Preset.ts"
import { presets } from "../src/api/Preset.ts"
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

describe("a magic identifier", () => {
  it("with a count gets its 429 that often and is then created", async () => {
    await using sandbox = await start()
    const magic = "email:429-7s-x3@sandbox.test"
    const rateLimited = await create(sandbox, magic)
    assert.strictEqual(rateLimited.headers["retry-after"], "7")
    assert.strictEqual(rateLimited.headers["x-ratelimit-limit"], "1000")
    assert.strictEqual(rateLimited.headers["x-ratelimit-remaining"], "0")
    assert.deepStrictEqual(await statuses(sandbox, [magic, magic, magic]), [429, 429, 200])
    assert.deepInclude(sandbox.ledger()[0], { posts: 4, created: 1, statuses: { 429: 3, 200: 1 } })
  })

  it("for a 429 without headers gets none of the three", async () => {
    await using sandbox = await start()
    const { headers, status } = await create(sandbox, "email:no-headers-429@sandbox.test")
    assert.strictEqual(status, 429)
    assert.notProperty(headers, "retry-after")
    assert.notProperty(headers, "x-ratelimit-limit")
    assert.notProperty(headers, "x-ratelimit-remaining")
  })

  it("with an unknown preset is an ordinary contact", async () => {
    await using sandbox = await start()
    assert.deepStrictEqual(
      await statuses(sandbox, ["email:ana@sandbox.test", "email:429-oops@sandbox.test"]),
      [200, 200],
    )
  })
})

describe("the X-Sandbox header", () => {
  it("hits as often as it says, per identifier", async () => {
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
    "%s gets a 400 whose issue says why",
    async (header) => {
      await using sandbox = await start()
      assert.deepStrictEqual(await statuses(sandbox, ["id:1"], { "x-sandbox": header }), [400])
      assert.strictEqual(sandbox.requests()[0]?.issues?.[0]?.code, "FAULT_INVALID")
    },
  )
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

describe("parse", () => {
  it.each<[string, FaultSpec]>([
    ["429", { status: 429 }],
    ["429-7s-x3", { status: 429, retryAfter: 7, times: 3 }],
    ["503-250ms", { status: 503, retryAfter: 0.25 }],
    ["500-2m-after", { status: 500, delayMs: 120_000, commit: true }],
    ["drop-before", { delivery: "drop", commit: false }],
    ["stall-body", { delivery: "stall-body" }],
    ["trickle-250ms", { delivery: "trickle", intervalMs: 250 }],
    ["slow-3s-x1", { delayMs: 3000, times: 1 }],
  ])("reads %s as %j", (text, expected) => {
    assert.deepStrictEqual(Preset.parse(text), { ...expected, preset: text })
  })

  it.each(["", "teapot", "99", "600", "429-often", "drop-7", "x3", "429-x"])(
    "returns nothing for %j",
    (text) => {
      assert.isUndefined(Preset.parse(text))
    },
  )
})

describe("fromIdentifier", () => {
  it("reads only emails of sandbox.test, in any case", () => {
    assert.deepInclude(Preset.fromIdentifier("email:DROP@Sandbox.Test"), { delivery: "drop" })
    assert.isUndefined(Preset.fromIdentifier("id:drop@sandbox.test"))
    assert.isUndefined(Preset.fromIdentifier("email:drop@example.com"))
  })
})

describe("fromHeader", () => {
  it("reads all its members, in any order", () => {
    assert.deepStrictEqual(
      Preset.fromHeader(
        "times=2; respond=429; retry-after=7; delay=250; probability=0.5; location=/x;",
      ),
      {
        status: 429,
        preset: "429",
        times: 2,
        retryAfter: "7",
        delayMs: 250,
        probability: 0.5,
        location: "/x",
      },
    )
    assert.deepInclude(Preset.fromHeader("respond=429; retry-after=none"), { retryAfter: null })
  })

  it.each([
    ["respond=teapot", 'X-Sandbox: unknown preset "teapot"'],
    ["respond=429; times=-1", "X-Sandbox: `times` must be a number, 0 or more"],
    ["nonsense", "X-Sandbox: expected only respond, retry-after, times"],
  ])("throws for %s: %s", (header, message) => {
    assert.throws(() => Preset.fromHeader(header), message)
  })
})
