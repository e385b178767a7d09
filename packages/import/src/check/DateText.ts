/** Days and times as people and programs write them, into the forms of the API (W4). */
import { CustomField } from "@aelyst/core"
import * as Result from "effect/Result"

import type { Counts, Read } from "./Fault.ts"
import { fault } from "./Fault.ts"

/** The order of day, month and year in dates that begin with neither a year nor a day beyond 12. */
export type DateFormat = "ymd" | "dmy" | "mdy"

const two = (text: string) => text.padStart(2, "0")

const day = (year: string, month: string, date: string): Read => {
  const text = `${year}-${two(month)}-${two(date)}`
  return CustomField.checkValue("date", text) === undefined
    ? Result.succeed(text)
    : fault("DATE_INVALID", "there is no such day", "write it as yyyy-mm-dd")
}

/** Reads `a/b/year`. */
const dayOfYear = (a: string, b: string, year: string, format: DateFormat | undefined): Read => {
  if (format === "dmy") return day(year, b, a)
  if (format === "mdy") return day(year, a, b)
  if (format === "ymd") {
    return fault("DATE_INVALID", "the year is not first", "pass --date-format dmy or mdy")
  }
  const [first, second] = [Number(a), Number(b)]
  if (first === second || second > 12) return day(year, a, b)
  if (first > 12) return day(year, b, a)
  return fault(
    "DATE_AMBIGUOUS",
    "day and month cannot be told apart",
    "pass --date-format dmy or mdy",
  )
}

// a time may follow, as in exports of databases
const separated =
  /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp][Mm]| ?Z| ?[+-]\d\d:?\d\d)?)?$/

/** Returns a day as `yyyy-mm-dd`; undefined for `0/0/00` and the like, which some programs write for no date. */
export const readDate = (
  text: string,
  format: DateFormat | undefined,
  counts: Counts,
): Read<string | undefined> => {
  if (/^0+[-/.]0+[-/.]0+(?: |$)/.test(text)) {
    counts.omit("no_date")
    return Result.succeed(undefined)
  }
  const [, first = "", , second = "", third = ""] = separated.exec(text) ?? []
  const read =
    first.length === 4 && third.length <= 2
      ? day(first, second, third)
      : first.length <= 2 && third.length === 4
        ? dayOfYear(first, second, third, format)
        : fault(
            "DATE_INVALID",
            first === "" ? "not a date" : "the year must have four digits",
            "write it as yyyy-mm-dd",
          )
  if (Result.isSuccess(read) && read.success !== text) counts.fix("date")
  return read
}

/** Returns a time of day as `HH:MM`; seconds and AM or PM are understood. */
export const readTime = (text: string, counts: Counts): Read => {
  const [, hours = "", minutes = "", half] =
    /^(\d{1,2}):(\d\d)(?::\d\d(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?$/.exec(text) ?? []
  const hour = Number(hours)
  const isHalf = half !== undefined
  const isRead = hours !== "" && (!isHalf || (hour >= 1 && hour <= 12))
  const hour24 = isHalf ? (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0) : hour
  const time = `${two(String(hour24))}:${minutes}`
  if (!isRead || CustomField.checkValue("time", time) !== undefined) {
    return fault("TIME_INVALID", "not a time of day", "write it as HH:MM, from 00:00 to 23:59")
  }
  if (time !== text) counts.fix("time")
  return Result.succeed(time)
}
