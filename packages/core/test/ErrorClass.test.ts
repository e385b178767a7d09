import { assert, describe, it } from "@effect/vitest"
import { Cause, Redacted } from "effect"
import { inspect } from "node:util"

import { AelystErrorTypeId, define, docsUrl, tagOf, withCause } from "../src/errors/ErrorClass.ts"

class Sample extends define<{ readonly size: number; readonly name2?: string }>()({
  tag: "SampleError",
  outcomes: ["rejected"],
  meaning: ({ size }) => `It has size ${size}.`,
  fix: ({ retryAfterMs }) => `Wait ${retryAfterMs ?? "a little"}.`,
  isRetryable: ({ size }) => size > 1,
  fixed: { status: 418 },
  happened: () => "It happened",
}) {}

const json = (error: Sample): unknown => JSON.parse(JSON.stringify(error))

class Plain extends define<object>()({
  tag: "PlainError",
  outcomes: ["not_sent", "unknown"],
  meaning: "Nothing was sent.",
  happened: () => "It happened",
}) {}

describe("define", () => {
  it("makes the message of its four sentences", () => {
    const error = new Sample({ attempts: [], size: 2, retryAfterMs: 5 })
    assert.strictEqual(
      error.message,
      `It happened. It has size 2. Wait 5. ${docsUrl("SampleError")}`,
    )
    assert.strictEqual(
      new Plain({ attempts: [] }).message,
      `It happened. Nothing was sent. ${docsUrl("PlainError")}`,
    )
    assert.strictEqual(new Plain({ attempts: [], message: "Mine" }).message, "Mine")
  })

  it("gives fields, tag, brand, the only outcome, and what is the same for all", () => {
    const error = new Sample({ attempts: [], size: 1 })
    assert.include({ ...error }, { size: 1, _tag: "SampleError" })
    assert.strictEqual(error.name, "SampleError")
    assert.strictEqual(error.outcome, "rejected")
    assert.strictEqual(error.status, 418)
    assert.strictEqual(tagOf(error), "SampleError")
    assert.isFalse(error.isRetryable)
    assert.isTrue(new Sample({ attempts: [], size: 2 }).isRetryable)
    assert.isFalse(new Plain({ attempts: [] }).isRetryable)
  })

  it("sets no outcome for a class that has several", () => {
    assert.isUndefined(Reflect.get(new Plain({ attempts: [] }), "outcome"))
  })

  it("knows its instances by brand alone", () => {
    assert.isTrue(new Sample({ attempts: [], size: 1 }) instanceof Sample)
    assert.isTrue({ [AelystErrorTypeId]: "SampleError" } instanceof Sample)
    assert.isFalse(new Plain({ attempts: [] }) instanceof Sample)
  })

  it("gives the JSON form the wait only if there is one", () => {
    const fields = { attempts: [], size: 1 }
    assert.include(json(new Sample({ ...fields, retryAfterMs: 7 })), {
      retryAfterMs: 7,
      size: 1,
      outcome: "rejected",
    })
    assert.notProperty(json(new Sample(fields)), "retryAfterMs")
  })
})

describe("tagOf", () => {
  it.each([[undefined], [null], [5], ["RateLimitError"], [{}]])("finds no tag on %j", (value) => {
    assert.isUndefined(tagOf(value))
  })
})

describe("docsUrl", () => {
  it("ends with the anchor of the class", () => {
    assert.match(docsUrl("RateLimitError"), /^https:\/\/.*\/errors\.md#ratelimiterror$/)
  })
})

describe("withCause", () => {
  const failure = new Error("canary of the vault")
  const error = withCause(new Plain({ attempts: [] }), failure)

  it("keeps the failure, redacted", () => {
    const { cause } = error
    assert(Redacted.isRedacted(cause))
    assert.strictEqual(Redacted.value(cause), failure)
  })

  it("hides the failure from inspection, JSON, clones and Effect's logs", () => {
    const everything = { showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true }
    for (const shown of [
      inspect(error, everything),
      inspect(error, { ...everything, customInspect: false }),
      JSON.stringify(error),
      JSON.stringify({ ...error }),
      inspect(structuredClone(error), everything),
      Cause.pretty(Cause.fail(error)),
    ]) {
      assert.notInclude(shown, "canary")
    }
    assert.notInclude(Object.keys(error), "cause")
  })
})
