import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import * as Config from "../src/api/Config.ts"
import type { SandboxOptions } from "../src/types.ts"

const message = (run: () => unknown): string => {
  try {
    run()
    return assert.fail("it was accepted")
  } catch (error) {
    assert.isTrue(Config.isConfigError(error))
    return error instanceof Error ? error.message : ""
  }
}

describe("invalid options", () => {
  it.each<[string, SandboxOptions]>([
    ["a limit that is not an integer", { limit: 1.5 }],
    ["a window of 0", { windowMs: 0 }],
    ["an unknown name", JSON.parse('{"windowms":1000}')],
    ["no requests to remember", { maxRequests: 0 }],
    ["an invalid port", { port: 65_536 }],
    ["a field of an unknown type", { fields: { A: { type: "list", options: [] } } }],
    ["an unknown preset", { faults: ["teapot"] }],
    ["an invalid limit of a token", { extraTokens: { mine: { limit: -1 } } }],
  ])("reject with a TypeError and its code: %s", async (_, options) => {
    const error = await Sandbox.start(options).catch((thrown: unknown) => thrown)
    assert.instanceOf(error, TypeError)
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
  })
})

describe("messages", () => {
  it.each<[SandboxOptions, string]>([
    [{ limit: -1 }, "`limit` must be an integer between 0 and 1,000,000,000 (got -1)"],
    [{ limit: 1.5 }, "`limit` must be an integer between 0 and 1,000,000,000 (got 1.5)"],
    [
      { windowMs: 0 },
      "`windowMs` must be a number of milliseconds between 1 and 86,400,000 (got 0)",
    ],
    [
      JSON.parse('{"existing":"replace"}'),
      '`existing` must be reject, reject=403, reject=409, reject=object, merge or duplicate (got "replace")',
    ],
    [
      { latencyMs: [1, -1] },
      "`latencyMs` must be a number of milliseconds between 0 and 86,400,000, or two of them as a range, the smaller one first (got an array)",
    ],
    [
      { latencyMs: [5, 1] },
      "`latencyMs` must be a number of milliseconds between 0 and 86,400,000, or two of them as a range, the smaller one first (got an array)",
    ],
    [JSON.parse('{"fields":null}'), "`fields` must be an object (got null)"],
    [JSON.parse('{"extraTokens":5}'), "`extraTokens` must be an object (got 5)"],
    [JSON.parse("5"), "expected an object of options (got 5)"],
    [JSON.parse("null"), "expected an object of options (got null)"],
    [{ port: 65_536 }, "`port` must be an integer between 0 and 65,535 (got 65536)"],
    [
      JSON.parse('{"maxConnections":"many"}'),
      "`maxConnections` must be an integer between 1 and 1,000,000 (got a string)",
    ],
  ])("for the options %j: %s", (options, expected) => {
    assert.strictEqual(
      message(() => Config.readOptions(options)),
      expected,
    )
  })

  it("lists the options for an unknown name", () => {
    assert.match(
      message(() => Config.readOptions(JSON.parse('{"windowms":1000}'))),
      /^unknown option `windowms`: expected limit, windowMs, .* or requestTimeoutMs$/,
    )
    assert.match(
      message(() => Config.readSettings({ port: 1 })),
      /^unknown option `port`: expected limit, .* or retryAfter$/,
    )
  })

  it.each<[unknown, string]>([
    [{ status: 99 }, "`status` must be an integer between 200 and 599 (got 99)"],
    [{ probability: 2 }, "`probability` must be a number between 0 and 1 (got 2)"],
    [{ gzip: "yes" }, "`gzip` must be true or false (got a string)"],
    [
      { delivery: "fast" },
      '`delivery` must be drop, fin, stall, stall-body, truncate-length, truncate-chunked, truncate-close, garbage or trickle (got "fast")',
    ],
    [
      { match: { identifier: 1 } },
      "`match` must be an object with `identifier` or `token`, both text (got an object)",
    ],
    [
      { headers: { "x-a": "1\r\nx-b: 2" } },
      "`headers` must be an object of header names with printable latin1 text as values (got an object)",
    ],
    [{ location: "ana@example.com\n" }, "`location` must be printable latin1 text (got a string)"],
    [null, "expected an object of fault options (got null)"],
    [[], "expected an object of fault options (got an array)"],
  ])("for the fault %j: %s", (fault, expected) => {
    assert.strictEqual(
      message(() => Config.readFault(fault)),
      expected,
    )
  })

  it("never contain text that could be personal data", () => {
    for (const fault of [
      { match: { identifier: 1, token: "secret" } },
      { headers: { "x-a": "secret\n" } },
      { body: "secret", status: "secret" },
    ])
      assert.notInclude(
        message(() => Config.readFault(fault)),
        "secret",
      )
  })
})

describe("readSettings", () => {
  it("ignores members that are undefined", () => {
    assert.deepStrictEqual(Config.readSettings({ limit: 5, lagMs: undefined }), { limit: 5 })
  })
})
