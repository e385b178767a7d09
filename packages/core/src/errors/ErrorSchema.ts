/**
 * The JSON form of errors as schemas, apart from the classes, so that a program that only handles errors does not load
 * Schema. A type requires a schema for each field of a class; reasons and kinds are read from their tables.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

import { Issue } from "../contact/Issue.ts"
import type { ErrorTag } from "./AelystError.ts"
import { errorClasses } from "./AelystError.ts"
import { connectionKinds, unavailableReasons, unexpectedReasons } from "./ErrorSentence.ts"

/** Describes an attempt in JSON. */
const AttemptRecord = Schema.Struct({
  number: Schema.Int,
  phase: Schema.Literals(["connect", "headers", "body", "answered"]),
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.String),
  rateLimited: Schema.optionalKey(Schema.Boolean),
  startedAt: Schema.Finite,
  durationMs: Schema.Finite,
  waitedMs: Schema.Finite,
}).annotate({ identifier: "AttemptRecord" })

const optionalNumber = Schema.optionalKey(Schema.Finite)

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) =>
  // safe: an object literal has the keys of its type and no others
  Schema.Literals(Object.keys(table) as unknown as ReadonlyArray<K>)

type Instance<Tag extends ErrorTag> = InstanceType<(typeof errorClasses)[Tag]>

/** Names the fields of a class, without those of all classes. */
type Own<Tag extends ErrorTag> = Omit<
  ConstructorParameters<(typeof errorClasses)[Tag]>[0],
  "attempts" | "message" | "retryAfterMs"
>

/** Requires a schema for each field of a class. */
type FieldSchemas<Tag extends ErrorTag> = {
  readonly [Field in keyof Own<Tag>]-?: Schema.Codec<Exclude<Own<Tag>[Field], undefined>, unknown>
}

const schemaOf = <const Tag extends ErrorTag, Fields extends FieldSchemas<Tag>>(
  tag: Tag,
  fields: Fields,
) => {
  // safe: the fields are those of the class
  const Class = errorClasses[tag] as unknown as new (fields: object) => Instance<Tag>
  return Schema.Struct({
    _tag: Schema.Literal(tag),
    message: Schema.String,
    attempts: Schema.Array(AttemptRecord),
    retryAfterMs: optionalNumber,
    ...fields,
  })
    .annotate({ identifier: tag })
    .pipe(
      Schema.decodeTo(
        Schema.declare((u): u is Instance<Tag> => u instanceof Class),
        SchemaTransformation.transform({
          decode: (plain) => new Class(plain),
          encode: (error) => {
            const { message, retryAfterMs } = error
            const wait = retryAfterMs !== undefined && { retryAfterMs }
            // safe: every field of the class is on the instance
            return { ...error, message, ...wait } as never
          },
        }),
      ),
    )
}

const settled = [
  schemaOf("UnavailableError", { reason: keysOf(unavailableReasons) }),
  schemaOf("ConnectionError", { kind: keysOf(connectionKinds), code: Schema.String }),
  schemaOf("BadRequestError", { status: Schema.Int, exists: Schema.Boolean }),
  schemaOf("AuthenticationError", {}),
  schemaOf("RateLimitError", { limit: optionalNumber, remaining: optionalNumber }),
  schemaOf("InternalServerError", { status: Schema.Int }),
  schemaOf("UnexpectedResponseError", {
    status: Schema.Int,
    outcome: Schema.Literals(["rejected", "unknown"]),
    reason: keysOf(unexpectedReasons),
    headers: Schema.Record(Schema.String, Schema.String),
    excerpt: Schema.String,
  }),
] as const

/**
 * Turns the JSON form of an error (`JSON.stringify(error)`) into an instance of its class, and back.
 *
 * Fails to decode everything but the nine errors. The API's own words and the response are not part of the JSON form, so
 * they do not come back.
 *
 * **Example**
 *
 * ```ts
 * import { ConnectionError } from "@aelyst/core"
 * import { AelystErrorFromJson } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const json = JSON.stringify(new ConnectionError({ attempts: [], kind: "dns", code: "ENOTFOUND" }))
 * const error = Schema.decodeUnknownSync(AelystErrorFromJson)(JSON.parse(json))
 * console.log(error instanceof ConnectionError && error.code) // => ENOTFOUND
 * ```
 */
export const AelystErrorFromJson = Schema.Union([
  schemaOf("InvalidContactError", { issues: Schema.Array(Issue) }),
  schemaOf("OutcomeUnknownError", {
    code: Schema.String,
    last: Schema.optionalKey(Schema.Union(settled)),
  }),
  ...settled,
])
