/**
 * The JSON form of errors as schemas, apart from the classes, so that a program that only handles errors does not load
 * Schema. A type requires a schema for each field of a class; reasons and kinds are read from their tables. Public as the
 * namespace `ErrorSchema`.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

import { IssueSchema } from "../contact/Issue.ts"
import type { AttemptRecord } from "../types.ts"
import type { ErrorOf, ErrorTag, FieldsOf } from "./AelystError.ts"
import { errorClasses, makeError } from "./AelystError.ts"
import { AttemptRecordSchema, literalsOf } from "./AttemptRecordSchema.ts"
import { connectionKinds, unavailableReasons, unexpectedReasons } from "./ErrorSentence.ts"

const optionalNumber = Schema.optionalKey(Schema.Finite)

/** The JSON form of a field: an error in it is in its JSON form. */
type FieldJson<Value> = Value extends { readonly _tag: infer Tag extends ErrorTag }
  ? Json<Tag>
  : Value

/** The members of the JSON form that all errors have. */
export interface CommonJson<Tag extends ErrorTag> {
  readonly _tag: Tag
  readonly message: string
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly retryAfterMs?: number
}

/** The JSON form of the errors with a tag. */
export type Json<Tag extends ErrorTag> = Tag extends ErrorTag
  ? CommonJson<Tag> & { readonly [Field in keyof FieldsOf<Tag>]: FieldJson<FieldsOf<Tag>[Field]> }
  : never

/** The schema of one class: its instances, and their JSON form. */
export interface ClassSchema<Tag extends ErrorTag> extends Schema.Codec<ErrorOf<Tag>, Json<Tag>> {}

/** Requires a schema for each field of a class. */
type FieldSchemas<Tag extends ErrorTag> = {
  readonly [Field in keyof FieldsOf<Tag>]-?: Schema.Codec<
    Exclude<FieldsOf<Tag>[Field], undefined>,
    unknown
  >
}

const schemaOf = <const Tag extends ErrorTag, Fields extends FieldSchemas<Tag>>(
  tag: Tag,
  fields: Fields,
): ClassSchema<Tag> => {
  const schema = Schema.Struct({
    _tag: Schema.Literal(tag),
    message: Schema.String,
    attempts: Schema.Array(AttemptRecordSchema),
    retryAfterMs: optionalNumber,
    ...fields,
  })
    .annotate({ identifier: tag })
    .pipe(
      Schema.decodeTo(
        Schema.declare((u): u is ErrorOf<Tag> => u instanceof errorClasses[tag], { expected: tag }),
        SchemaTransformation.transform({
          decode: (plain) => makeError(tag, plain),
          encode: (error) => {
            const { message, retryAfterMs } = error
            const wait = retryAfterMs !== undefined && { retryAfterMs }
            // safe: every field of the class is on the instance
            return { ...error, message, ...wait } as never
          },
        }),
      ),
    )
  // safe: the fields are those of the class, with the schemas of their JSON forms
  return schema as unknown as ClassSchema<Tag>
}

/** The JSON form of an `InvalidContactError`. */
export const InvalidContactError = schemaOf("InvalidContactError", {
  issues: Schema.Array(IssueSchema),
})

/** The JSON form of an `UnavailableError`. */
export const UnavailableError = schemaOf("UnavailableError", {
  reason: literalsOf(unavailableReasons),
})

/** The JSON form of a `ConnectionError`. */
export const ConnectionError = schemaOf("ConnectionError", {
  kind: literalsOf(connectionKinds),
  code: Schema.String,
})

/** The JSON form of a `BadRequestError`. */
export const BadRequestError = schemaOf("BadRequestError", {
  status: Schema.Int,
  exists: Schema.Boolean,
})

/** The JSON form of an `AuthenticationError`. */
export const AuthenticationError = schemaOf("AuthenticationError", {})

/** The JSON form of a `RateLimitError`. */
export const RateLimitError = schemaOf("RateLimitError", {
  limit: optionalNumber,
  remaining: optionalNumber,
})

/** The JSON form of an `InternalServerError`. */
export const InternalServerError = schemaOf("InternalServerError", { status: Schema.Int })

/** The JSON form of an `UnexpectedResponseError`. */
export const UnexpectedResponseError = schemaOf("UnexpectedResponseError", {
  status: Schema.Int,
  outcome: Schema.Literals(["rejected", "unknown"]),
  reason: literalsOf(unexpectedReasons),
  headers: Schema.Record(Schema.String, Schema.String),
  excerpt: Schema.String,
})

const settled = [
  UnavailableError,
  ConnectionError,
  BadRequestError,
  AuthenticationError,
  RateLimitError,
  InternalServerError,
  UnexpectedResponseError,
] as const

/** The JSON form of an `OutcomeUnknownError`. */
export const OutcomeUnknownError = schemaOf("OutcomeUnknownError", {
  code: Schema.String,
  last: Schema.optionalKey(Schema.Union(settled)),
})

/**
 * Turns the JSON form of an error (`JSON.stringify(error)`) into an instance of its class, and back.
 *
 * Fails to decode everything but the nine errors. The API's own words and the response are not part of the JSON form, so
 * they do not come back. The other schemas of this namespace do the same for one class each.
 *
 * **Example**
 *
 * ```ts
 * import { ConnectionError } from "@aelyst/core"
 * import { ErrorSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const json = JSON.stringify(new ConnectionError({ attempts: [], kind: "dns", code: "ENOTFOUND" }))
 * const error = Schema.decodeUnknownSync(ErrorSchema.AelystError)(JSON.parse(json))
 * console.log(error instanceof ConnectionError && error.code) // => ENOTFOUND
 * ```
 *
 * **Example** (The errors by outcome)
 *
 * ```ts
 * import { ErrorSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const { InvalidContactError, UnavailableError, ConnectionError } = ErrorSchema
 * export const NotSent = Schema.Union([InvalidContactError, UnavailableError, ConnectionError])
 * const { BadRequestError, AuthenticationError, RateLimitError } = ErrorSchema
 * export const Rejected = Schema.Union([BadRequestError, AuthenticationError, RateLimitError])
 * const { InternalServerError, OutcomeUnknownError, UnexpectedResponseError } = ErrorSchema
 * export const MayExist = Schema.Union([InternalServerError, OutcomeUnknownError, UnexpectedResponseError])
 * ```
 */
export const AelystError = Schema.Union([
  InvalidContactError,
  OutcomeUnknownError,
  ...settled,
]).annotate({ identifier: "AelystError" })
