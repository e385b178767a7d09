/** Countries by code or by name, as people write them. */
import * as Result from "effect/Result"

import type { Read } from "./Fault.ts"
import { fault } from "./Fault.ts"
import { names } from "./CountryNames.ts"
import * as NameIndex from "./NameIndex.ts"

// names in use that are not in the list
const more = {
  UK: "GB",
  "Great Britain": "GB",
  "U.K.": "GB",
  England: "GB",
  Scotland: "GB",
  Wales: "GB",
  "Northern Ireland": "GB",
  USA: "US",
  "U.S.A.": "US",
  "United States of America": "US",
  "Vereinigte Staaten von Amerika": "US",
  America: "US",
  "Ivory Coast": "CI",
  "Czech Republic": "CZ",
  Holland: "NL",
  Turkey: "TR",
  Burma: "MM",
  Swaziland: "SZ",
  Macedonia: "MK",
  "Cape Verde": "CV",
  "East Timor": "TL",
  "South Korea": "KR",
  "Republic of Korea": "KR",
  "Korea, Republic of": "KR",
  "North Korea": "KP",
  Russia: "RU",
  "Russian Federation": "RU",
  "Viet Nam": "VN",
  "Hong Kong": "HK",
  Macau: "MO",
  Macao: "MO",
  "Taiwan, Province of China": "TW",
  "Iran, Islamic Republic of": "IR",
  "Syrian Arab Republic": "SY",
  "Lao PDR": "LA",
  "Brunei Darussalam": "BN",
  "Moldova, Republic of": "MD",
  "Tanzania, United Republic of": "TZ",
  "Venezuela, Bolivarian Republic of": "VE",
  "Bolivia, Plurinational State of": "BO",
  UAE: "AE",
  KSA: "SA",
  PRC: "CN",
  "Mainland China": "CN",
} as const

const known = new Set(names.map(([, code]) => code))

let index: NameIndex.NameIndex | undefined

/**
 * Returns the code of a country that is written as a code or as a name.
 *
 * A calling code such as 60 fails with the option that joins it to the phone number.
 */
export const read: (text: string) => Read = NameIndex.remembered((text) => {
  const code = text.toUpperCase()
  if (known.has(code)) return Result.succeed(code)
  index ??= NameIndex.make("region", names, more)
  const named = index.find(text)
  if (named !== undefined) return Result.succeed(named)
  if (/^\+?\d{1,4}$/.test(text)) {
    return fault(
      "COUNTRY_UNKNOWN",
      "a calling code is no country",
      "map the column to dialingCode to put it before the phone number",
    )
  }
  const near = index.near(text)
  return fault(
    "COUNTRY_UNKNOWN",
    "no country has this code or name",
    near === undefined ? "write two letters, such as MY" : `did you mean ${near}?`,
  )
})
