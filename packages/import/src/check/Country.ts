/** Countries by code or by name, as people write them. */
import * as Result from "effect/Result"

import type { Read } from "./Fault.ts"
import { fault } from "./Fault.ts"
import * as NameIndex from "./NameIndex.ts"

// ISO 3166-1, and XK for Kosovo. `Intl` knows more regions, such as EU and ZZ, which are no countries.
const codes = (
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
  "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO " +
  "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE " +
  "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO " +
  "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW " +
  "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM " +
  "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
).split(" ")

// names in use that `Intl` does not have
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

const known = new Set(codes)

let index: NameIndex.NameIndex | undefined

/**
 * Returns the code of a country that is written as a code or as a name.
 *
 * A calling code such as 60 fails with the option that joins it to the phone number.
 */
export const read: (text: string) => Read = NameIndex.remembered((text) => {
  const code = text.toUpperCase()
  if (known.has(code)) return Result.succeed(code)
  index ??= NameIndex.make("region", codes, more)
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
