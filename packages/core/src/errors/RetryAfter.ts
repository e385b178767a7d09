/** Reads `Retry-After` in every form that a person would understand (D8). Pure; nonsense becomes undefined. */

const dayMs = 86_400_000
/** A longer wait is nonsense. */
const longestMs = 31 * dayMs
/** How far an epoch time may be from now to be read as one. */
const epochRangeMs = 10 * 365.25 * dayMs

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ")

// The three date formats of RFC 9110, and small faults: a day of one digit, another way to write GMT, no weekday.
// Anything looser would let "-1" be a year.
const httpDate =
  /^(?:[a-z]{3,9},? )?(?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{2}|\d{4}) (?<h>\d{1,2}):(?<m>\d{2}):(?<s>\d{2})(?: ?(?:gmt|utc?|z|[+-]00:?00))?$/i
const asctime =
  /^[a-z]{3} (?<month>[a-z]{3}) {1,2}(?<day>\d{1,2}) (?<h>\d{1,2}):(?<m>\d{2}):(?<s>\d{2}) (?:gmt )?(?<year>\d{4})$/i

/** Two digits are a year at most 50 years ahead (RFC 9110, 5.6.7). */
const fullYear = (digits: string, now: number): number => {
  if (digits.length === 4) return Number(digits)
  const present = new Date(now).getUTCFullYear()
  const year = present - (present % 100) + Number(digits)
  return year > present + 50 ? year - 100 : year
}

/** Reads a date in epoch milliseconds. */
const readDate = (text: string, now: number): number | undefined => {
  const found = (httpDate.exec(text) ?? asctime.exec(text))?.groups
  if (found === undefined) return undefined
  const { day, h, m, month = "", s, year = "" } = found
  const date = new Date(0)
  date.setUTCFullYear(fullYear(year, now), months.indexOf(month.toLowerCase()), Number(day))
  const isReal = months.includes(month.toLowerCase()) && date.getUTCDate() === Number(day)
  // a minute with a leap second has 61
  if (!isReal || Number(h) > 23 || Number(m) > 59 || Number(s) > 60) return undefined
  return date.setUTCHours(Number(h), Number(m), Number(s))
}

const number = /^\d{1,13}(?:\.\d{1,9})?$/

/** Reads seconds; a number that can only be an epoch time, in seconds or milliseconds, is a time. */
const readNumber = (text: string, now: number): number | undefined => {
  if (!number.test(text)) return undefined
  const count = Number(text)
  const ms = count * 1_000
  if (ms <= longestMs) return ms
  const at = [ms, count].find((epochMs) => Math.abs(epochMs - now) <= epochRangeMs)
  return at === undefined ? undefined : at - now
}

const part =
  /(\d+(?:\.\d+)?) ?(ms|d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)/gi
const parts = new RegExp(`^(?:${part.source} ?)+$`, "i")
const unitMs: Readonly<Record<string, number>> = { d: dayMs, h: 3_600_000, m: 60_000, s: 1_000 }

/** Reads a time with units, such as `1m30s`. */
const readUnits = (text: string): number | undefined => {
  if (!parts.test(text)) return undefined
  let sum = 0
  for (const [, count, unit = ""] of text.toLowerCase().matchAll(part)) {
    sum += Number(count) * (unit === "ms" ? 1 : (unitMs[unit.charAt(0)] ?? 0))
  }
  return sum
}

const quoted = /^(["'])(.*)\1$/

const unquote = (text: string): string => text.trim().replace(quoted, "$2").trim()

/** Reads one value; a time in the past is a wait of 0. */
const readWait = (value: string, now: number): number | undefined => {
  const text = unquote(value)
  const at = readDate(text, now)
  const ms = at === undefined ? (readNumber(text, now) ?? readUnits(text)) : at - now
  return ms === undefined || ms > longestMs ? undefined : Math.max(0, Math.ceil(ms))
}

// between two values, not behind the weekday of a date
const separator = /,(?<!\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)/i

/**
 * Reads `Retry-After` in milliseconds (D8): whole or fractional seconds, an HTTP date, an epoch time in seconds or
 * milliseconds, or a time with units (`30s`, `1m30s`); also in quotes.
 *
 * Dates and epoch times are read against the response's own `Date`; `now`, in epoch milliseconds, takes its place if it is
 * missing. A time in the past is a wait of 0. Of a value that was sent twice the longer one counts. Absent, negative or
 * unreadable values and waits beyond 31 days give undefined.
 *
 * **Example**
 *
 * ```ts
 * import { parseRetryAfter } from "@aelyst/core/adapter"
 *
 * console.log(parseRetryAfter("1.5", undefined, 0)) // => 1500
 * console.log(parseRetryAfter("1m30s", undefined, 0)) // => 90000
 * console.log(parseRetryAfter("soon", undefined, 0)) // => undefined
 * ```
 */
export const parseRetryAfter = (
  value: string | undefined,
  date: string | undefined,
  now: number,
): number | undefined => {
  if (value === undefined || value.length > 128) return undefined
  const served = date === undefined ? undefined : readDate(unquote(date), now)
  const waits = value.split(separator).map((one) => readWait(one, served ?? now))
  const readable = waits.filter((ms) => ms !== undefined)
  return readable.length < waits.length ? undefined : Math.max(...readable)
}
