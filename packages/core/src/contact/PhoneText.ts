/**
 * Answers about phone numbers without the numbering plans, which are large: whether they are needed to read a number, and
 * which countries have one. `phone.ts` is the reader.
 */
import { isReadonlyObject } from "effect/Predicate"

import * as Rule from "./TextRules.ts"

// the calling codes of one, two and three digits (ITU-T E.164)
const zeroAfterCode =
  /^\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?!2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])[2-9]\d\d)0/

/**
 * Returns whether a number is in strict E.164 and has no zero after its country code. Every other number needs the plan
 * of its country: a zero there may be a trunk prefix, which does not belong to an international number (D2).
 *
 * **Example**
 *
 * ```ts
 * import { isPlainPhone } from "@aelyst/core/adapter"
 *
 * console.log(isPlainPhone("+60123456789"), isPlainPhone("+4402079460958")) // => true false
 * ```
 */
export const isPlainPhone = (text: string): boolean =>
  Rule.isPhone(text) && !zeroAfterCode.test(text)

/** Returns the number of a `phone:` identifier; undefined for others, and for one with a second prefix. */
export const phoneOf = (identifier: unknown): string | undefined => {
  if (typeof identifier !== "string") return undefined
  return /^phone:(?! *(?:email|phone|id) *:)(.+)$/i.exec(identifier)?.[1]
}

/** Returns the phone number of a contact that may be of any shape, if it is a text. */
const phoneIn = (contact: unknown): string | undefined => {
  try {
    const phone: unknown = isReadonlyObject(contact) ? contact["phone"] : undefined
    return typeof phone === "string" ? phone : undefined
  } catch {
    // a getter of the caller's threw; validation reports it
    return undefined
  }
}

/**
 * Returns whether an identifier or a contact has a phone number that is not plain, so that it must be read by
 * `@aelyst/core/phone`.
 *
 * **Example**
 *
 * ```ts
 * import { needsPhonePlans } from "@aelyst/core/adapter"
 *
 * console.log(needsPhonePlans("id:5", { firstName: "Ana", phone: "012-345 6789" })) // => true
 * console.log(needsPhonePlans("phone:+60123456789", { firstName: "Ana" })) // => false
 * ```
 */
export const needsPhonePlans = (identifier: unknown, contact: unknown): boolean =>
  [phoneOf(identifier), phoneIn(contact)].some((text) => text !== undefined && !isPlainPhone(text))

const countries =
  "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA " +
  "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
  "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
  "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR " +
  "MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO " +
  "RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT " +
  "TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

/**
 * Returns whether a country, two letters in upper case, has a numbering plan.
 *
 * **Example**
 *
 * ```ts
 * import { isPhoneCountry } from "@aelyst/core/adapter"
 *
 * console.log(isPhoneCountry("MY"), isPhoneCountry("XX")) // => true false
 * ```
 */
export const isPhoneCountry = (code: string): boolean =>
  /^[A-Z]{2}$/.test(code) && countries.includes(code)
