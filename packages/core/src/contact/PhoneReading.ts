/**
 * Reads phone numbers as people write them into E.164, by the numbering plans that it is given (D2). Digits are only
 * removed if the plan says that they are dialled but do not belong to the number, so a number is read as itself or refused.
 * `phone.ts` has the plans; packages that load them late pass them themselves.
 */
import { isReadonlyObject } from "effect/Predicate"
import * as Result from "effect/Result"

import type { ValidateOptions, Validated } from "./Contact.ts"
import { validate } from "./Contact.ts"
import * as Issue from "./Issue.ts"
import { isPlainPhone, phoneOf } from "./PhoneText.ts"
import { isPhone, phoneHint } from "./TextRules.ts"

/** A country that has a numbering plan, two letters in upper case; `libphonenumber-js` has another type for it. */
type Country = never

/** A number that was read by its plan, as `libphonenumber-js` returns it. */
interface PlannedNumber {
  readonly number: string
  readonly nationalNumber: string
  readonly countryCallingCode: string
  isPossible(): boolean
  isValid(): boolean
  formatNational(options?: { readonly nationalPrefix?: boolean }): string
  format(format: "IDD", options: { readonly fromCountry: Country }): string
}

/** The numbering plans of all countries: what is used of `libphonenumber-js/max`. */
export interface PhonePlans {
  parsePhoneNumberFromString(
    text: string,
    options?: { readonly defaultCountry?: Country },
  ): PlannedNumber | undefined
}

type Read = Result.Result<string, Issue.Issue>

/** The longest text that is read. */
const MAX_LENGTH = 100

// bidi marks, zero width, variation selectors, BOM
const invisible = /\p{Default_Ignorable_Code_Point}/gu
const otherDigits = /[\u0660-\u0669\u06f0-\u06f9]/g
const extension = /[ ;,]*(?:extension|extn?|x|#)[ .:=]*\d{1,7}$/i

/**
 * Returns whether a text ends with an extension, which `parse` leaves out: `ext. 12`, `x12`, `#12`.
 *
 * **Example**
 *
 * ```ts
 * import { PhoneReading } from "@aelyst/core/adapter"
 *
 * console.log(PhoneReading.hasExtension("+60 12-345 6789 ext. 12")) // => true
 * ```
 */
export const hasExtension = (text: string): boolean =>
  text.length <= MAX_LENGTH && /[#x]/i.test(text) && extension.test(text.trim())

/** Removes everything that does not belong to a number: other forms of characters, `tel:`, Excel's `.0`, an extension. */
const tidy = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(invisible, "")
    .replace(/[\p{Z}\t]+/gu, " ")
    .replace(/\p{Pd}|\u2212/gu, "-")
    .replace(otherDigits, (digit) => String(digit.charCodeAt(0) & 15))
    .trim()
    .replace(/^tel: */i, "")
    .replace(/^(\+?\d{5,})\.0$/, "$1")
    .replace(extension, "")
    .trim()

/** Returns whether a text is a number that needs no tidying and that `written` matches, as most are. */
const isTidy = (text: string): boolean => /^\+?[\d ().-]*\d$/.test(text) && !text.endsWith(".0")

// a slash may follow an area code, but not separate two numbers or two last digits
const written = /^\(? *\+?[\d ().-]*\d[ ().-]*(?:\/[\d ().-]{5,})?$/
const digitsOf = (text: string): string => text.replace(/\D/g, "")

/** Succeeds with a number of the plans, unless it is too short for the API (D2). */
const found = ({ number }: PlannedNumber, invalid: () => Read): Read =>
  isPhone(number) ? Result.succeed(number) : invalid()

/** Reads a number that begins with `+`: it keeps its digits, except for a trunk zero in brackets. */
const international = (
  plans: PhonePlans,
  text: string,
  invalid: (suggestion?: string) => Read,
): Read => {
  const digits = digitsOf(text)
  const parsed = plans.parsePhoneNumberFromString(`+${digits}`)
  if (parsed === undefined) return invalid(phoneHint(`+${digits}`))
  const code = parsed.countryCallingCode
  const hasZero = digits.startsWith(`${code}0`)
  const inBrackets = /\( *0 *\)/.test(text)
  const leaveOut = `leave out the ${inBrackets ? "(0)" : "0"} after the country code`
  if (parsed.number === `+${digits}`) {
    return (hasZero ? parsed.isValid() : parsed.isPossible())
      ? found(parsed, invalid)
      : invalid(hasZero ? leaveOut : undefined)
  }
  if (!hasZero || parsed.number !== `+${code}${digits.slice(code.length + 1)}`) return invalid()
  return inBrackets && parsed.isValid() ? found(parsed, invalid) : invalid(leaveOut)
}

/** Returns whether digits are a number as it is written at home, as dialled from abroad, or with only the country code. */
const isWritten = (digits: string, number: PlannedNumber, country: Country): boolean => {
  const { nationalNumber, countryCallingCode } = number
  const before = digits.slice(0, -nationalNumber.length)
  // formatting costs more than parsing, and most numbers are written in one of these ways
  const isCommon =
    digits.endsWith(nationalNumber) &&
    ["", "0", countryCallingCode, `00${countryCallingCode}`].includes(before)
  return (
    isCommon ||
    digitsOf(number.formatNational()) === digits ||
    digitsOf(number.formatNational({ nationalPrefix: true })) === digits ||
    digitsOf(number.format("IDD", { fromCountry: country })) === digits
  )
}

/** Reads digits without `+` as a number of a country, or as dialled from there. */
const national = (
  plans: PhonePlans,
  digits: string,
  name: string,
  invalid: (suggestion?: string) => Read,
): Read => {
  // safe: options are checked against the list of countries that have a plan
  const country = name as Country
  // options, since the library would make them of a country
  const parsed = plans.parsePhoneNumberFromString(digits, { defaultCountry: country })
  const isRead = parsed?.isValid() === true && isWritten(digits, parsed, country)
  return isRead
    ? found(parsed, invalid)
    : invalid(`check it as a number of ${name}, or begin with + and the country code`)
}

/**
 * Reads a phone number; see `parsePhone` of `@aelyst/core/phone`. The country has been checked, and the issue is at `path`
 * (default `["phone"]`).
 *
 * **Example**
 *
 * ```ts
 * import { PhoneReading } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const plans = await import("libphonenumber-js/max")
 * console.log(Result.getOrThrow(PhoneReading.parse(plans, "012-345 6789", "MY"))) // => +60123456789
 * ```
 */
export const parse = (
  plans: PhonePlans,
  text: string,
  country: string | undefined,
  path: Issue.Path = ["phone"],
): Read => {
  const fail = (code: Issue.IssueCode, suggestion?: string): Read =>
    Result.fail(Issue.make(code, path, suggestion))
  const invalid = (suggestion?: string) => fail("PHONE_INVALID", suggestion)
  if (isPlainPhone(text)) return Result.succeed(text)
  if (text.length > MAX_LENGTH) return invalid()
  const isSimple = isTidy(text)
  const number = isSimple ? text : tidy(text)
  if (!isSimple && /^\+?\d+(?:[.,]\d+)?e\+?\d+$/i.test(number)) {
    return fail("PHONE_SCIENTIFIC", "re-export the column as text")
  }
  if (!isSimple && !written.test(number)) {
    return invalid(/^[+\d ().,;/-]+$/.test(number) ? "give one number" : phoneHint(number))
  }
  if (/^\(? *\+/.test(number)) return international(plans, number, invalid)
  const digits = digitsOf(number)
  if (digits.length < 5) return invalid()
  if (country !== undefined) return national(plans, digits, country, invalid)
  return fail(
    "PHONE_NO_COUNTRY",
    number.startsWith("00")
      ? "write + in place of the leading 00"
      : "begin with + and the country code, such as +60",
  )
}

/**
 * Validates a contact after reading its phone number and a `phone:` identifier; see `validateWithPhones` of
 * `@aelyst/core/phone`. The country has been checked.
 *
 * **Example**
 *
 * ```ts
 * import { PhoneReading } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const plans = await import("libphonenumber-js/max")
 * const contact = { firstName: "Ana", phone: "+44 (0)20 7946 0958" }
 * const valid = PhoneReading.validateWith(plans, "id:5", contact, undefined)
 * console.log(Result.getOrThrow(valid).payload.phone) // => +442079460958
 * ```
 */
export const validateWith = (
  plans: PhonePlans,
  identifier: unknown,
  contact: unknown,
  country: string | undefined,
  options?: ValidateOptions,
): Result.Result<Validated, ReadonlyArray<Issue.Issue>> => {
  const issues: Array<Issue.Issue> = []
  // stands for a number with an issue, so that the rest is validated too
  const orElse = <A>(number: Read, other: A): string | A => {
    if (Result.isSuccess(number)) return number.success
    issues.push(number.failure)
    return other
  }
  const phone = phoneOf(identifier)
  const number =
    phone === undefined ? undefined : orElse(parse(plans, phone, country, ["identifier"]), "")
  const id = number === undefined ? identifier : number === "" ? "id:0" : `phone:${number}`
  let copy = contact
  try {
    const own = isReadonlyObject(contact) ? { ...contact } : {}
    if (typeof own["phone"] === "string") {
      copy = { ...own, phone: orElse(parse(plans, own["phone"], country), undefined) }
    }
  } catch {
    // a getter of the caller's threw; validation reports it
  }
  const valid = validate(id, copy, options)
  if (issues.length === 0) return valid
  return Result.fail(Result.isFailure(valid) ? [...issues, ...valid.failure] : issues)
}
