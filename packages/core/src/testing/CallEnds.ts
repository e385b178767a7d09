/** Ends of calls and runs for tests: complete and consistent, made from the members that a test is about. */
import * as Result from "effect/Result"

import type { CreateResult } from "../call/Call.ts"
import { noRows, rowOutcomes } from "../call/RunProgress.ts"
import * as Identifier from "../contact/Identifier.ts"
import type { AttemptRecord, RunSummary } from "../types.ts"

/**
 * Creates the record of one attempt: by default one that the API answered with 200, after 20 ms.
 *
 * With a `cause` and no `status` it is one without a response.
 *
 * **Example**
 *
 * ```ts
 * import { attemptRecord } from "@aelyst/core/testing"
 *
 * console.log(attemptRecord({ status: 503 }).phase) // => answered
 * console.log(attemptRecord({ cause: "ECONNRESET" }).phase) // => headers
 * ```
 */
export const attemptRecord = (fields: Partial<AttemptRecord> = {}): AttemptRecord => {
  const status = fields.status ?? (fields.cause === undefined ? 200 : undefined)
  return {
    number: 1,
    phase: status === undefined ? "headers" : "answered",
    ...(status !== undefined && { status }),
    ...(status === 429 && { rateLimited: true }),
    startedAt: 0,
    durationMs: 20,
    waitedMs: 0,
    ...fields,
  }
}

/** The members of a result that a test may set; the identifier may be any valid one. */
export type CreateResultFields = Partial<Omit<CreateResult, "identifier" | "outcome">> & {
  readonly identifier?: string
}

/**
 * Creates the result of a create: by default, the first attempt created `id:test`.
 *
 * With `result: "exists_after_doubt"`, the response of a first attempt was lost, and the second was told that the contact
 * exists; with `existed`, the first was told so. Throws if the identifier is invalid.
 *
 * **Example**
 *
 * ```ts
 * import { createResult } from "@aelyst/core/testing"
 *
 * const { identifier, message, outcome } = createResult({ identifier: "email:ana@example.com" })
 * console.log(identifier, outcome, message) // => email:ana@example.com created Contact added successfully!
 *
 * console.log(createResult({ result: "exists_after_doubt" }).attempts.length) // => 2
 * ```
 */
export const createResult = ({
  identifier = "id:test",
  ...fields
}: CreateResultFields = {}): CreateResult => {
  const result = fields.result ?? "created"
  const isCreated = result === "created"
  const status = isCreated ? (fields.status ?? 200) : 400
  return {
    identifier: Result.getOrThrow(Identifier.parse(identifier)),
    result,
    outcome: result,
    ...(isCreated && { status }),
    message: isCreated ? "Contact added successfully!" : "",
    attempts:
      result === "exists_after_doubt"
        ? [attemptRecord({ cause: "ECONNRESET" }), attemptRecord({ number: 2, status })]
        : [attemptRecord({ status })],
    rateLimit: { limit: 10, remaining: 9 },
    response: { status, headers: {} },
    ...fields,
  }
}

/**
 * Creates the counts of a run that has ended; `total` is their sum.
 *
 * **Example**
 *
 * ```ts
 * import { runSummary } from "@aelyst/core/testing"
 *
 * const { rejected, stopped, total } = runSummary({ created: 2, invalid: 1 })
 * console.log(total, rejected, stopped) // => 3 0 completed
 * ```
 */
export const runSummary = (counts: Partial<Omit<RunSummary, "total">> = {}): RunSummary => ({
  ...noRows(),
  stopped: "completed",
  rateLimited: 0,
  resendsWaiting: 0,
  elapsedMs: 0,
  ...counts,
  total: rowOutcomes.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0),
})
