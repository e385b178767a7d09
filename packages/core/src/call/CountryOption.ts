/** The option `defaultCountry` of everything that reads phone numbers: a country with a numbering plan. */
import * as Result from "effect/Result"

import { isPhoneCountry } from "../contact/PhoneText.ts"
import { ConfigurationError, show } from "./ConfigurationError.ts"
import type { Checked } from "./RequestOptions.ts"

/**
 * Returns a country in upper case, undefined if none was given; fails with `ConfigurationError` if it has no numbering
 * plan.
 *
 * **Example**
 *
 * ```ts
 * import { checkCountry } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrThrow(checkCountry("my"))) // => MY
 * const unknown = checkCountry("XX")
 * if (Result.isFailure(unknown)) console.log(unknown.failure.message)
 * // => `defaultCountry` must be the two letters of a country, such as MY: unknown country code "XX"
 * ```
 */
export const checkCountry = (given: unknown): Checked<string | undefined> => {
  if (given === undefined) return Result.succeed(undefined)
  const country = typeof given === "string" ? given.toUpperCase() : ""
  if (isPhoneCountry(country)) return Result.succeed(country)
  const rule = "must be the two letters of a country, such as MY: unknown country code"
  return Result.fail(new ConfigurationError("defaultCountry", `${rule} ${show(given)}`))
}
