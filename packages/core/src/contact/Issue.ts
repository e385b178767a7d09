/**
 * Describes an invalid input: its place, the broken rule, and how to fix it. An issue never holds the value that broke
 * the rule, so it can be logged and shown. Messages and documentation come from the table of rules.
 */
import * as Schema from "effect/Schema"

import type * as Types from "../types.ts"

/**
 * Holds the rule of each code. Codes are stable: none is renamed or given another meaning.
 *
 * **Example**
 *
 * ```ts
 * import { issueRules } from "@aelyst/core/adapter"
 *
 * console.log(issueRules.COUNTRY_CODE_INVALID) // => countryCode must be two letters, such as MY
 * ```
 */
export const issueRules = {
  IDENTIFIER_MISSING: "An identifier is required: email:…, phone:+… or id:…",
  IDENTIFIER_TYPE: "An identifier must be a string",
  IDENTIFIER_TOO_LONG: "An identifier must have at most 260 characters, prefix included",
  IDENTIFIER_SPACES: "An identifier must not begin or end with a space",
  IDENTIFIER_CONTROL: "An identifier must not have control characters or line breaks",
  IDENTIFIER_INVISIBLE:
    "An identifier must not have invisible or direction-changing characters or unusual spaces",
  IDENTIFIER_DOTS: 'An identifier must not be "." or ".."',
  PREFIX_MISSING: "An email address or a phone number must have its prefix, email: or phone:",
  PREFIX_CASE: "The prefix must be in lower case, without spaces: email:, phone: or id:",
  PREFIX_DOUBLE: "The prefix must be given only once",
  EMAIL_INVALID:
    "An email address must have one @ with text on both sides, no spaces and at most 254 characters",
  PHONE_INVALID:
    "A phone number must be + and 8 to 15 digits, the first not 0, without spaces or punctuation (E.164)",
  PHONE_NO_COUNTRY:
    "A phone number without + and a country code can only be read with a default country",
  PHONE_SCIENTIFIC:
    "A phone number must not be in scientific notation, in which some of its digits are lost",
  CONTACT_TYPE: "A contact must be an object",
  CONTACT_UNREADABLE: "A property could not be read",
  FIRST_NAME_MISSING: "firstName is required and must have at least one visible character",
  UNKNOWN_FIELD: "Unknown field",
  TOO_MANY_FIELDS: "A contact must have at most 100 properties",
  STRING_EXPECTED: "The value must be a string",
  STRING_TOO_LONG: "A string must have at most 4,096 bytes",
  STRING_MALFORMED: "A string must not have NUL or half of a surrogate pair",
  LANGUAGE_INVALID: "language must be a BCP 47 tag, such as ms or pt-BR",
  COUNTRY_CODE_INVALID: "countryCode must be two letters, such as MY",
  PROFILE_PIC_INVALID: "profilePic must be a URL that begins with https:// or http://",
  PROFILE_PIC_TOO_LONG: "profilePic must have at most 2,048 bytes",
  CUSTOM_FIELDS_TYPE:
    "Custom fields must be an object of names and values, or an array of { name, value }",
  CUSTOM_FIELDS_TWICE: "Custom fields must be given once, as customFields or as custom_fields",
  CUSTOM_FIELDS_TOO_MANY: "A contact must have at most 200 custom fields",
  CUSTOM_FIELD_TYPE: "A custom field must be an object { name, value }",
  CUSTOM_FIELD_NAME:
    "The name of a custom field must be a string with at least one visible character",
  CUSTOM_FIELD_RESERVED: "A custom field must not be named __proto__, constructor or prototype",
  CUSTOM_FIELD_TWICE: "A custom field must be given only once",
  CUSTOM_FIELD_UNKNOWN: "The catalogue does not have this custom field",
  CUSTOM_FIELD_VALUE: "The value of a custom field must be a string, a finite number or a boolean",
  TEXT_INVALID: "A text value must be a string",
  NUMBER_INVALID: "A number value must be a finite number",
  URL_INVALID:
    "A URL value must be a web address, with http://, https:// or no scheme, without spaces",
  LIST_INVALID: "A list value must be one of the options of its list",
  DATE_INVALID: "A date value must be a day that exists, written yyyy-mm-dd",
  TIME_INVALID: "A time value must be written HH:MM, from 00:00 to 23:59",
  CHECKBOX_INVALID: "A checkbox value must be true or false",
  BODY_TOO_LARGE: "A contact must have at most 102,400 bytes as JSON",
  CATALOGUE_INVALID: "The catalogue of custom fields is invalid",
  ISSUES_TOO_MANY: "There are more issues than are listed",
} as const

/** Names a broken rule. */
export type IssueCode = keyof typeof issueRules

/** One broken rule: its place, the rule, and how to fix it; never the value. */
export type Issue = Types.Issue

/** The way to a place in an input: names of fields and positions in arrays. */
export type Path = Issue["path"]

/** The type of `IssueSchema`. */
export interface IssueSchema extends Schema.Struct<{
  readonly path: Schema.$Array<Schema.Union<readonly [Schema.String, Schema.Finite]>>
  readonly code: Schema.String
  readonly rule: Schema.String
  readonly suggestion: Schema.optionalKey<Schema.String>
}> {}

const schema = (): IssueSchema =>
  Schema.Struct({
    path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
    code: Schema.String,
    rule: Schema.String,
    suggestion: Schema.optionalKey(Schema.String),
  }).annotate({
    identifier: "Issue",
    description: "A broken rule: its place, the rule, and how to fix it; never the value",
  })

/**
 * Encodes issues to JSON and decodes them back.
 *
 * **Example**
 *
 * ```ts
 * import { validate } from "@aelyst/core"
 * import { IssueSchema } from "@aelyst/core/schema"
 * import { Result, Schema } from "effect"
 *
 * const valid = validate("id:5", {})
 * if (Result.isFailure(valid)) {
 *   const json = JSON.stringify(valid.failure)
 *   const issues = Schema.decodeUnknownSync(Schema.Array(IssueSchema))(JSON.parse(json))
 *   console.log(issues[0]?.rule)
 *   // => firstName is required and must have at least one visible character
 * }
 * ```
 */
// one pure call, so that bundles that only validate leave the schema out
export const IssueSchema = /* @__PURE__ */ schema()

/** The most issues that one validation lists; after them one `ISSUES_TOO_MANY` follows. */
export const MAX_ISSUES = 100

/** Creates an issue with a copy of the path; the rule comes from the table. */
export const make = (code: IssueCode, path: Path, suggestion?: string): Issue => ({
  path: [...path],
  code,
  rule: issueRules[code],
  ...(suggestion !== undefined && { suggestion }),
})

/** Returns an issue as one line: path, rule, suggestion. */
export const format = ({ path, rule, suggestion }: Issue): string => {
  const prefix = path.length === 0 ? "" : `${path.join(".")}: `
  return `${prefix}${rule}${suggestion === undefined ? "" : ` (${suggestion})`}`
}
