import { assert, describe, it } from "@effect/vitest"

import { fromHeaders } from "../src/errors/RateLimitHeaders.ts"
import { randomOf } from "./ledger.ts"

const at = "Sun, 06 Nov 1994 08:49:37 GMT"
const epoch = Date.UTC(1994, 10, 6, 8, 49, 37)

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
