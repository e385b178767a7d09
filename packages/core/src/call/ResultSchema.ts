/**
 * The results of calls and runs as schemas, for programs that store or send them. Each is held to its type: a field or a
 * text that is missing here does not compile.
 */
import * as Schema from "effect/Schema"

import type { CreateResult } from "./Call.ts"
import * as IdentifierSchema from "../contact/IdentifierSchema.ts"
import type { AelystError, ErrorTag } from "../errors/AelystError.ts"
import { AttemptRecordSchema, literalsOf } from "../errors/AttemptRecordSchema.ts"
import * as ErrorSchema from "../errors/ErrorSchema.ts"
import type { RowEnd, RowOutcome, RowOutcomesByError, Stopped } from "../types.ts"

const optionalNumber = Schema.optionalKey(Schema.Finite)
const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

type FailedOutcome = RowOutcomesByError[ErrorTag]

/** The errors that end a row with an outcome. */
type ErrorOf<Outcome> = Extract<
  RowEnd<unknown, unknown, AelystError>,
  { readonly outcome: Outcome; readonly error: unknown }
>["error"]

const success = literalsOf<CreateResult["result"]>({
  created: 0,
  exists_after_doubt: 0,
  existed: 0,
})
const rowSuccess = literalsOf<Exclude<RowOutcome, FailedOutcome>>({
  created: 0,
  exists_after_doubt: 0,
})

const fields = {
  identifier: IdentifierSchema.FromString,
  outcome: success,
  result: success,
  status: Schema.optionalKey(Schema.Int),
  message: Schema.String,
  attempts: Schema.Array(AttemptRecordSchema),
  rateLimit: Schema.Struct({
    limit: optionalNumber,
    remaining: optionalNumber,
    retryAfterMs: optionalNumber,
  }),
}

/** The type of `CreateResultSchema`. */
export interface CreateResultSchema extends Schema.Struct<typeof fields> {}

/**
 * Encodes the result of `create` to JSON, and decodes it back. The response is not part of the JSON form, because its
 * headers may hold anything; the identifier and the API's message are.
 *
 * **Example**
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { CreateResultSchema } from "@aelyst/core/schema"
 * import { Effect, Layer, Schema } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   const result = yield* client.create("id:result-schema", { firstName: "Ana" })
 *   return yield* Schema.encodeEffect(Schema.fromJsonString(CreateResultSchema))(result)
 * }).pipe(Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)))
 *
 * console.log(await Effect.runPromise(program)) // => {"identifier":"id:result-schema","outcome":"created",…
 * ```
 */
export const CreateResultSchema: CreateResultSchema = Schema.Struct(fields).annotate({
  identifier: "CreateResult",
})

/** The errors that can end a row with an outcome. */
const errorOf: { readonly [Outcome in FailedOutcome]: Schema.Codec<ErrorOf<Outcome>, unknown> } = {
  existed: ErrorSchema.BadRequestError,
  invalid: ErrorSchema.InvalidContactError,
  rejected: Schema.Union([ErrorSchema.BadRequestError, ErrorSchema.UnexpectedResponseError]),
  unknown: Schema.Union([
    ErrorSchema.OutcomeUnknownError,
    ErrorSchema.InternalServerError,
    ErrorSchema.UnexpectedResponseError,
  ]),
  not_sent: Schema.Union([
    ErrorSchema.UnavailableError,
    ErrorSchema.ConnectionError,
    ErrorSchema.RateLimitError,
    ErrorSchema.AuthenticationError,
  ]),
}

/** The schema of a row that failed. */
export interface FailedRowSchema<Outcome extends FailedOutcome> extends Schema.Struct<{
  readonly index: Schema.Int
  readonly outcome: Schema.Literal<Outcome>
  readonly error: Schema.Codec<ErrorOf<Outcome>, unknown>
}> {}

const failed = <const Outcome extends FailedOutcome>(outcome: Outcome): FailedRowSchema<Outcome> =>
  Schema.Struct({
    index: count,
    outcome: Schema.Literal(outcome),
    // safe: the table has the errors of each outcome
    error: errorOf[outcome] as Schema.Codec<ErrorOf<Outcome>, unknown>,
  })

/** The schema of a row whose contact is in place. */
export interface SucceededRowSchema extends Schema.Struct<{
  readonly index: Schema.Int
  readonly outcome: typeof rowSuccess
  readonly value: CreateResultSchema
}> {}

const succeeded: SucceededRowSchema = Schema.Struct({
  index: count,
  outcome: rowSuccess,
  value: CreateResultSchema,
})

/** The type of `RowResultSchema`. */
export interface RowResultSchema extends Schema.Union<
  readonly [
    SucceededRowSchema,
    FailedRowSchema<"existed">,
    FailedRowSchema<"invalid">,
    FailedRowSchema<"rejected">,
    FailedRowSchema<"unknown">,
    FailedRowSchema<"not_sent">,
  ]
> {}

/**
 * Encodes the result of one row of `createMany` to JSON, and decodes it back; its error is an instance of its class. The row
 * itself is not part of the JSON form, because it holds the contact: `index` is its position in the source.
 *
 * **Example**
 *
 * ```ts
 * import { InvalidContactError } from "@aelyst/core"
 * import { RowResultSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const Line = Schema.fromJsonString(RowResultSchema)
 * const error = new InvalidContactError({ attempts: [], issues: [] })
 * const line = Schema.encodeSync(Line)({ index: 0, outcome: "invalid", error })
 *
 * const row = Schema.decodeUnknownSync(Line)(line)
 * console.log("error" in row && row.error instanceof InvalidContactError) // => true
 * ```
 */
export const RowResultSchema: RowResultSchema = Schema.Union([
  succeeded,
  failed("existed"),
  failed("invalid"),
  failed("rejected"),
  failed("unknown"),
  failed("not_sent"),
]).annotate({ identifier: "RowResult" })

const rows: { readonly [Outcome in RowOutcome]: typeof count } = {
  created: count,
  existed: count,
  exists_after_doubt: count,
  invalid: count,
  rejected: count,
  unknown: count,
  not_sent: count,
}

const summary = {
  ...rows,
  total: count,
  stopped: Schema.optionalKey(
    literalsOf<Stopped>({
      completed: 0,
      stopped: 0,
      unauthorized: 0,
      errors: 0,
      aborted: 0,
      deadline: 0,
      unavailable: 0,
      gate: 0,
    }),
  ),
  rateLimited: count,
  resendsWaiting: count,
  elapsedMs: Schema.Finite,
}

/** The type of `RunSummarySchema`. */
export interface RunSummarySchema extends Schema.Struct<typeof summary> {}

/**
 * Encodes the counts of a run to JSON, and decodes them back.
 *
 * **Example**
 *
 * ```ts
 * import { RunSummarySchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const created = { created: 2, existed: 0, exists_after_doubt: 0 }
 * const others = { invalid: 1, rejected: 0, unknown: 0, not_sent: 0 }
 * const waits = { rateLimited: 0, resendsWaiting: 0, elapsedMs: 512 }
 * const json = JSON.stringify({ ...created, ...others, ...waits, total: 3 })
 * console.log(Schema.decodeUnknownSync(Schema.fromJsonString(RunSummarySchema))(json).invalid) // => 1
 * ```
 */
export const RunSummarySchema: RunSummarySchema = Schema.Struct(summary).annotate({
  identifier: "RunSummary",
})
