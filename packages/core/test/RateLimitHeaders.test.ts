import { assert, describe, it } from "@effect/vitest"

import { fromHeaders, parseRetryAfter } from "../src/errors/RateLimitHeaders.ts"
import { randomOf } from "./ledger.ts"

const at = "Sun, 06 Nov 1994 08:49:37 GMT"
const epoch = Date.UTC(1994, 10, 6, 8, 49, 37)

const ms = (value: string | undefined, date?: string, now = epoch): number | undefined =>
  parseRetryAfter(value, date, now)

describe("parseRetryAfter (W8, D8)", () => {
  const table: ReadonlyArray<readonly [string | undefined, number | undefined]> = [
    ["1", 1_000],
    ["0", 0],
    ["30", 30_000],
    ["007", 7_000],
    [" 5 ", 5_000],
    ["3600", 3_600_000],
    ["100000000000", 1e14],
    ["1.5", 1_500],
    ["0.0001", 1],
    ["2.000000001", 2_001],
    // sent twice: the longer of the two
    ["1, 3", 3_000],
    ["3,1", 3_000],
    ["1, junk", undefined],
    // dates
    ["Sun, 06 Nov 1994 08:49:47 GMT", 10_000],
    ["Sunday, 06-Nov-94 08:49:47 GMT", 10_000],
    ["Sun Nov  6 08:49:47 1994", 10_000],
    ["Sun, 06 Nov 1994 08:49:07 GMT", 0],
    ["Mon, 01 Jan 1990 00:00:00 GMT", 0],
    ["Sun, 99 Nov 1994 08:49:47 GMT", undefined],
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
    ["1s", undefined],
    ["soon", undefined],
    ["null", undefined],
    ["1 2", undefined],
    ["9".repeat(13), undefined],
    ["9".repeat(10_000), undefined],
    ["1,".repeat(64), undefined],
  ]
  for (const [value, expected] of table) {
    it(`reads ${JSON.stringify(value)?.slice(0, 40)} as ${expected ?? "nothing"}`, () => {
      assert.strictEqual(ms(value), expected)
    })
  }

  it("reads a date against the response's own Date, whatever the local clock says", () => {
    assert.strictEqual(ms("Sun, 06 Nov 1994 08:49:47 GMT", at, 0), 10_000)
    assert.strictEqual(ms("Sun, 06 Nov 1994 08:49:47 GMT", "nonsense", epoch - 1_000), 11_000)
    assert.strictEqual(ms("Sun, 06 Nov 1994 08:49:47 GMT", undefined, epoch + 4_000), 6_000)
  })
})

describe("fromHeaders", () => {
  it("reads the documented examples (W8)", () => {
    assert.deepStrictEqual(
      fromHeaders(
        { "retry-after": "1", "x-ratelimit-limit": "10", "x-ratelimit-remaining": "5" },
        0,
      ),
      { limit: 10, remaining: 5, retryAfterMs: 1_000 },
    )
  })

  it("leaves out what was not sent", () => {
    assert.deepStrictEqual(fromHeaders({}, 0), {})
  })

  const counts: ReadonlyArray<readonly [string, number | undefined, number | undefined]> = [
    ["10", 10, 10],
    ["0", undefined, 0],
    [" 7 ", 7, 7],
    ["10.0", 10, 10],
    ["10, 5", 10, 10],
    ["10;w=1", 10, 10],
    ["-1", undefined, undefined],
    ["1.5", undefined, undefined],
    ["1e9", undefined, undefined],
    ["10abc", undefined, undefined],
    ["ten", undefined, undefined],
    ["", undefined, undefined],
    ["9999999999", undefined, undefined],
    ["Infinity", undefined, undefined],
  ]
  for (const [value, limit, remaining] of counts) {
    it(`reads the count ${JSON.stringify(value)} as ${limit ?? remaining ?? "nothing"}`, () => {
      const info = fromHeaders({ "x-ratelimit-limit": value, "x-ratelimit-remaining": value }, 0)
      assert.strictEqual(info.limit, limit)
      assert.strictEqual(info.remaining, remaining)
    })
  }

  it("gives finite numbers of the right sign for any header", () => {
    for (let seed = 0; seed < 2_000; seed++) {
      const random = randomOf(seed)
      const junk = () =>
        Array.from(
          { length: Math.floor(random() * 12) },
          () => "0123456789.,-+eE GMTSunNov:;\t"[Math.floor(random() * 28)] ?? "",
        ).join("")
      const info = fromHeaders(
        {
          "retry-after": junk(),
          date: random() < 0.5 ? junk() : at,
          "x-ratelimit-limit": junk(),
          "x-ratelimit-remaining": junk(),
        },
        epoch,
      )
      const wait = info.retryAfterMs ?? 0
      assert.isTrue(Number.isFinite(wait) && wait >= 0)
      assert.isTrue(info.limit === undefined || (Number.isInteger(info.limit) && info.limit >= 1))
      assert.isTrue(
        info.remaining === undefined || (Number.isInteger(info.remaining) && info.remaining >= 0),
      )
    }
  })
})
