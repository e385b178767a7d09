/** A contact as a schema, for the body of a form or of an endpoint. The rules are those of `validate`. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { CustomFieldPairs, CustomFieldRecord } from "../types.ts"
import { validate } from "./Contact.ts"
import { issueRules } from "./Issue.ts"
import { optionalText } from "./OptionalText.ts"
import { ruleIssue, typeRule } from "./RuleIssue.ts"

const text = (description: string, example: string) =>
  optionalText(Schema.String, { description, examples: [example] })

const Pairs = Schema.Array(Schema.Unknown)
const ByName = Schema.Record(Schema.String, Schema.Unknown)

/** Creates the schema of an optional field of custom fields. `validate` checks their names and values, so that no path shows a name. */
const customFields = <Fields>(form: Schema.Codec<unknown>, description: string) =>
  // safe: a contact whose custom fields are not of this type is not decoded
  Schema.optionalKey(
    form.annotate({ ...typeRule("CUSTOM_FIELDS_TYPE"), description }) as Schema.Codec<Fields>,
  )

// the rules of a contact do not depend on its identifier
const anyone = "id:anyone"

const fields = {
  firstName: Schema.String.annotate({
    ...typeRule("STRING_EXPECTED"),
    description: "The first name, with at least one visible character",
    examples: ["Ana"],
  }).annotateKey({ messageMissingKey: issueRules.FIRST_NAME_MISSING }),
  lastName: text("The last name", "Silva"),
  phone: text("The phone number in E.164 form", "+60123456789"),
  email: text("The email address", "ana@example.com"),
  language: text("The language as a BCP 47 tag", "ms"),
  profilePic: text("The URL of the profile picture", "https://example.com/ana.png"),
  countryCode: text("The country as two letters", "MY"),
  customFields: customFields<CustomFieldRecord | CustomFieldPairs | null>(
    Schema.Union([Pairs, ByName, Schema.Null]),
    "The custom fields, by name or as an array of { name, value }",
  ),
  custom_fields: customFields<CustomFieldPairs | null>(
    Schema.NullOr(Pairs),
    "The custom fields as the API names them: an array of { name, value }",
  ),
}

/** The type of `ContactSchema`. */
export interface ContactSchema extends Schema.Struct<typeof fields> {}

/**
 * Decodes a contact from the body of a form or a request (W3), and checks it as `validate` does.
 *
 * **Details**
 *
 * The result is a `ContactInput` for `create`. An optional text that is empty or `null` is left out, because a form sends
 * an empty text for a field that was not filled in. Other members of the body are dropped, or rejected with
 * `onExcessProperty: "error"`. All broken rules are reported at once, each at its path; a message says the rule and how
 * to keep it, never the value. For custom fields that a form sends as texts, use `CustomFieldSchema.make`.
 *
 * **Example** (As the payload of an endpoint)
 *
 * ```ts
 * import { ContactSchema, IdentifierSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 * import { HttpApiEndpoint } from "effect/http-api"
 *
 * const Signup = Schema.Struct({ identifier: IdentifierSchema.FromString, contact: ContactSchema })
 * export const signup = HttpApiEndpoint.post("signup", "/signup", { payload: Signup })
 *
 * const body = { identifier: "email:ana@example.com", contact: { firstName: "Ana", phone: "" } }
 * console.log(Schema.decodeUnknownSync(Signup)(body).contact) // => { firstName: 'Ana' }
 * ```
 */
export const ContactSchema: ContactSchema = Schema.Struct(fields)
  .annotate(typeRule("CONTACT_TYPE"))
  .check(
    Schema.makeFilter(
      (contact) => {
        const checked = validate(anyone, contact)
        if (Result.isSuccess(checked)) return true
        return checked.failure.map((issue) => ({ path: issue.path, issue: ruleIssue(issue) }))
      },
      { identifier: "ContactInput", toJsonSchema: () => ({}) },
    ),
  )
