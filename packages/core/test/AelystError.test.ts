import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Schema } from "effect"
import { inspect } from "node:util"
import { expectTypeOf } from "vitest"

import type { AelystError } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import * as ErrorSchema from "../src/errors/ErrorSchema.ts"
import { docsUrl, errorTable, errorTags } from "../src/errors/ErrorTable.ts"
import { attempts, examples } from "./errors.ts"

const decode = Schema.decodeUnknownSync(ErrorSchema.AelystError)
const everything = { showHidden: true, depth: Number.POSITIVE_INFINITY } as const

const classes = Errors.errorClasses

const waitOf = (error: AelystError) => error.retryAfter

const statusOf = (error: AelystError): unknown => Reflect.get(error, "status")

describe("the nine errors", () => {
  it("have unique tags that are the names of the classes", () => {
    assert.strictEqual(new Set(errorTags).size, 9)
    assert.deepStrictEqual([...new Set(examples.map(([error]) => error._tag))], [...errorTags])
    for (const [tag, Class] of Object.entries(classes)) assert.strictEqual(Class.name, tag)
  })

  for (const [error, expected] of examples) {
    const reason = Reflect.get(error, "reason") ?? Reflect.get(error, "kind") ?? statusOf(error)
    it(`tell outcome, status and what to do: ${error._tag} ${String(reason ?? "")}`, () => {
      const entry = errorTable[error._tag]
      assert.strictEqual(error.name, error._tag)
      assert.strictEqual(error.outcome, expected.outcome)
      assert.include(entry.outcomes, error.outcome)
      assert.strictEqual(error.isRetryable, expected.isRetryable)
      // what may exist already is never called safe to send again
      if (error.outcome === "unknown") assert.isFalse(error.isRetryable)
      assert.strictEqual(statusOf(error), expected.status)
      assert.strictEqual(error.message, `${expected.says} ${docsUrl(error._tag)}`)
      assert.strictEqual(error.docs, docsUrl(error._tag))
      assert.instanceOf(error, Error)
      assert.isTrue(error instanceof classes[error._tag])
      for (const [tag, Class] of Object.entries(classes)) {
        assert.strictEqual(error instanceof Class, tag === error._tag)
      }
      assert.isTrue(Errors.isAelystError(error))
    })
  }

  it("have a wait, whichever of the nine it is", () => {
    expectTypeOf(waitOf).returns.toEqualTypeOf<Duration.Duration | undefined>()
    assert.isTrue(examples.every(([error]) => "retryAfter" in error))
  })

  it("give the wait of their field, else that of the response, in both units", () => {
    const limited = new Errors.RateLimitError({ attempts, retryAfterMs: 1_500 })
    Errors.withRateLimit(limited, { retryAfterMs: 9_000 })
    assert.strictEqual(limited.retryAfterMs, 1_500)
    assert.deepStrictEqual(limited.retryAfter, Duration.millis(1_500))
    for (const [error] of examples.filter(([{ retryAfterMs }]) => retryAfterMs === undefined)) {
      assert.isUndefined(error.retryAfter)
      // other tests use every example too, so a copy is made
      const again = decode(JSON.parse(JSON.stringify(error)))
      assert.strictEqual(Errors.withRateLimit(again, { retryAfterMs: 2_500 }).retryAfterMs, 2_500)
      assert.deepStrictEqual(again.retryAfter, Duration.millis(2_500))
      assert.include(JSON.parse(JSON.stringify(again)), { retryAfterMs: 2_500 })
    }
  })

  it.effect("are caught by their tags, and yielded as they are", () =>
    Effect.gen(function* () {
      const failing = Effect.gen(function* () {
        return yield* new Errors.AuthenticationError({ attempts: [] })
      })
      assert.strictEqual(
        yield* Effect.catchTag(failing, "AuthenticationError", ({ status }) =>
          Effect.succeed(status),
        ),
        401,
      )
    }),
  )
})

describe("isAelystError", () => {
  it("knows the nine from everything else", () => {
    const others: ReadonlyArray<unknown> = [
      undefined,
      null,
      0,
      "RateLimitError",
      {},
      new Error("RateLimitError"),
      { _tag: "RateLimitError" },
      { [Errors.AelystErrorTypeId]: "toString" },
      { [Errors.AelystErrorTypeId]: "__proto__" },
      { [Errors.AelystErrorTypeId]: 1 },
    ]
    for (const other of others) {
      assert.isFalse(Errors.isAelystError(other), inspect(other))
      for (const Class of Object.values(classes)) assert.isFalse(other instanceof Class)
    }
  })

  it("knows the errors of another copy of the package, both ways", async () => {
    const again = "../src/errors/AelystError.ts?copy"
    // safe: the same module, loaded a second time
    const copy = (await import(/* @vite-ignore */ again)) as typeof Errors
    assert.notStrictEqual(copy.RateLimitError, Errors.RateLimitError)
    const [ours, theirs] = [Errors, copy].map(
      ({ RateLimitError }) => new RateLimitError({ attempts, retryAfterMs: 5 }),
    )
    for (const error of [ours, theirs]) {
      for (const { isAelystError, RateLimitError, ConnectionError } of [Errors, copy]) {
        assert.isTrue(isAelystError(error))
        assert.isTrue(error instanceof RateLimitError)
        assert.isFalse(error instanceof ConnectionError)
      }
    }
  })
})

describe("the JSON of an error", () => {
  it("has the status of AuthenticationError and RateLimitError (T7)", () => {
    for (const error of [
      new Errors.AuthenticationError({ attempts: [] }),
      new Errors.RateLimitError({ attempts: [] }),
    ]) {
      assert.include(JSON.parse(JSON.stringify(error)), { status: error.status })
    }
  })
})

describe("apiMessage and response", () => {
  const words = "Contact canary.person@example.org is no good"
  const head = { status: 400, headers: { "x-echo": "canary.person@example.org" } }
  const bare = new Errors.BadRequestError({ attempts, status: 400, exists: false })
  const error = Errors.withResponse(Errors.withApiMessage(bare, words), head)
  const wrapped = new Errors.OutcomeUnknownError({ attempts, code: "TIMEOUT", last: error })

  it("hold the API's own words, and the head of its response", () => {
    assert.strictEqual(error.apiMessage, words)
    assert.deepStrictEqual(error.response, head)
    assert.strictEqual(wrapped.last?.apiMessage, words)
    assert.isUndefined(Errors.withApiMessage(wrapped, undefined).apiMessage)
    assert.isUndefined(Errors.withResponse(wrapped, undefined).response)
  })

  it("are in no inspection, no JSON, no text, no clone and no cause", () => {
    for (const shown of [error, wrapped]) {
      const cause = Cause.fail(shown)
      for (const text of [
        inspect(shown, everything),
        inspect({ a: [shown] }, everything),
        inspect(Exit.fail(shown), everything),
        JSON.stringify(shown),
        JSON.stringify(Exit.fail(shown)),
        String(shown),
        shown.stack ?? "",
        inspect(structuredClone(shown), everything),
        inspect({ ...shown }, everything),
        Cause.pretty(cause),
        inspect(cause, everything),
        inspect(Cause.squash(cause), everything),
        Object.getOwnPropertyNames(shown)
          .map((name) => String(Reflect.get(shown, name)))
          .join(" "),
      ]) {
        assert.notInclude(text, "canary")
      }
    }
  })
})
