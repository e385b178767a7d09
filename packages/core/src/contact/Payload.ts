/**
 * The body of the request as a schema: what the wire carries (W3, W4), for
 * servers that validate it and for the OpenAPI document. The client itself
 * validates with `Contact.validate`, which holds to the same rules.
 */
import * as Schema from "effect/Schema"
import * as Characters from "./Characters.ts"
import * as CustomField from "./CustomField.ts"
import { issueRules } from "./Issue.ts"
import * as Rule from "./TextRules.ts"

// The rule itself is the function; the pattern is what JSON Schema can say of it.
const held = (
  holds: (text: string) => boolean,
  message: string,
  jsonSchema: Record<string, unknown>,
) => Schema.makeFilter<string>(holds, { message, toJsonSchema: () => jsonSchema })

const text = Schema.String.check(
  held(
    (s) => CustomField.checkString(s, []) === undefined,
    `${issueRules.STRING_TOO_LONG}. ${issueRules.STRING_MALFORMED}`,
    {
      maxLength: Rule.MAX_STRING,
    },
  ),
)

const visible = (message: string) =>
  held((s) => !Characters.isBlank(s), message, { pattern: "\\S" })

/** The schema of one custom field on the wire. */
const CustomFieldPayload = Schema.Struct({
  name: text
    .check(visible(issueRules.CUSTOM_FIELD_NAME))
    .check(held((s) => !CustomField.isReserved(s), issueRules.CUSTOM_FIELD_RESERVED, {}))
    .annotate({
      description: "The name of the field, spelled as in Aelyst",
      examples: ["Company Website"],
    }),
  value: Schema.optionalKey(
    Schema.Union([text, Schema.Finite, Schema.Boolean]).annotate({
      description:
        'Text, email, URL and list: a string. Number: a number. Date: yyyy-mm-dd. Time: HH:MM, 24 hours. Checkbox: "true" or "false"',
      examples: ["https://example.com"],
    }),
  ),
}).annotate({
  identifier: "CustomField",
  description: "A custom field; one without a value is legal",
})

/**
 * Encodes and decodes the body of the request.
 *
 * **Details**
 *
 * Holds to the rules of `Contact.validate`; whatever that makes decodes here. Keys that are not listed are dropped, or
 * refused with `onExcessProperty: "error"`.
 */
export const Payload = Schema.Struct({
  firstName: text.check(visible(issueRules.FIRST_NAME_MISSING)).annotate({
    description: "The first name, with at least one visible character",
    examples: ["Muhammad "],
  }),
  lastName: Schema.optionalKey(
    text.annotate({ description: "The last name", examples: ["Mahin"] }),
  ),
  phone: Schema.optionalKey(
    Schema.String.check(
      held(Rule.isPhone, issueRules.PHONE_INVALID, { pattern: "^\\+[1-9][0-9]{7,14}$" }),
    ).annotate({ description: "The phone number in E.164 form", examples: ["+60123456789"] }),
  ),
  email: Schema.optionalKey(
    Schema.String.check(
      held(Rule.isEmail, issueRules.EMAIL_INVALID, {
        pattern: "^[^@\\s]+@[^@\\s]+$",
        maxLength: Rule.MAX_EMAIL,
      }),
    ).annotate({ description: "The email address", examples: ["test@example.com"] }),
  ),
  language: Schema.optionalKey(
    Schema.String.check(
      held(Rule.isLanguage, issueRules.LANGUAGE_INVALID, {
        pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        maxLength: 35,
      }),
    ).annotate({ description: "The language as a BCP 47 tag", examples: ["ms"] }),
  ),
  profilePic: Schema.optionalKey(
    Schema.String.check(
      held(
        Rule.isProfilePic,
        `${issueRules.PROFILE_PIC_INVALID}. ${issueRules.PROFILE_PIC_TOO_LONG}`,
        {
          pattern: "^[Hh][Tt][Tt][Pp][Ss]?://",
          maxLength: Rule.MAX_PROFILE_PIC,
        },
      ),
    ).annotate({
      description: "The URL of the profile picture",
      examples: ["https://cdn.aelyst.ai/profile_avatar.png"],
    }),
  ),
  countryCode: Schema.optionalKey(
    Schema.String.check(
      held(
        (s) => Rule.isCountryCode(s) && s === s.toUpperCase(),
        `${issueRules.COUNTRY_CODE_INVALID}, in upper case`,
        {
          pattern: "^[A-Z]{2}$",
        },
      ),
    ).annotate({ description: "The country as two upper-case letters", examples: ["MY"] }),
  ),
  custom_fields: Schema.optionalKey(
    Schema.Array(CustomFieldPayload)
      .check(Schema.isMaxLength(CustomField.MAX_FIELDS))
      .check(
        Schema.makeFilter<ReadonlyArray<{ readonly name: string }>>(
          (fields) => new Set(fields.map((field) => field.name)).size === fields.length,
          { message: issueRules.CUSTOM_FIELD_TWICE, toJsonSchema: () => ({}) },
        ),
      )
      .annotate({ description: "The custom fields; each is given once" }),
  ),
}).annotate({
  identifier: "Contact",
  description: "A contact to create",
  examples: [
    {
      firstName: "Muhammad ",
      lastName: "Mahin",
      phone: "+60123456789",
      email: "test@example.com",
      language: "ms",
      profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
      countryCode: "MY",
      custom_fields: [{ name: "Company Website", value: "https://example.com" }],
    },
  ],
})

/** The body of the request. */
export type Payload = typeof Payload.Type
