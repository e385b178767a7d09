/**
 * The body of the request as a schema: what travels (W3, W4), for servers that validate it and for the OpenAPI document.
 * Its checks are the rules of `TextRules.ts`, by which `validate` checks what callers pass.
 */
import * as Schema from "effect/Schema"

import { MAX_FIELDS, isExact } from "./CustomFieldValue.ts"
import { issueRules } from "./Issue.ts"
import * as Rule from "./TextRules.ts"

/** Creates the schema of a text; `jsonSchema` is what JSON Schema can say of its rules. */
const text = (rules: ReadonlyArray<Rule.TextRule>, jsonSchema: Record<string, unknown>) =>
  Schema.String.check(
    Schema.makeFilter<string>((input) => Rule.check(rules, input, [])?.rule, {
      toJsonSchema: () => jsonSchema,
    }),
  )

const example = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

/** Creates the schema of a text field of a contact, with its rules and its example. */
const field = (name: Rule.FieldName, description: string, jsonSchema: Record<string, unknown>) =>
  text(Rule.fields[name], jsonSchema).annotate({ description, examples: [example[name]] })

const optional = (...described: Parameters<typeof field>) => Schema.optionalKey(field(...described))

const anyText = { maxLength: Rule.MAX_STRING }
const visibleText = { ...anyText, pattern: "\\S" }

const ExactNumber = Schema.Finite.check(
  Schema.makeFilter<number>((input) => isExact(input) || issueRules.NUMBER_INVALID, {
    toJsonSchema: () => ({}),
  }),
)

/** The schema of one custom field. */
const CustomFieldPayload = Schema.Struct({
  name: text(Rule.customFieldName, visibleText).annotate({
    description: "The name of the field, spelled as in Aelyst",
    examples: ["Company Website"],
  }),
  value: Schema.optionalKey(
    Schema.Union([text(Rule.values.text, anyText), ExactNumber, Schema.Boolean]).annotate({
      description:
        'Text, email, URL and list: a string. Number: a number. Date: yyyy-mm-dd. Time: HH:MM, 24 hours. Checkbox: "true" or "false"',
      examples: ["https://example.com"],
    }),
  ),
}).annotate({
  identifier: "CustomField",
  description: "A custom field; one without a value is legal",
})

const areDifferent = (fields: ReadonlyArray<{ readonly name: string }>): string | undefined =>
  new Set(fields.map(({ name }) => name)).size === fields.length
    ? undefined
    : issueRules.CUSTOM_FIELD_TWICE

const fields = {
  firstName: field("firstName", "The first name, with at least one visible character", visibleText),
  lastName: optional("lastName", "The last name", anyText),
  phone: optional("phone", "The phone number in E.164 form", {
    pattern: "^\\+[1-9][0-9]{7,14}$",
  }),
  email: optional("email", "The email address", {
    pattern: "^[^@\\s]+@[^@\\s]+$",
    maxLength: Rule.MAX_EMAIL,
  }),
  language: optional("language", "The language as a BCP 47 tag", {
    pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
    maxLength: 35,
  }),
  profilePic: optional("profilePic", "The URL of the profile picture", {
    pattern: "^[Hh][Tt][Tt][Pp][Ss]?://",
    maxLength: Rule.MAX_PROFILE_PIC,
  }),
  // callers may write it in lower case
  countryCode: Schema.optionalKey(
    text(Rule.fields.countryCode, { pattern: "^[A-Z]{2}$" })
      .check(
        Schema.makeFilter<string>((input) => input === input.toUpperCase(), {
          message: `${issueRules.COUNTRY_CODE_INVALID}, in upper case`,
          toJsonSchema: () => ({}),
        }),
      )
      .annotate({ description: "The country as two upper-case letters", examples: ["MY"] }),
  ),
  custom_fields: Schema.optionalKey(
    Schema.Array(CustomFieldPayload)
      .check(
        Schema.isMaxLength(MAX_FIELDS),
        Schema.makeFilter(areDifferent, { toJsonSchema: () => ({}) }),
      )
      .annotate({ description: "The custom fields; each is given once" }),
  ),
}

/** The type of the schema `Payload`. */
export interface PayloadSchema extends Schema.Struct<typeof fields> {}

/**
 * Encodes and decodes the body of the request.
 *
 * **Details**
 *
 * Decodes exactly the payloads that `validate` makes and accepts, up to the size of the whole body. Keys that are not
 * listed are dropped, or rejected with `onExcessProperty: "error"`.
 *
 * **Example**
 *
 * ```ts
 * import { Payload } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Payload))
 * console.log(decode('{"firstName":"Ada","other":1}')) // => { firstName: 'Ada' }
 * ```
 */
export const Payload: PayloadSchema = Schema.Struct(fields).annotate({
  identifier: "Contact",
  description: "A contact to create",
  examples: [example],
})

/** The body of the request. */
export type Payload = typeof Payload.Type
