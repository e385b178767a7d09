/**
 * Identifiers as schemas, for forms, endpoints and files: what people write on the encoded side, a checked `Identifier` on
 * the other. The rules are those of `Identifier.ts`. Public as the namespace `IdentifierSchema`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

import * as Identifier from "./Identifier.ts"
import * as Issue from "./Issue.ts"
import { ruleIssue, typeRule } from "./RuleIssue.ts"

type Prefix = "email:" | "phone:" | "id:"

const isIdentifier = (text: string): text is Identifier.Identifier => {
  const parsed = Identifier.parse(text)
  return Result.isSuccess(parsed) && parsed.success === text
}

/** The schema of checked identifiers, of those with a prefix or of all. */
const checked = (prefix: Prefix | "") =>
  Schema.String.annotate(typeRule("IDENTIFIER_TYPE")).pipe(
    Schema.refine(
      (text): text is Identifier.Identifier => text.startsWith(prefix) && isIdentifier(text),
      { message: `An identifier must be checked${prefix && ` and begin with ${prefix}`}` },
    ),
  )

/** A schema of checked identifiers whose encoded side is a text. */
export interface FromText extends Schema.decodeTo<
  Schema.refine<Identifier.Identifier, Schema.String>,
  Schema.String
> {}

interface Description {
  readonly identifier: string
  readonly description: string
  readonly examples: readonly [string]
}

/** Creates the schema of texts that become identifiers with a prefix. */
const from = (prefix: Prefix | "", description: Description): FromText =>
  Schema.String.annotate({ ...typeRule("IDENTIFIER_TYPE"), ...description }).pipe(
    Schema.decodeTo(
      checked(prefix),
      SchemaTransformation.transformEffect({
        decode: (text: string) =>
          Effect.mapError(Effect.fromResult(Identifier.parse(prefix + text)), ([issue]) =>
            ruleIssue(issue ?? Issue.make("IDENTIFIER_TYPE", [])),
          ),
        encode: (identifier: string) => Effect.succeed(identifier.slice(prefix.length)),
      }),
    ),
  )

/**
 * Decodes an identifier with its prefix (`email:…`, `phone:+…`, `id:…`), or a contact ID, as `Identifier.parse` does (W2).
 *
 * A message of a failure says the rule and how to keep it, never the value; the same holds for the others.
 *
 * **Example** (In the path of an endpoint)
 *
 * ```ts
 * import { IdentifierSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 * import { HttpApiEndpoint } from "effect/http-api"
 *
 * export const resend = HttpApiEndpoint.post("resend", "/resend/:identifier", {
 *   params: { identifier: IdentifierSchema.FromString },
 * })
 *
 * console.log(Schema.decodeUnknownSync(IdentifierSchema.FromString)("phone:+60123456789")) // => phone:+60123456789
 * ```
 */
export const FromString = from("", {
  identifier: "Identifier",
  description: "An email address, a phone number or a contact ID, each with its prefix",
  examples: ["email:ana@example.com"],
})

/**
 * Decodes a bare email address to `email:…`, and encodes it back.
 *
 * **Example**
 *
 * ```ts
 * import { IdentifierSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const Signup = Schema.Struct({ firstName: Schema.String, email: IdentifierSchema.FromEmail })
 * console.log(Schema.decodeUnknownSync(Signup)({ firstName: "Ana", email: "ana@example.com" }).email)
 * // => email:ana@example.com
 * ```
 */
export const FromEmail = from("email:", {
  identifier: "Email",
  description: "An email address",
  examples: ["ana@example.com"],
})

/**
 * Decodes a bare phone number in E.164 form to `phone:+…`, and encodes it back.
 *
 * **Example**
 *
 * ```ts
 * import { IdentifierSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * console.log(Schema.decodeUnknownSync(IdentifierSchema.FromPhone)("+60123456789")) // => phone:+60123456789
 * ```
 */
export const FromPhone = from("phone:", {
  identifier: "Phone",
  description: "A phone number in E.164 form",
  examples: ["+60123456789"],
})

/**
 * Decodes a bare contact ID to `id:…`, and encodes it back.
 *
 * **Example**
 *
 * ```ts
 * import { IdentifierSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * console.log(Schema.decodeUnknownSync(IdentifierSchema.FromId)("5")) // => id:5
 * ```
 */
export const FromId = from("id:", {
  identifier: "ContactId",
  description: "A contact ID",
  examples: ["5"],
})
