/**
 * The JSON form of errors and issues, as schemas. Apart from the classes, so that whoever only meets errors does not
 * load Schema; the two are held together by their types.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

import * as E from "./AelystError.ts"
import { Issue } from "../contact/Issue.ts"

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

const common = { message: Schema.String, attempts: Schema.Array(AttemptRecord) }

const struct = <const Tag extends E.AelystError["_tag"], Fields extends Schema.Struct.Fields>(
  tag: Tag,
  fields: Fields,
) =>
  Schema.Struct({ _tag: Schema.Literal(tag), ...common, ...fields }).annotate({ identifier: tag })

const wait = Schema.optionalKey(Schema.Finite)

const settled = [
  struct("UnavailableError", {
    reason: Schema.Literals(["circuit", "queue", "deadline", "token", "closed"]),
    retryAfterMs: wait,
  }),
  struct("ConnectionError", {
    kind: Schema.Literals([
      "dns",
      "connect",
      "timeout",
      "tls",
      "certificate",
      "proxy",
      "proxy_auth",
    ]),
    code: Schema.String,
  }),
  struct("BadRequestError", { status: Schema.Int, exists: Schema.Boolean }),
  struct("AuthenticationError", {}),
  struct("RateLimitError", { retryAfterMs: wait, limit: wait, remaining: wait }),
  struct("InternalServerError", { status: Schema.Int }),
  struct("UnexpectedResponseError", {
    status: Schema.Int,
    outcome: Schema.Literals(["rejected", "unknown"]),
    reason: Schema.Literals(["status", "redirect", "unreadable", "contradiction"]),
    headers: Schema.Record(Schema.String, Schema.String),
    excerpt: Schema.String,
  }),
] as const

const Settled = Schema.Union(settled)
const Plain = Schema.Union([
  struct("InvalidContactError", { issues: Schema.Array(Issue) }),
  struct("OutcomeUnknownError", { code: Schema.String, last: Schema.optionalKey(Settled) }),
  ...settled,
])

const revive = (plain: typeof Settled.Type): E.SettledError => {
  switch (plain._tag) {
    case "UnavailableError":
      return new E.UnavailableError(plain)
    case "ConnectionError":
      return new E.ConnectionError(plain)
    case "BadRequestError":
      return new E.BadRequestError(plain)
    case "AuthenticationError":
      return new E.AuthenticationError(plain)
    case "RateLimitError":
      return new E.RateLimitError(plain)
    case "InternalServerError":
      return new E.InternalServerError(plain)
    case "UnexpectedResponseError":
      return new E.UnexpectedResponseError(plain)
  }
}

/**
 * Turns the JSON form of an error (`JSON.stringify(error)`) into an instance of its class, and back.
 *
 * Fails to decode what is none of the nine. The API's own words are not part of the JSON form, so they do not come
 * back.
 */
export const AelystErrorFromJson = Plain.pipe(
  Schema.decodeTo(
    Schema.declare(E.isAelystError),
    SchemaTransformation.transform({
      decode: (plain) => {
        switch (plain._tag) {
          case "InvalidContactError":
            return new E.InvalidContactError(plain)
          case "OutcomeUnknownError": {
            const { last, ...rest } = plain
            return new E.OutcomeUnknownError({
              ...rest,
              ...(last !== undefined && { last: revive(last) }),
            })
          }
          default:
            return revive(plain)
        }
      },
      encode: (error) => ({ ...error, message: error.message }),
    }),
  ),
)
