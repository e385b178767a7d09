import { assert, describe, it } from "@effect/vitest"
import { Duration, Redacted, Result } from "effect"

import type { ClientOptions } from "../src/call/ClientOptions.ts"
import {
  ConfigurationError,
  checkBaseUrl,
  checkToken,
  parse,
  parseCall,
  parseRun,
} from "../src/call/ClientOptions.ts"

const https = "begins with https:// (http:// is for loopback hosts alone)"
const user = "holds no user and no password"
const query = "holds no query and no fragment"
const url = "is a URL, with its scheme"

// security requirement 5: forty base URLs
const urls: ReadonlyArray<readonly [input: string, expected: string]> = [
  ["https://api.aelyst.ai/v1", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai/v1/", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai/v1///", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai", "https://api.aelyst.ai"],
  ["HTTPS://API.AELYST.AI/v1", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai:443/v1", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai:8443/v1", "https://api.aelyst.ai:8443/v1"],
  ["https://api.aelyst.ai/a/../v1", "https://api.aelyst.ai/v1"],
  ["https://192.0.2.7/v1", "https://192.0.2.7/v1"],
  ["https://[2001:db8::7]/v1", "https://[2001:db8::7]/v1"],
  ["http://localhost:8787/v1", "http://localhost:8787/v1"],
  ["http://LOCALHOST/v1", "http://localhost/v1"],
  ["http://localhost./v1", "http://localhost./v1"],
  ["http://127.0.0.1:8787", "http://127.0.0.1:8787"],
  ["http://127.0.0.1./v1", "http://127.0.0.1/v1"],
  ["http://127.255.0.9/v1", "http://127.255.0.9/v1"],
  ["http://127.1/v1", "http://127.0.0.1/v1"],
  ["http://2130706433/v1", "http://127.0.0.1/v1"],
  ["http://0x7f.0.0.1/v1", "http://127.0.0.1/v1"],
  ["http://0177.0.0.1/v1", "http://127.0.0.1/v1"],
  ["http://[::1]:8787/v1", "http://[::1]:8787/v1"],
  ["http://[0:0:0:0:0:0:0:1]/v1", "http://[::1]/v1"],
  ["http://api.aelyst.ai/v1", https],
  ["http://localhost.example.com/v1", https],
  ["http://127.0.0.1.example.com/v1", https],
  ["http://localhost..", https],
  ["http://0.0.0.0/v1", https],
  ["http://10.0.0.1/v1", https],
  ["http://169.254.169.254/v1", https],
  ["http://[::ffff:127.0.0.1]/v1", https],
  ["http://128.0.0.1/v1", https],
  ["ftp://api.aelyst.ai/v1", https],
  ["file:///etc/passwd", https],
  ["javascript:alert(1)", https],
  ["https://user@api.aelyst.ai/v1", user],
  ["https://user:secret@api.aelyst.ai/v1", user],
  ["https://api.aelyst.ai@evil.example/v1", user],
  ["https://api.aelyst.ai/v1?key=secret", query],
  ["https://api.aelyst.ai/v1?", query],
  ["https://api.aelyst.ai/v1#", query],
  ["https://api.aelyst.ai/v1#part", query],
  ["//api.aelyst.ai/v1", url],
  ["api.aelyst.ai/v1", url],
  ["", url],
  ["https://", url],
  ["https://api.aelyst.ai:99999/v1", url],
]

const failureOf = <A>(result: Result.Result<A, ConfigurationError>): ConfigurationError => {
  assert(Result.isFailure(result))
  return result.failure
}

describe("checkBaseUrl", () => {
  for (const [input, expected] of urls) {
    it(`answers ${JSON.stringify(input)} with: ${expected}`, () => {
      const result = checkBaseUrl(input)
      assert.strictEqual(
        Result.isSuccess(result) ? result.success.baseUrl : result.failure.message,
        Result.isSuccess(result) ? expected : `baseUrl ${expected}`,
      )
      if (Result.isSuccess(result)) {
        assert.isTrue(result.success.baseUrl.startsWith(result.success.origin))
      } else assert.notMatch(result.failure.message, /secret/)
    })
  }

  it("refuses what is no text", () => {
    for (const value of [undefined, null, 5, {}, new URL("https://api.aelyst.ai")]) {
      // safe: what a caller without types may pass
      assert.strictEqual(failureOf(checkBaseUrl(value as string)).option, "baseUrl")
    }
  })
})

describe("checkToken (W1)", () => {
  const good = "abcdefgh-0123_~."
  it("takes 8 to 4,096 visible ASCII characters, and cuts one line break at the end", () => {
    for (const token of [good, "x".repeat(8), "x".repeat(4_096), `${good}\n`, `${good}\r\n`]) {
      const result = checkToken(token)
      assert(Result.isSuccess(result))
      assert.strictEqual(Redacted.value(result.success), token.replace(/\r?\n$/, ""))
    }
  })

  const bad: ReadonlyArray<readonly [string, string]> = [
    ["too short", "abcdefg"],
    ["too long", "x".repeat(4_097)],
    ["empty", ""],
    ["two lines", `${good}\n${good}`],
    ["two line breaks at the end", `${good}\n\n`],
    ["a line break inside", `${good}\r\nX-Evil: 1`],
    ["a space at the end", `${good} `],
    ["a space inside", `Bearer ${good}`],
    ["a tab", `\t${good}`],
    ["NUL", `${good}\0`],
    ["DEL", `${good}\x7f`],
    ["Cyrillic", "аbcdefgh-0123"],
    ["an emoji", `${good}😀`],
    ["Latin-1", `${good}é`],
  ]
  for (const [what, token] of bad) {
    it(`refuses a token that is or has ${what}, without quoting it`, () => {
      const error = failureOf(checkToken(token))
      assert.strictEqual(error.option, "token")
      if (token.length > 4) assert.notInclude(error.message, token.slice(0, 5).trim())
    })
  }

  it("refuses what is no text", () => {
    for (const value of [undefined, null, 12_345_678, {}]) {
      // safe: what a caller without types may pass
      assert.strictEqual(failureOf(checkToken(value as string)).option, "token")
    }
  })

  it("shows nothing of a token that it took", () => {
    const result = checkToken(good)
    assert(Result.isSuccess(result))
    assert.notInclude(JSON.stringify(result.success) + String(result.success), good)
  })
})

describe("parse", () => {
  it("fills in the documented defaults", () => {
    const result = parse({})
    assert(Result.isSuccess(result))
    const { exists, ...rest } = result.success
    assert.isFunction(exists)
    assert.deepStrictEqual(rest, {
      baseUrl: "https://api.aelyst.ai/v1",
      origin: "https://api.aelyst.ai",
      delivery: "at-most-once",
      retries: 3,
      timeoutMs: 15_000,
      deadlineMs: undefined,
      maxWaitMs: undefined,
      doubtDelayMs: 5_000,
      settleMs: 0,
      maxQueue: 10_000,
      perSecond: undefined,
      scheduled: true,
      customFields: undefined,
      propagateTrace: false,
    })
  })

  const good: ReadonlyArray<ClientOptions> = [
    { delivery: "natural-key" },
    { retries: 0 },
    { retries: 100 },
    { timeout: 1 },
    { timeout: "2 seconds" },
    { timeout: Duration.infinity },
    { deadline: "1 hour" },
    { maxWait: 0 },
    { doubtDelay: "1 second" },
    { settle: 0 },
    { settle: "3 seconds" },
    { maxQueue: 1 },
    { maxQueue: 1_000_000 },
    { rateLimit: "adaptive" },
    { rateLimit: { perSecond: 0.5 } },
    { rateLimit: false },
    { exists: () => false },
    { propagateTrace: true },
    { baseUrl: undefined, retries: undefined, timeout: undefined, rateLimit: undefined },
  ]
  for (const options of good) {
    it(`takes ${JSON.stringify(options)}`, () => {
      assert.isTrue(Result.isSuccess(parse(options)))
    })
  }

  const bad: ReadonlyArray<readonly [string, unknown]> = [
    ["baseUrl", "http://api.aelyst.ai"],
    ["delivery", "exactly-once"],
    ["delivery", null],
    ["retries", -1],
    ["retries", 101],
    ["retries", 1.5],
    ["retries", Number.NaN],
    ["retries", "3"],
    ["timeout", 0],
    ["timeout", -5],
    ["timeout", "soon"],
    ["timeout", Number.NaN],
    ["timeout", null],
    ["deadline", 0],
    ["deadline", {}],
    ["maxWait", -1],
    ["doubtDelay", 999],
    ["doubtDelay", 0],
    ["settle", -1],
    ["maxQueue", 0],
    ["maxQueue", 1_000_001],
    ["maxQueue", "all"],
    ["rateLimit", "slow"],
    ["rateLimit", null],
    ["rateLimit", true],
    ["rateLimit", {}],
    ["rateLimit", { perSecond: 0 }],
    ["rateLimit", { perSecond: -1 }],
    ["rateLimit", { perSecond: Number.POSITIVE_INFINITY }],
    ["rateLimit", { perSecond: "10" }],
    ["rateLimit", 10],
    ["exists", "409"],
    ["propagateTrace", "yes"],
  ]
  for (const [option, value] of bad) {
    it(`refuses ${option} ${JSON.stringify(value)} by its name`, () => {
      // safe: what a caller without types may pass
      const error = failureOf(parse({ [option]: value } as ClientOptions))
      assert.strictEqual(error.option, option)
      assert.instanceOf(error, TypeError)
      assert.instanceOf(error, ConfigurationError)
      assert.strictEqual(error.code, "ERR_AELYST_CONFIG")
      assert.isTrue(error.message.startsWith(`${option} `))
    })
  }

  it("holds the options of one call to the same ranges", () => {
    assert.strictEqual(failureOf(parseCall({ retries: -1 })).option, "retries")
    assert.strictEqual(failureOf(parseCall({ deadline: 0 })).option, "deadline")
    assert.strictEqual(failureOf(parseCall({ settle: -1 })).option, "settle")
    assert.isTrue(Result.isSuccess(parseCall({})))
  })

  it("checks the options of a run", () => {
    assert.strictEqual(failureOf(parseRun({ concurrency: 0 })).option, "concurrency")
    assert.strictEqual(failureOf(parseRun({ concurrency: 2.5 })).option, "concurrency")
    assert.strictEqual(failureOf(parseRun({ maxErrors: 0 })).option, "maxErrors")
    assert.strictEqual(failureOf(parseRun({ giveUpAfter: 0 })).option, "giveUpAfter")
    const result = parseRun({})
    assert(Result.isSuccess(result))
    assert.deepStrictEqual(result.success, {
      concurrency: 32,
      maxErrors: Number.POSITIVE_INFINITY,
      giveUpMs: 900_000,
    })
  })
})
