import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Schema } from "effect"
import { inspect } from "node:util"

import type { AelystError } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import { AelystErrorFromJson } from "../src/errors/ErrorSchema.ts"
import { docsUrl, errorTable, errorTags } from "../src/errors/ErrorTable.ts"
import { attempts, examples } from "./errors.ts"

const decode = Schema.decodeUnknownSync(AelystErrorFromJson)
const everything = { showHidden: true, depth: Number.POSITIVE_INFINITY } as const

const classes = {
  InvalidContactError: Errors.InvalidContactError,
  UnavailableError: Errors.UnavailableError,
  ConnectionError: Errors.ConnectionError,
  BadRequestError: Errors.BadRequestError,
  AuthenticationError: Errors.AuthenticationError,
  RateLimitError: Errors.RateLimitError,
  InternalServerError: Errors.InternalServerError,
  OutcomeUnknownError: Errors.OutcomeUnknownError,
  UnexpectedResponseError: Errors.UnexpectedResponseError,
}

const statusOf = (error: AelystError): unknown => Reflect.get(error, "status")

describe("the nine errors", () => {
  it("are the rows of the table, with unique tags that are the names of the classes", () => {
    assert.deepStrictEqual(Object.keys(classes), [...errorTags])
    assert.deepStrictEqual(Object.keys(errorTable), [...errorTags])
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
      assert.match(error.message, expected.says)
      const exists = error._tag === "BadRequestError" && error.exists
      assert.include(error.message, exists ? "Use the contact that is there." : entry.fix)
      assert.isTrue(error.message.endsWith(` ${docsUrl(error._tag)}`))
      assert.strictEqual(error.docs, docsUrl(error._tag))
      assert.instanceOf(error, Error)
      assert.isTrue(error instanceof classes[error._tag])
      for (const [tag, Class] of Object.entries(classes)) {
        assert.strictEqual(error instanceof Class, tag === error._tag)
      }
      assert.isTrue(Errors.isAelystError(error))
    })
  }

  it("give the wait as a Duration where one was sent", () => {
    const error = new Errors.RateLimitError({ attempts, retryAfterMs: 1_500 })
    assert.deepStrictEqual(error.retryAfter, Duration.millis(1_500))
    assert.isUndefined(new Errors.RateLimitError({ attempts }).retryAfter)
    assert.deepStrictEqual(
      new Errors.UnavailableError({ attempts, reason: "circuit", retryAfterMs: 1 }).retryAfter,
      Duration.millis(1),
    )
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

describe("the JSON form", () => {
  for (const [error] of examples) {
    it(`of ${error._tag} decodes back to an instance of its class`, () => {
      const json: unknown = JSON.parse(JSON.stringify(error))
      assert.include(json, { _tag: error._tag, name: error._tag, message: error.message })
      assert.include(json, { outcome: error.outcome, isRetryable: error.isRetryable })
      const back = decode(json)
      assert.isTrue(back instanceof classes[error._tag])
      assert.deepStrictEqual(JSON.parse(JSON.stringify(back)), json)
      assert.strictEqual(back.outcome, error.outcome)
      assert.strictEqual(back.message, error.message)
      assert.deepStrictEqual(back.attempts, error.attempts)
      if (back._tag === "OutcomeUnknownError" && back.last !== undefined) {
        assert.instanceOf(back.last, Errors.RateLimitError)
      }
      // and what the schema encodes is the same form
      const encoded = Schema.encodeUnknownSync(AelystErrorFromJson)(error)
      assert.isTrue(decode(JSON.parse(JSON.stringify(encoded))) instanceof classes[error._tag])
    })
  }

  it("is refused where it is none of the nine", () => {
    for (const json of [null, {}, { _tag: "Other" }, { _tag: "RateLimitError" }]) {
      assert.throws(() => decode(json))
    }
  })
})

describe("apiMessage", () => {
  const words = "Contact canary.person@example.org is no good"
  const error = Errors.withApiMessage(
    new Errors.BadRequestError({ attempts, status: 400, exists: false }),
    words,
  )
  const wrapped = new Errors.OutcomeUnknownError({ attempts, code: "TIMEOUT", last: error })

  it("holds the API's own words", () => {
    assert.strictEqual(error.apiMessage, words)
    assert.strictEqual(wrapped.last?.apiMessage, words)
    assert.isUndefined(Errors.withApiMessage(wrapped, undefined).apiMessage)
  })

  it("is met by no inspection, no JSON, no text, no clone and no cause", () => {
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
