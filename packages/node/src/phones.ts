/** Reads phone numbers as people write them, for callers of Promises. */
import { PhoneReading, checkCountry, isPlainPhone } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

import { orThrow } from "./options.ts"
import { invalid, loadPlans } from "./PhoneClient.ts"

/**
 * Reads a phone number as people write it, and returns it in E.164.
 *
 * Spaces, brackets, `tel:`, extensions and the like are taken off. Digits without `+` are read as a number of
 * `defaultCountry`, two letters such as `MY`; without one they are refused. Rejects with `InvalidContactError` for a text
 * that is not a number, or could be another one, and with a `TypeError` for an unknown country. The numbering plans are loaded at
 * first use.
 *
 * **Example**
 *
 * ```ts
 * import { parsePhone } from "@aelyst/node"
 *
 * console.log(await parsePhone("+44 (0)20 7946 0958")) // => +442079460958
 * console.log(await parsePhone("012-345 6789", { defaultCountry: "MY" })) // => +60123456789
 * ```
 */
export const parsePhone = async (
  text: string,
  options: { readonly defaultCountry?: string | undefined } = {},
): Promise<string> => {
  const country = orThrow(checkCountry(options.defaultCountry))
  if (isPlainPhone(text)) return text
  const number = PhoneReading.parse(await loadPlans(), String(text), country)
  if (Result.isFailure(number)) throw invalid([number.failure])
  return number.success
}
