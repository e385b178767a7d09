import { assert, describe, it } from "@effect/vitest"
import { Duration, Result } from "effect"

import type { ClientOptions } from "../src/call/ClientOptions.ts"
import {
  ConfigurationError,
  defaultDeadlineMs,
  defaultMaxWaitMs,
  makeDialect,
  parse,
  parseCall,
  parseRun,
} from "../src/call/ClientOptions.ts"
import * as CustomField from "../src/contact/CustomField.ts"

const failureOf = <A>(result: Result.Result<A, ConfigurationError>): ConfigurationError => {
  assert(Result.isFailure(result))
  return result.failure
}

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
      encodePlus: false,
      fill: true,
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
    { deadline: 2 ** 31 - 1 },
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
    { customFields: CustomField.define({ Age: "number" }) },
    { propagateTrace: true },
    { baseUrl: undefined, retries: undefined, timeout: undefined, rateLimit: undefined },
  ]
  for (const options of good) {
    it(`takes ${JSON.stringify(options)}`, () => {
      assert.isTrue(Result.isSuccess(parse(options)))
    })
  }

  const bad: ReadonlyArray<readonly [option: string, value: unknown, rule: string]> = [
    [
      "baseUrl",
      "http://api.aelyst.ai",
      "must begin with https:// (http:// only for loopback hosts)",
    ],
    ["baseUrl", 5, "must be a URL, such as https://api.aelyst.ai/v1"],
    [
      "delivery",
      "exactly-once",
      'must be "at-most-once" or "natural-key" (got a string of 12 characters)',
    ],
    ["delivery", null, 'must be "at-most-once" or "natural-key" (got null)'],
    ["retries", -1, "must be an integer between 0 and 100 (got -1)"],
    ["retries", 101, "must be an integer between 0 and 100 (got 101)"],
    ["retries", 1.5, "must be an integer between 0 and 100 (got 1.5)"],
    ["retries", Number.NaN, "must be an integer between 0 and 100 (got NaN)"],
    ["retries", "3", 'must be an integer between 0 and 100 (got "3")'],
    ["timeout", 0, "must be a duration between 1 ms and 2147483647 ms (got 0)"],
    ["timeout", -5, "must be a duration between 1 ms and 2147483647 ms (got -5)"],
    ["timeout", "soon", 'must be a duration between 1 ms and 2147483647 ms (got "soon")'],
    ["timeout", "30 days", "must be a duration between 1 ms and 2147483647 ms (got 2592000000)"],
    ["timeout", Number.NaN, "must be a duration between 1 ms and 2147483647 ms (got NaN)"],
    ["timeout", null, "must be a duration between 1 ms and 2147483647 ms (got null)"],
    ["deadline", 0, "must be a duration between 1 ms and 2147483647 ms (got 0)"],
    ["deadline", {}, ""],
    ["maxWait", -1, "must be a duration between 0 ms and 2147483647 ms (got -1)"],
    ["maxWait", Number.NaN, "must be a duration between 0 ms and 2147483647 ms (got NaN)"],
    ["doubtDelay", 999, "must be a duration between 1000 ms and 2147483647 ms (got 999)"],
    ["doubtDelay", 0, "must be a duration between 1000 ms and 2147483647 ms (got 0)"],
    [
      "doubtDelay",
      Duration.infinity,
      "must be a duration between 1000 ms and 2147483647 ms (got Infinity)",
    ],
    ["settle", -1, "must be a duration between 0 ms and 2147483647 ms (got -1)"],
    ["maxQueue", 0, "must be an integer between 1 and 1000000 (got 0)"],
    ["maxQueue", 1_000_001, "must be an integer between 1 and 1000000 (got 1000001)"],
    ["maxQueue", "all", 'must be an integer between 1 and 1000000 (got "all")'],
    [
      "rateLimit",
      "slow",
      'must be "adaptive", false, or { perSecond } with a number above 0 (got "slow")',
    ],
    [
      "rateLimit",
      null,
      'must be "adaptive", false, or { perSecond } with a number above 0 (got null)',
    ],
    [
      "rateLimit",
      true,
      'must be "adaptive", false, or { perSecond } with a number above 0 (got true)',
    ],
    [
      "rateLimit",
      {},
      'must be "adaptive", false, or { perSecond } with a number above 0 (got an object)',
    ],
    ["rateLimit", { perSecond: 0 }, ""],
    ["rateLimit", { perSecond: -1 }, ""],
    ["rateLimit", { perSecond: Number.POSITIVE_INFINITY }, ""],
    ["rateLimit", { perSecond: "10" }, ""],
    ["rateLimit", 10, 'must be "adaptive", false, or { perSecond } with a number above 0 (got 10)'],
    ["exists", "409", 'must be a function (got "409")'],
    ["customFields", { Age: "number" }, "must be made by `define` (got an object)"],
    ["propagateTrace", "yes", 'must be true or false (got "yes")'],
  ]
  for (const [option, value, rule] of bad) {
    it(`refuses ${option} ${JSON.stringify(value)} by its name`, () => {
      // safe: what a caller without types may pass
      const error = failureOf(parse({ [option]: value } as ClientOptions))
      assert.strictEqual(error.option, option)
      assert.instanceOf(error, ConfigurationError)
      if (rule === "") assert.isTrue(error.message.startsWith(`\`${option}\` must be `))
      else assert.strictEqual(error.message, `\`${option}\` ${rule}`)
    })
  }

  const unknown: ReadonlyArray<readonly [name: string, option: string, says: string]> = [
    ["timeoutMs", "timeoutMs", "`timeoutMs` is not an option; did you mean `timeout`?"],
    ["retires", "retires", "`retires` is not an option; did you mean `retries`?"],
    ["baseURL", "baseURL", "`baseURL` is not an option; did you mean `baseUrl`?"],
    ["agent", "agent", "`agent` is not an option; options: token, baseUrl, timeout"],
    ["concurrency", "concurrency", "`concurrency` is not an option; options: token"],
    ["ana@example.com", "options", "`options` is not an option; options: token"],
  ]
  for (const [name, option, says] of unknown) {
    it(`refuses the unknown name ${name} and helps`, () => {
      // safe: what a caller without types may pass
      const error = failureOf(parse({ [name]: 1 } as ClientOptions))
      assert.strictEqual(error.option, option)
      assert.isTrue(error.message.startsWith(says), error.message)
    })
  }
})

describe("parseCall", () => {
  it("checks the options of one call against the same ranges", () => {
    assert.strictEqual(failureOf(parseCall({ retries: -1 })).option, "retries")
    assert.strictEqual(failureOf(parseCall({ deadline: 0 })).option, "deadline")
    assert.strictEqual(failureOf(parseCall({ settle: -1 })).option, "settle")
    assert.strictEqual(failureOf(parseCall({ headers: { host: "x" } })).option, "headers")
    // safe: what a caller without types may pass
    const wrong = failureOf(parseCall({ existing: "maybe" } as object))
    assert.strictEqual(wrong.message, '`existing` must be "error" or "accept" (got "maybe")')
  })

  it("leaves undefined what is not set", () => {
    const result = parseCall({})
    assert(Result.isSuccess(result))
    assert.deepStrictEqual(Object.values(result.success), Array.from({ length: 9 }))
  })

  it("refuses an option that only a client has", () => {
    // safe: what a caller without types may pass
    assert.strictEqual(failureOf(parseCall({ maxQueue: 5 } as object)).option, "maxQueue")
    assert.match(
      // safe: what a caller without types may pass
      failureOf(parseCall({ maxWaitMs: 5 } as object)).message,
      /did you mean `maxWait`\?$/,
    )
  })

  it("reads options that are inherited", () => {
    const result = parseCall(Object.create({ retries: 7 }))
    assert.strictEqual(Result.getOrThrow(result).retries, 7)
  })

  it("refuses options that are not an object", () => {
    const given: ReadonlyArray<unknown> = [null, 5]
    for (const options of given) {
      // safe: what a caller without types may pass
      const error = failureOf(parseCall(options as object))
      assert.match(error.message, /^`options` must be an object \(got /)
    }
  })
})

describe("parseRun", () => {
  it("checks the options of a run", () => {
    assert.strictEqual(failureOf(parseRun({ concurrency: 0 })).option, "concurrency")
    assert.strictEqual(failureOf(parseRun({ concurrency: 2.5 })).option, "concurrency")
    assert.strictEqual(failureOf(parseRun({ maxErrors: 0 })).option, "maxErrors")
    assert.strictEqual(failureOf(parseRun({ giveUpAfter: 0 })).option, "giveUpAfter")
    assert.strictEqual(failureOf(parseRun({ retries: 101 })).option, "retries")
  })

  it("fills in the defaults that only a run has", () => {
    assert.deepStrictEqual(Result.getOrThrow(parseRun({ deadline: "1 hour" })), {
      retries: undefined,
      timeoutMs: undefined,
      deadlineMs: 3_600_000,
      maxWaitMs: undefined,
      delivery: undefined,
      settleMs: undefined,
      existing: undefined,
      doubt: undefined,
      headers: undefined,
      concurrency: 32,
      ordered: false,
      maxErrors: Number.POSITIVE_INFINITY,
      giveUpMs: 900_000,
    })
  })
})

describe("a dialect in milliseconds", () => {
  const dialect = makeDialect({ milliseconds: true })

  it("reads milliseconds under names that end in Ms", () => {
    const config = Result.getOrThrow(parse({ timeoutMs: 1, settleMs: 2_000 }, dialect))
    assert.strictEqual(config.timeoutMs, 1)
    assert.strictEqual(config.settleMs, 2_000)
  })

  it("names options as they are written in its messages", () => {
    assert.strictEqual(
      failureOf(parseCall({ timeoutMs: "15 seconds" }, dialect)).message,
      "`timeoutMs` must be a number of milliseconds between 1 and 2147483647 (got a string of 10 characters)",
    )
    assert.match(
      failureOf(parseRun({ timeout: 5 }, dialect)).message,
      /^`timeout` is not an option; did you mean `timeoutMs`\?$/,
    )
  })

  it("has a longest time that bounds infinity", () => {
    for (const timeoutMs of [2 ** 31, Number.POSITIVE_INFINITY]) {
      assert.strictEqual(failureOf(parse({ timeoutMs }, dialect)).option, "timeoutMs")
    }
  })
})

describe("the defaults that depend on the call", () => {
  it("allows natural-key more time, and a run longer waits", () => {
    assert.strictEqual(defaultDeadlineMs("at-most-once"), 60_000)
    assert.strictEqual(defaultDeadlineMs("natural-key"), 120_000)
    assert.strictEqual(defaultMaxWaitMs(false), 60_000)
    assert.strictEqual(defaultMaxWaitMs(true), 900_000)
  })
})
