/** Phone numbers of a file: read by the plan of the row's country, and refused if that leaves a doubt (R32). */
import { PhoneReading } from "@aelyst/core/adapter"
import * as Result from "effect/Result"
import type * as Max from "libphonenumber-js/max"

import type { Counts, Fault, Read } from "./Fault.ts"
import { ofIssue } from "./Fault.ts"

/** The numbering plans of all countries, loaded when they are needed. */
export type Plans = typeof Max

type Country = Max.CountryCode

/** Reads the phone numbers of a file. */
export interface PhoneReader {
  /** Reads a number as one of `country`, two letters that have a numbering plan. */
  readonly read: (text: string, country: string | undefined, counts: Counts) => Read
  /** Returns whether a country has a numbering plan. */
  readonly hasPlan: (country: string) => boolean
  /** Returns whether digits without `+` are a number that exists with one. */
  readonly isValidWithPlus: (text: string) => boolean
  /** Returns the country of a calling code such as `60`, `+60` or `0060`; of shared codes the main one. */
  readonly countryOf: (dialingCode: string) => string | undefined
}

// the countries to which a number belongs that is written as at home, where several share a calling code
const main: Readonly<Record<string, Country>> = {
  "1": "US",
  "7": "RU",
  "39": "IT",
  "44": "GB",
  "47": "NO",
  "61": "AU",
  "212": "MA",
  "262": "RE",
  "290": "SH",
  "358": "FI",
  "590": "GP",
  "599": "CW",
}

const lengths: Readonly<Record<string, string>> = {
  TOO_SHORT: "too short",
  TOO_LONG: "too long",
  INVALID_LENGTH: "has a number of digits that no number has",
}

const bareDigits = (text: string): string | undefined =>
  /^[\d ().-]+$/.test(text) ? text.replace(/\D/g, "") : undefined

/** Creates a reader. With `digitsHavePlus`, digits that are no number of the country are read as though `+` were before them. */
export const make = (plans: Plans, digitsHavePlus: boolean): PhoneReader => {
  const all = plans.getCountries()
  const known = new Set<string>(all)
  const countries = new Map<string, Country>()
  for (const country of all) {
    const code: string = plans.getCountryCallingCode(country)
    if (!countries.has(code)) countries.set(code, main[code] ?? country)
  }

  const withPlus = (text: string): string | undefined => {
    const digits = bareDigits(text)
    // what the API takes (D2)
    if (digits === undefined || !/^[1-9]\d{7,14}$/.test(digits)) return undefined
    const number = plans.parsePhoneNumberFromString(`+${digits}`)
    return number?.isValid() === true && number.number === `+${digits}` ? number.number : undefined
  }

  /** Returns how the length of a number is wrong; undefined if it is right. */
  const lengthReason = (text: string, country: string | undefined): string | undefined => {
    // safe: `country` has a numbering plan, which is all that the type says
    const plan = country as Country | undefined
    const length = plans.validatePhoneNumberLength(text, plan)
    const reason = length === undefined ? undefined : lengths[length]
    const isNational = country !== undefined && !/^\W*\+/.test(text)
    return reason && `${reason}${isNational ? ` for ${country}` : ""}`
  }

  return {
    read: (value, country, counts) => {
      const read = PhoneReading.parse(plans, value, country)
      if (Result.isSuccess(read)) {
        if (read.success !== value) {
          if (PhoneReading.hasExtension(value)) counts.omit("extension")
          counts.fix("phone")
        }
        return Result.succeed(read.success)
      }
      const number = digitsHavePlus ? withPlus(value) : undefined
      if (number !== undefined) {
        counts.fix("plus")
        return Result.succeed(number)
      }
      const fault = ofIssue(read.failure)
      const reason = fault.code === "PHONE_INVALID" ? lengthReason(value, country) : undefined
      return Result.fail<Fault>(reason === undefined ? fault : { ...fault, reason })
    },
    hasPlan: (country) => known.has(country),
    isValidWithPlus: (text) => withPlus(text) !== undefined,
    countryOf: (dialingCode) => countries.get(dialingCode.replace(/\D/g, "").replace(/^00/, "")),
  }
}
