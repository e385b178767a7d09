/** Phone numbers as people write them, read with the numbering plans of all countries. */
import * as Result from "effect/Result"
import * as Plans from "libphonenumber-js/max"

import { checkCountry } from "./CountryOption.ts"
import type { ValidateOptions, Validated } from "../contact/Contact.ts"
import type { Issue } from "../contact/Issue.ts"
import * as PhoneReading from "../contact/PhoneReading.ts"

/** How phone numbers are read. */
export interface PhoneOptions {
  /** The country of numbers without `+`, two letters (ISO 3166), such as `MY`. Default: none, such numbers are refused. */
  readonly defaultCountry?: string | undefined
}

const countryOf = ({ defaultCountry }: PhoneOptions): string | undefined =>
  Result.getOrThrow(checkCountry(defaultCountry))

/**
 * Reads a phone number as people write it, and returns it in E.164.
 *
 * **Details**
 *
 * Spaces, brackets, dots, dashes, `tel:`, extensions, invisible characters, other forms of digits and Excel's `.0` are
 * taken off. A number with `+` keeps its digits; a trunk zero in brackets (`+44 (0)20 …`) is left out if the country's
 * plan has none there, and a bare one (`+44 020 …`) is refused with the fix, while `+39 06 …` keeps its zero (D2). Digits
 * without `+` are read as a number of `defaultCountry`, or as dialled from there; without one they are ambiguous and
 * refused. A number in strict E.164 without a zero after its country code is returned as it is.
 *
 * Fails with one issue at `phone`, never with the value: `PHONE_INVALID`, `PHONE_NO_COUNTRY`, or `PHONE_SCIENTIFIC` for
 * a number that a spreadsheet has rounded (`6.01E+10`). Throws `ConfigurationError` for a country without a numbering plan.
 *
 * **Example**
 *
 * ```ts
 * import { parsePhone } from "@aelyst/core/phone"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrThrow(parsePhone("+44 (0)20 7946 0958"))) // => +442079460958
 * console.log(Result.getOrThrow(parsePhone("012-345 6789", { defaultCountry: "MY" }))) // => +60123456789
 *
 * const refused = parsePhone("+44 020 7946 0958")
 * if (Result.isFailure(refused)) console.log(refused.failure.suggestion)
 * // => leave out the 0 after the country code
 * ```
 */
export const parsePhone = (
  text: string,
  options: PhoneOptions = {},
): Result.Result<string, Issue> => PhoneReading.parse(Plans, text, countryOf(options))

/**
 * Validates an identifier and a contact as core's `validate` does, after reading the contact's `phone` and a `phone:`
 * identifier as `parsePhone` does.
 *
 * **Example**
 *
 * ```ts
 * import { validateWithPhones } from "@aelyst/core/phone"
 * import { Result } from "effect"
 *
 * const options = { defaultCountry: "MY" }
 * const valid = validateWithPhones("phone:012-345 6789", { firstName: "Siti" }, options)
 * console.log(Result.getOrThrow(valid).identifier) // => phone:+60123456789
 * ```
 */
export const validateWithPhones = (
  identifier: unknown,
  contact: unknown,
  options: PhoneOptions & ValidateOptions = {},
): Result.Result<Validated, ReadonlyArray<Issue>> =>
  PhoneReading.validateWith(Plans, identifier, contact, countryOf(options), options)
