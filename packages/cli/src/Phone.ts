/** Converts national phone numbers to E.164. The numbering plans of all countries are large and loaded when needed. */
import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"

const national = /^\+?[\d ().\-/]{4,32}$/
const international = /^\+\d+$/

/** Returns whether a text may be a phone number that is not in E.164: without its country code, or with punctuation. */
export const isNational = (text: string): boolean =>
  national.test(text) && !international.test(text)

/** Converts a number to E.164; text that is not a valid number of the country stays as it is, and core rejects it. */
export const toE164 = (text: string, country: string): Effect.Effect<string, Failure> =>
  Effect.flatMap(
    Effect.promise(() => import("libphonenumber-js/max")),
    ({ isSupportedCountry, parsePhoneNumberFromString }) => {
      if (!isSupportedCountry(country)) {
        return Effect.fail(
          usage(
            `unknown country code "${country}" for --default-country`,
            "fix:   use the two letters of ISO 3166, such as MY or DE",
            "nothing was sent",
          ),
        )
      }
      const parsed = parsePhoneNumberFromString(text, country)
      return Effect.succeed(parsed?.isValid() === true ? parsed.number : text)
    },
  )
