/** Numbers as people write them at home, brought to E.164. The plans of all countries are large: loaded when needed. */
import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"

const national = /^\+?[\d ().\-/]{4,32}$/
const international = /^\+\d+$/

/** Tells whether a text may be a number that needs a country, or only tidying, to become E.164. */
export const isNational = (text: string): boolean =>
  national.test(text) && !international.test(text)

/** Brings a number to E.164; a text that is no valid number of the country stays as it is, for core to refuse. */
export const toE164 = (text: string, country: string): Effect.Effect<string, Failure> =>
  Effect.flatMap(
    Effect.promise(() => import("libphonenumber-js/max")),
    ({ isSupportedCountry, parsePhoneNumberFromString }) => {
      if (!isSupportedCountry(country)) {
        return Effect.fail(usage(`unknown country code "${country}" for --default-country`))
      }
      const parsed = parsePhoneNumberFromString(text, country)
      return Effect.succeed(parsed?.isValid() === true ? parsed.number : text)
    },
  )
