/** The error messages of the form's fields. */
import type { Problem } from "@aelyst/express"

const words: Readonly<Record<string, string>> = {
  FIRST_NAME_MISSING: "Enter your first name",
  IDENTIFIER_MISSING: "Enter your email address or your phone number",
  EMAIL_INVALID: "Enter an email address in the form name@example.com",
  PHONE_INVALID: "Enter a phone number with its country code, such as +60 12 345 6789",
  PHONE_NO_COUNTRY: "Enter a phone number with its country code, such as +60 12 345 6789",
  STRING_TOO_LONG: "This is too long",
}

/** Returns the message for each field of the form that has an issue. */
export const errorsOf = (problem: Problem): Record<string, string> =>
  Object.fromEntries(
    (problem.issues ?? [])
      .toReversed()
      .map((issue) => [issue.field, words[issue.code] ?? issue.rule]),
  )
