/**
 * The rules that texts must keep (W3, W4, D2, D10): one list per field and type, read by the validation of contacts and
 * by the schema of the wire. Predicates take linear time; a hint says how to fix a text and never quotes it.
 */
import * as Characters from "./Characters.ts"
import * as Issue from "./Issue.ts"

/** The most characters of an email address. */
export const MAX_EMAIL = 254
/** The most bytes of a string in a contact. */
export const MAX_STRING = 4096
/** The most bytes of `profilePic`. */
export const MAX_PROFILE_PIC = 2048

/** A rule for a text, by the code of its issue. */
export interface TextRule {
  readonly code: Issue.IssueCode
  readonly holds: (text: string) => boolean
  /** Returns how to fix a text that breaks the rule, if that is known. */
  readonly hint?: (text: string) => string | undefined
}

// an identifier, or a link, in place of an address or a number
const hasPrefix = (text: string): boolean => /^(?:email|phone|mailto|tel):/i.test(text)

const removeFirst = (text: string, characters: RegExp): string | undefined => {
  const at = text.search(characters)
  return at === -1 ? undefined : `remove character ${at + 1}`
}

// an address that keeps the rules below; most match it
const plainEmail = /^[\w.%+-]+@[\w.-]+$/

/**
 * Returns whether a text is an email address: one `@` with text on both sides, no spaces, control or invisible
 * characters, at most 254 characters, without a prefix such as `email:` (D2).
 */
export const isEmail = (text: string): boolean =>
  text.length <= MAX_EMAIL &&
  (plainEmail.test(text) ||
    (/^[^@]+@[^@]+$/.test(text) && !Characters.unseen.test(text) && !hasPrefix(text)))

/** Returns whether a text is a phone number in E.164 form: `+` and 8 to 15 digits, the first not 0 (D2). */
export const isPhone = (text: string): boolean => /^\+[1-9]\d{7,14}$/.test(text)

/** Returns a hint for a text that is not an email address. */
export const emailHint = (text: string): string | undefined => {
  if (text.length > MAX_EMAIL) return undefined
  if (hasPrefix(text)) return "leave the prefix out"
  return (
    removeFirst(text, Characters.unseen) ?? (/@.*@/.test(text) ? "give one address" : undefined)
  )
}

/** Counts the digits of a text that has only digits and phone punctuation after an optional `+`; else returns -1. */
export const phoneDigits = (text: string): number =>
  text.length <= 40 && /^\+?[\d .()/-]*$/.test(text) ? text.replace(/\D/g, "").length : -1

/** Returns a hint for a text that is not a phone number. */
export const phoneHint = (text: string): string | undefined => {
  if (hasPrefix(text)) return "leave the prefix out"
  const count = phoneDigits(text)
  if (count < 7) return undefined
  if (!text.startsWith("+")) {
    return text.startsWith("00")
      ? "write + in place of the leading 00"
      : "begin with + and the country code, such as +60"
  }
  if (count !== text.length - 1) return "remove spaces and punctuation"
  return text.startsWith("+0") ? "write the country code after +, without a leading 0" : undefined
}

/** Returns whether a text is a day that exists, written `yyyy-mm-dd`, of the years 0001 to 9999. */
export const isDate = (text: string): boolean => {
  if (!/^(?!0000)\d{4}-\d\d-\d\d$/.test(text)) return false
  const day = Date.parse(`${text}T00:00:00Z`)
  // a day that the month does not have is read as one of the next
  return !Number.isNaN(day) && new Date(day).toISOString().startsWith(text)
}

/** Returns whether a text is a time of day from `00:00` to `23:59`. */
export const isTime = (text: string): boolean => /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text)

const label = /^(?!-)[a-z\d\x80-\uffff-]{1,63}(?<!-)$/i

/**
 * Returns whether a text is a web address: `http://`, `https://` or no scheme, a host, perhaps a port, a path, a query and
 * a fragment (W4). Rejects other schemes, user names and spaces; without a scheme the host must have a dot.
 */
export const isUrl = (text: string): boolean => {
  if (Characters.isLongerThan(text, MAX_STRING) || Characters.unseen.test(text)) return false
  const parts = /^(https?:\/\/)?([^/?#:]{1,253})(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(text)
  if (parts === null) return false
  const [, scheme, host = "", port = "0"] = parts
  const labels = host.split(".")
  return (
    labels.every((one) => label.test(one)) &&
    (labels.length > 1 || scheme !== undefined) &&
    Number(port) <= 65_535
  )
}

/** Returns whether a text is a web address that begins with its scheme. */
export const isAbsoluteUrl = (text: string): boolean => /^https?:\/\//i.test(text) && isUrl(text)

/**
 * Returns whether a text has the shape of a BCP 47 language tag: two or three letters, then subtags of one to eight
 * letters or digits, the last not a single one, at most 35 characters (D10).
 */
export const isLanguage = (text: string): boolean =>
  text.length <= 35 && /^[a-z]{2,3}(?:-[a-z\d]{1,8})*$/i.test(text) && !/-.$/.test(text)

/** Returns whether a text is two ASCII letters (D10). */
export const isCountryCode = (text: string): boolean => /^[a-z]{2}$/i.test(text)

const string: ReadonlyArray<TextRule> = [
  { code: "STRING_TOO_LONG", holds: (text) => !Characters.isLongerThan(text, MAX_STRING) },
  {
    code: "STRING_MALFORMED",
    holds: (text) => !Characters.malformed.test(text),
    hint: (text) => removeFirst(text, Characters.malformed),
  },
]

const isVisible = (text: string): boolean => !Characters.isBlank(text)

const email: ReadonlyArray<TextRule> = [
  ...string,
  { code: "EMAIL_INVALID", holds: isEmail, hint: emailHint },
]

/** The rules for the text fields of a contact, in the order of the documentation. */
export const fields = {
  firstName: [...string, { code: "FIRST_NAME_MISSING", holds: isVisible }],
  lastName: string,
  phone: [...string, { code: "PHONE_INVALID", holds: isPhone, hint: phoneHint }],
  email,
  language: [
    ...string,
    {
      code: "LANGUAGE_INVALID",
      holds: isLanguage,
      hint: (text) => (isLanguage(text.replaceAll("_", "-")) ? "write - in place of _" : undefined),
    },
  ],
  profilePic: [
    ...string,
    {
      code: "PROFILE_PIC_TOO_LONG",
      holds: (text) => !Characters.isLongerThan(text, MAX_PROFILE_PIC),
    },
    {
      code: "PROFILE_PIC_INVALID",
      holds: isAbsoluteUrl,
      hint: (text) => (isUrl(text) ? "write https:// before it" : undefined),
    },
  ],
  countryCode: [...string, { code: "COUNTRY_CODE_INVALID", holds: isCountryCode }],
} satisfies Readonly<Record<string, ReadonlyArray<TextRule>>>

/** Names a text field of a contact. */
export type FieldName = keyof typeof fields

/** The rules for the values of custom fields that are texts (W4); the options of a list are known to its catalogue. */
export const values = {
  text: string,
  list: string,
  email,
  url: [...string, { code: "URL_INVALID", holds: isUrl }],
  date: [...string, { code: "DATE_INVALID", holds: isDate }],
  time: [...string, { code: "TIME_INVALID", holds: isTime }],
} satisfies Readonly<Record<string, ReadonlyArray<TextRule>>>

/** Returns whether a name would be mistaken for a part of JavaScript objects. */
export const isReserved = (name: string): boolean =>
  name === "__proto__" || name === "constructor" || name === "prototype"

/** The rules for the name of a custom field. */
export const customFieldName: ReadonlyArray<TextRule> = [
  ...string,
  { code: "CUSTOM_FIELD_NAME", holds: isVisible },
  { code: "CUSTOM_FIELD_RESERVED", holds: (name) => !isReserved(name) },
]

/** Returns the issue for the first rule that a text breaks; undefined if it keeps all. */
export const check = (
  rules: ReadonlyArray<TextRule>,
  text: string,
  path: Issue.Path,
): Issue.Issue | undefined => {
  for (const { code, holds, hint } of rules) {
    if (!holds(text)) return Issue.make(code, path, hint?.(text))
  }
  return undefined
}
