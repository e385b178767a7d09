/** The faults of values, before their row and column are known, and the counts that readers of values keep. */
import type { Issue } from "@aelyst/core"
import * as Result from "effect/Result"

import type { Fix, Omission, ProblemCode } from "../types.ts"

/** A value that cannot be sent. */
export interface Fault {
  readonly code: ProblemCode
  /** The fault in words, without the value. */
  readonly reason: string
  readonly suggestion?: string | undefined
}

/** A value that was read, or its fault. */
export type Read<A = string> = Result.Result<A, Fault>

/** Counts what readers change and leave out. */
export interface Counts {
  readonly fix: (kind: Fix) => void
  readonly omit: (kind: Omission) => void
}

/** Fails with a fault. */
export const fault = (code: ProblemCode, reason: string, suggestion?: string): Read<never> =>
  Result.fail({ code, reason, ...(suggestion !== undefined && { suggestion }) })

const codes: Readonly<Record<string, ProblemCode>> = {
  CHECKBOX_INVALID: "CHECKBOX_INVALID",
  COUNTRY_CODE_INVALID: "COUNTRY_UNKNOWN",
  DATE_INVALID: "DATE_INVALID",
  EMAIL_INVALID: "EMAIL_INVALID",
  FIRST_NAME_MISSING: "FIRST_NAME_MISSING",
  IDENTIFIER_MISSING: "IDENTIFIER_MISSING",
  LANGUAGE_INVALID: "LANGUAGE_UNKNOWN",
  NUMBER_INVALID: "NUMBER_INVALID",
  PHONE_INVALID: "PHONE_INVALID",
  PHONE_NO_COUNTRY: "PHONE_NO_COUNTRY",
  PHONE_SCIENTIFIC: "PHONE_SCIENTIFIC",
  PROFILE_PIC_INVALID: "URL_INVALID",
  TIME_INVALID: "TIME_INVALID",
  URL_INVALID: "URL_INVALID",
}

// shorter than core's rules: a table shows them next to the value
const reasons: Partial<Readonly<Record<string, string>>> = {
  EMAIL_INVALID: "not an email address",
  FIRST_NAME_MISSING: "the first name is missing",
  NUMBER_INVALID: "not a number",
  PHONE_INVALID: "not a phone number",
  PHONE_NO_COUNTRY: "the country code is missing",
  PHONE_SCIENTIFIC: "a spreadsheet has rounded this number",
  PROFILE_PIC_INVALID: "not a web address with https://",
  URL_INVALID: "not a web address",
}

/** Returns an issue of core as a fault. */
export const ofIssue = ({ code, rule, suggestion }: Issue): Fault => ({
  code: codes[code] ?? "VALUE_INVALID",
  reason: reasons[code] ?? `${rule.slice(0, 1).toLowerCase()}${rule.slice(1)}`,
  ...(suggestion !== undefined && { suggestion }),
})
