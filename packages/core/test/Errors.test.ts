import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"

import { errorClasses, isAelystError } from "../src/errors/AelystError.ts"
import * as ErrorSchema from "../src/errors/ErrorSchema.ts"
import { errors } from "../src/testing/Errors.ts"

const all = Object.values(errors).map((make) => make())

describe("errors", () => {
  it("are the nine, complete enough for their JSON form", () => {
    assert.sameMembers(
      all.map(({ _tag }) => _tag),
      Object.keys(errorClasses),
    )
    const decode = Schema.decodeUnknownSync(ErrorSchema.AelystError)
    for (const error of all) {
      assert.isTrue(isAelystError(error))
      assert.isTrue(error instanceof errorClasses[error._tag])
      const decoded = decode(JSON.parse(JSON.stringify(error)))
      assert.strictEqual(decoded.message, error.message)
    }
  })

  it("have attempts and a response that agree with their status", () => {
    for (const error of all) {
      if (!("status" in error)) continue
      assert.strictEqual(error.attempts.at(-1)?.status, error.status)
      assert.strictEqual(error.response?.status, error.status)
    }
    const { attempts, response } = errors.internalServer({ status: 503 })
    assert.deepStrictEqual([attempts[0]?.status, response?.status], [503, 503])
    assert.strictEqual(errors.connection({ code: "ENOTFOUND" }).attempts[0]?.cause, "ENOTFOUND")
    assert.strictEqual(errors.outcomeUnknown({ code: "ECONNRESET" }).attempts[0]?.phase, "headers")
  })

  it("have nothing tried if nothing was sent", () => {
    for (const error of [errors.invalidContact(), errors.unavailable()]) {
      assert.strictEqual(error.outcome, "not_sent")
      assert.isEmpty(error.attempts)
    }
    assert.strictEqual(errors.invalidContact().issues[0]?.code, "FIRST_NAME_MISSING")
  })

  it("take any duration as the wait, and none at all", () => {
    const { retryAfter, retryAfterMs } = errors.rateLimit({ retryAfter: "2 seconds" })
    assert.strictEqual(retryAfterMs, 2_000)
    assert.strictEqual(retryAfter && Duration.toMillis(retryAfter), 2_000)
    assert.strictEqual(errors.rateLimit().retryAfterMs, 1_000)
    assert.isUndefined(errors.rateLimit({ retryAfter: undefined }).retryAfterMs)
    assert.strictEqual(errors.internalServer({ retryAfter: 5_000 }).retryAfterMs, 5_000)
  })

  it("take every member of their class, and what inspection hides", () => {
    const error = errors.badRequest({ exists: true, status: 409, apiMessage: "taken" })
    assert.deepInclude(error, { exists: true, status: 409, apiMessage: "taken" })
    assert.strictEqual(errors.authentication().apiMessage, "UN_AUTHORIZED")
    assert.strictEqual(errors.unexpectedResponse({ status: 302 }).outcome, "unknown")
    const response = { status: 429, headers: { "x-request-id": "7" } }
    const limited = errors.rateLimit({ response, rateLimit: { limit: 5 } })
    assert.deepStrictEqual(limited.response, response)
    assert.deepStrictEqual(limited.rateLimit, { limit: 5 })
  })

  it.effect("are effects that fail with themselves", () =>
    Effect.gen(function* () {
      const error = errors.unavailable({ reason: "queue" })
      assert.strictEqual(yield* Effect.flip(error), error)
    }),
  )
})
