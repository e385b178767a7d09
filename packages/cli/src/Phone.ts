/** Reads phone numbers as people type them. The numbering plans of all countries are large and loaded when needed. */
import { isPhoneCountry } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"

/** Loads the reader of phone numbers. */
export const reader = Effect.promise(() => import("@aelyst/core/phone"))

/** Checks that the default country, two letters in upper case, has a numbering plan. */
export const checkCountry = (country: string | undefined): Effect.Effect<void, Failure> =>
  country === undefined || isPhoneCountry(country)
    ? Effect.void
    : Effect.fail(
        usage(
          `unknown country code "${country}" for --default-country`,
          "fix:   use the two letters of ISO 3166, such as MY or DE",
          "nothing was sent",
        ),
      )
