/**
 * What is wrong with an input: where, which rule, and how to mend it. An issue
 * never holds the value that broke the rule, so it can be logged, shown and
 * sent on. The table of rules is the one source for messages and documentation.
 */
import * as Schema from "effect/Schema"

import type * as Types from "../types.ts"

/**
 * Maps each code to its rule. Codes are stable: they are never renamed or given another meaning.
 */
export const issueRules = {
  IDENTIFIER_MISSING: "An identifier is required: email:…, phone:+… or id:…",
  IDENTIFIER_TYPE: "An identifier is a string",
  IDENTIFIER_TOO_LONG: "An identifier has at most 260 characters, prefix included",
  IDENTIFIER_SPACES: "An identifier neither begins nor ends with a space",
  IDENTIFIER_CONTROL: "An identifier holds no control characters and no line breaks",
  IDENTIFIER_INVISIBLE:
    "An identifier holds no invisible or direction-changing characters and no unusual spaces",
  IDENTIFIER_DOTS: 'An identifier is neither "." nor ".."',
  PREFIX_MISSING: "An email address or a phone number needs its prefix, email: or phone:",
  PREFIX_CASE: "The prefix is written in lower case, without spaces: email:, phone: or id:",
  PREFIX_DOUBLE: "The prefix is written once",
  EMAIL_INVALID:
    "An email address has one @ with text on both sides, no spaces and at most 254 characters",
  PHONE_INVALID:
    "A phone number is + and 8 to 15 digits, the first not 0, without spaces or punctuation (E.164)",
  CONTACT_TYPE: "A contact is an object",
  CONTACT_UNREADABLE: "A property could not be read",
  FIRST_NAME_MISSING: "firstName is required and holds at least one visible character",
  UNKNOWN_FIELD: "This field is not part of a contact",
  TOO_MANY_FIELDS: "A contact has at most 100 properties",
  STRING_EXPECTED: "The value is a string",
  STRING_TOO_LONG: "A string has at most 4,096 bytes",
  STRING_MALFORMED: "A string holds no NUL and no half of a surrogate pair",
  LANGUAGE_INVALID: "language is a BCP 47 tag, such as ms or pt-BR",
  COUNTRY_CODE_INVALID: "countryCode is two letters, such as MY",
  PROFILE_PIC_INVALID: "profilePic is a URL that begins with https:// or http://",
  PROFILE_PIC_TOO_LONG: "profilePic has at most 2,048 bytes",
  CUSTOM_FIELDS_TYPE:
    "Custom fields are an object of names and values, or an array of { name, value }",
  CUSTOM_FIELDS_TWICE: "Custom fields are given once, as customFields or as custom_fields",
  CUSTOM_FIELDS_TOO_MANY: "A contact has at most 200 custom fields",
  CUSTOM_FIELD_TYPE: "A custom field is an object { name, value }",
  CUSTOM_FIELD_NAME: "A custom field has a name, a string with at least one visible character",
  CUSTOM_FIELD_RESERVED: "A custom field is not named __proto__, constructor or prototype",
  CUSTOM_FIELD_TWICE: "A custom field is given once",
  CUSTOM_FIELD_UNKNOWN: "This custom field is not in the catalogue",
  CUSTOM_FIELD_VALUE: "The value of a custom field is a string, a finite number or a boolean",
  TEXT_INVALID: "A text value is a string",
  NUMBER_INVALID: "A number value is a finite number",
  URL_INVALID: "A URL value is a web address, with http://, https:// or no scheme, without spaces",
  LIST_INVALID: "A list value is one of the options of its list",
  DATE_INVALID: "A date value is a day that exists, written yyyy-mm-dd",
  TIME_INVALID: "A time value is written HH:MM, from 00:00 to 23:59",
  CHECKBOX_INVALID: "A checkbox value is true or false",
  BODY_TOO_LARGE: "A contact has at most 102,400 bytes as JSON",
  CATALOGUE_INVALID: "The catalogue of custom fields is not valid",
  ISSUES_TOO_MANY: "More issues were found than are listed",
} as const

/** Names a broken rule. */
export type IssueCode = keyof typeof issueRules

/** One broken rule: its place, the rule, and how to fix it; never the value. */
export type Issue = Types.Issue

const schema = () =>
  Schema.Struct({
    path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
    code: Schema.String,
    rule: Schema.String,
    suggestion: Schema.optionalKey(Schema.String),
  }).annotate({
    identifier: "Issue",
    description: "A broken rule: where, which, and how to mend it; never the value",
  })

/** Encodes issues to JSON and decodes them back. */
// One pure call, so that bundles that only validate leave the schema out.
export const Issue = /* @__PURE__ */ schema()

/** The most issues that one validation lists; after them one `ISSUES_TOO_MANY` follows. */
export const MAX_ISSUES = 100

/** Makes an issue from its code, with a path of its own; the rule comes from the table. */
export const make = (
  code: IssueCode,
  path: ReadonlyArray<string | number>,
  suggestion?: string,
): Issue =>
  suggestion === undefined
    ? { path: [...path], code, rule: issueRules[code] }
    : { path: [...path], code, rule: issueRules[code], suggestion }

/** Renders an issue as one line: path, rule, suggestion. */
export const format = (issue: Issue): string => {
  const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `
  return `${where}${issue.rule}${issue.suggestion === undefined ? "" : ` (${issue.suggestion})`}`
}
