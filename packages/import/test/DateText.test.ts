import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import type { DateFormat } from "../src/check/DateText.ts"
import { readDate, readTime } from "../src/check/DateText.ts"
import { makeCounts } from "./counts.ts"

const date = (text: string, format?: DateFormat) => {
  const read = readDate(text, format, makeCounts().counts)
  return Result.isSuccess(read) ? read.success : read.failure.code
}

const time = (text: string) => {
  const read = readTime(text, makeCounts().counts)
  return Result.isSuccess(read) ? read.success : read.failure.code
}

describe("dates", () => {
  it("are read if day and month cannot be confused", () => {
    for (const [text, read] of [
      ["2024-04-03", "2024-04-03"],
      ["2024/4/3", "2024-04-03"],
      ["2024.04.03", "2024-04-03"],
      ["13/04/2024", "2024-04-13"],
      ["4/13/2024", "2024-04-13"],
      ["5.5.2024", "2024-05-05"],
      ["2024-04-03T10:00:00Z", "2024-04-03"],
      ["2024-04-03 10:00", "2024-04-03"],
      ["2024-04-03T10:00:00.000+02:00", "2024-04-03"],
      ["4/13/2024 9:30 AM", "2024-04-13"],
    ] as const) {
      assert.strictEqual(date(text), read, text)
    }
  })

  it("are refused if they can, unless the order is given", () => {
    assert.strictEqual(date("03/04/2024"), "DATE_AMBIGUOUS")
    assert.strictEqual(date("03/04/2024", "dmy"), "2024-04-03")
    assert.strictEqual(date("03/04/2024", "mdy"), "2024-03-04")
    assert.strictEqual(date("03/04/2024", "ymd"), "DATE_INVALID")
    assert.strictEqual(date("04/13/2024", "dmy"), "DATE_INVALID")
    assert.strictEqual(date("2024-04-03", "dmy"), "2024-04-03")
  })

  it("are left out if a program writes 0/0/00", () => {
    for (const text of ["0/0/00", "0000-00-00", "00.00.0000", "0000-00-00 00:00:00"]) {
      const { counts, list } = makeCounts()
      assert.deepStrictEqual(Result.getOrThrow(readDate(text, undefined, counts)), undefined, text)
      assert.deepStrictEqual(list, ["no_date"])
    }
  })

  it("are refused if there is no such day, or no full year", () => {
    for (const text of [
      "2024-02-30",
      "2023-02-29",
      "13/13/2024",
      "3/4/24",
      "soon",
      "45352",
      "1/2",
    ]) {
      assert.strictEqual(date(text), "DATE_INVALID", text)
    }
  })
})

describe("times", () => {
  it("are read with seconds, and with AM and PM", () => {
    for (const [text, read] of [
      ["13:00", "13:00"],
      ["9:05", "09:05"],
      ["1 PM", "TIME_INVALID"],
      ["1:00 PM", "13:00"],
      ["12:30am", "00:30"],
      ["12:30 p.m.", "12:30"],
      ["23:59:59", "23:59"],
      ["24:00", "TIME_INVALID"],
      ["13:00 PM", "TIME_INVALID"],
      ["0:10 am", "TIME_INVALID"],
      ["9:60", "TIME_INVALID"],
    ] as const) {
      assert.strictEqual(time(text), read, text)
    }
  })
})
