import { assert, describe, it } from "@effect/vitest"

import { parseRetryAfter } from "../src/errors/RetryAfter.ts"
import { randomOf } from "./ledger.ts"

const at = "Sun, 06 Nov 1994 08:49:37 GMT"
const epoch = Date.UTC(1994, 10, 6, 8, 49, 37)
const day = 86_400_000

const ms = (value: string | undefined, date?: string, now = epoch): number | undefined =>
  parseRetryAfter(value, date, now)

describe("parseRetryAfter (W8, D8)", () => {
  const table: ReadonlyArray<readonly [string | undefined, number | undefined]> = [
    // seconds
    ["1", 1_000],
    ["0", 0],
    ["30", 30_000],
    ["007", 7_000],
    [" 5 ", 5_000],
    ["3600", 3_600_000],
    ["2678400", 31 * day],
    ["2678401", undefined],
    ["1.5", 1_500],
    ["0.0001", 1],
    ["2.000000001", 2_001],
    // in quotes
    ['"5"', 5_000],
    ["'5'", 5_000],
    ['" 5 "', 5_000],
    [`"${at}"`, 0],
    ['"5', undefined],
    // sent twice: the later of the two
    ["1, 3", 3_000],
    ["3,1", 3_000],
    ["30s, 5", 30_000],
    ["5, Sun, 06 Nov 1994 08:49:47 GMT", 10_000],
    ["Sun, 06 Nov 1994 08:49:47 GMT, 20", 20_000],
    ["Sun, 06 Nov 1994 08:49:47 GMT, Sun, 06 Nov 1994 08:49:57 GMT", 20_000],
    ["1, junk", undefined],
    // with units
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1m 30s", 90_000],
    ["1h", 3_600_000],
    ["500ms", 500],
    ["1.5s", 1_500],
    ["2 minutes", 120_000],
    ["30 Seconds", 30_000],
    ["31d", 31 * day],
    ["32d", undefined],
    ["-30s", undefined],
    ["30x", undefined],
    // an epoch time, in seconds and milliseconds
    [String(epoch / 1000 + 30), 30_000],
    [String(epoch + 30_000), 30_000],
    [String(epoch / 1000 - 30), 0],
    [String(epoch / 1000 + 40 * 86_400), undefined],
    ["1790000000", undefined],
    ["100000000000", undefined],
    // dates
    ["Sun, 06 Nov 1994 08:49:47 GMT", 10_000],
    ["Sunday, 06-Nov-94 08:49:47 GMT", 10_000],
    ["Sun Nov  6 08:49:47 1994", 10_000],
    ["Sun, 06 Nov 1994 08:49:07 GMT", 0],
    ["Mon, 01 Jan 1990 00:00:00 GMT", 0],
    ["Wed, 07 Dec 1994 08:49:37 GMT", 31 * day],
    ["Wed, 07 Dec 1994 08:49:38 GMT", undefined],
    // dates with small faults
    ["Sun, 6 Nov 1994 08:49:47 GMT", 10_000],
    ["Sun Nov 6 08:49:47 1994", 10_000],
    ["Sun, 06 Nov 1994 08:49:47 +0000", 10_000],
    ["Sun, 06 Nov 1994 08:49:47 UTC", 10_000],
    ["sun, 06 nov 1994 08:49:47 gmt", 10_000],
    ["06 Nov 1994 08:49:47 GMT", 10_000],
    ["Sun, 06 Nov 1994 08:49:60 GMT", 23_000],
    ["Sun, 99 Nov 1994 08:49:47 GMT", undefined],
    ["Sun, 06 Abc 1994 08:49:47 GMT", undefined],
    ["Sun, 06 Nov 1994 25:49:47 GMT", undefined],
    ["Sun, 06 Nov 1994 08:49:47 +0200", undefined],
    ["1994-11-06T08:49:47Z", undefined],
    // nonsense
    [undefined, undefined],
    ["", undefined],
    [" ", undefined],
    ["-1", undefined],
    ["+1", undefined],
    ["1e3", undefined],
    [".5", undefined],
    ["5.", undefined],
    ["0x10", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["soon", undefined],
    ["null", undefined],
    ["1 2", undefined],
    ["9".repeat(13), undefined],
    ["9".repeat(10_000), undefined],
    ["1,".repeat(64), undefined],
  ]
  for (const [value, expected] of table) {
    it(`reads ${JSON.stringify(value)?.slice(0, 60)} as ${expected ?? "nothing"}`, () => {
      assert.strictEqual(ms(value), expected)
    })
  }

  it("reads dates and epoch times against the response's own Date, whatever the local clock says", () => {
    const later = "Sun, 06 Nov 1994 08:49:47 GMT"
    assert.strictEqual(ms(later, at, 0), 10_000)
    assert.strictEqual(ms(later, "Sun, 6 Nov 1994 08:49:37 +0000", 0), 10_000)
    assert.strictEqual(ms(String(epoch / 1000 + 10), at, epoch - 20 * 365 * day), 10_000)
    assert.strictEqual(ms(later, "nonsense", epoch - 1_000), 11_000)
    assert.strictEqual(ms(later, undefined, epoch + 4_000), 6_000)
  })

  it("reads an epoch time of today as the wait until then (R16)", () => {
    const now = 1_789_999_970_000
    assert.strictEqual(ms("1790000000", undefined, now), 30_000)
    assert.strictEqual(ms("1790000000000", undefined, now), 30_000)
    assert.strictEqual(ms("1790000000.5", undefined, now), 30_500)
  })

  it("takes a year of two digits for one at most 50 years ahead", () => {
    const now = Date.UTC(2026, 10, 27)
    assert.strictEqual(ms("Friday, 27-Nov-26 00:00:10 GMT", undefined, now), 10_000)
    assert.strictEqual(ms("Friday, 27-Nov-77 00:00:10 GMT", undefined, now), 0)
  })

  it("reads every date and time of the next 31 days in each of the formats", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const now = Date.UTC(2026, Math.floor(random() * 12), Math.floor(random() * 28))
      const wait = Math.floor(random() * 31 * 86_400) * 1_000
      const date = new Date(now + wait)
      const [name = "", number = "", month = "", year = "", time = ""] = date
        .toUTCString()
        .replace(",", "")
        .split(" ")
      const long = date.toLocaleDateString("en", { weekday: "long", timeZone: "UTC" })
      for (const text of [
        date.toUTCString(),
        `${long}, ${number}-${month}-${year.slice(2)} ${time} GMT`,
        `${name} ${month} ${String(Number(number)).padStart(2)} ${time} ${year}`,
        String((now + wait) / 1_000),
        String(now + wait),
      ]) {
        assert.strictEqual(ms(text, undefined, now), wait, text)
      }
    }
  })
})
