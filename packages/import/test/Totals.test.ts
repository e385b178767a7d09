import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

import { afterLines, totalsLine } from "../src/report/Totals.ts"

const none = {
  created: 0,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 0,
  duplicate: 0,
  rejected: 0,
  unknown: 0,
  not_sent: 0,
}

const number = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 })))

describe("the totals of an import", () => {
  it.prop(
    "add up in words",
    [Arbitrary.array(number, { minLength: 8, maxLength: 8 })],
    ([[a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0]]) => {
      const line = totalsLine({
        created: a,
        existed: b,
        exists_after_doubt: c,
        invalid: d,
        duplicate: e,
        rejected: f,
        unknown: g,
        not_sent: h,
      })
      const [rows = 0, ...terms] = (line.match(/[\d,]+/g) ?? []).map((text) =>
        Number(text.replaceAll(",", "")),
      )
      assert.strictEqual(rows, a + b + c + d + e + f + g + h)
      assert.strictEqual(
        rows,
        terms.reduce((sum, term) => sum + term, 0),
      )
    },
    { arbitrary: { runs: 500 } },
  )

  it("always say what was created, rejected, unknown and not sent", () => {
    assert.strictEqual(totalsLine(none), "0 rows = 0 created + 0 rejected + 0 unknown + 0 not sent")
  })

  it("say what to do next", () => {
    const rejects = { path: "leads.rejects.csv", rows: 39 }
    assert.deepStrictEqual(afterLines(none, undefined), [])
    assert.deepStrictEqual(afterLines({ ...none, exists_after_doubt: 1, unknown: 2 }, rejects), [
      "39 rows → leads.rejects.csv      correct them, then: aelyst import leads.rejects.csv",
      "1 contact existed when asked again after a lost response: probably created by it",
      "2 rows may have been created, the response was lost: check whether they exist before you send them again",
    ])
  })
})
