import { assert, describe, it } from "@effect/vitest"

import type { OnDuplicate } from "../src/check/Duplicate.ts"
import { checkRows, outcomes, rowsOf } from "./tables.ts"

const columns = ["First name", "Email", "Phone"]
const people = [
  ["Ana", "ana@example.com", ""],
  ["Bo", "", "+60123456789"],
  ["Ana again", "ANA@Example.com", ""],
  ["Bo too", "", "0123456789"],
  ["Cy", "cy@example.com", ""],
]

const statesOf = async (onDuplicate: OnDuplicate, rows = people) =>
  (await checkRows(columns, rowsOf(rows), { defaultCountry: "MY", onDuplicate })).rows.map((row) =>
    row.state === "duplicate" ? (row.of ?? "duplicate") : row.state,
  )

describe("rows of one contact", () => {
  it("are found in other case and other forms (K10); the first is sent", async () => {
    assert.deepStrictEqual(await statesOf("first"), ["ready", "ready", 1, 2, "ready"])
  })

  it("leave the last, or none, if that is asked for", async () => {
    assert.deepStrictEqual(await statesOf("last"), [3, 4, "ready", "ready", "ready"])
    assert.deepStrictEqual(await statesOf("reject"), ["duplicate", "duplicate", 1, 2, "ready"])
  })

  it("name the line of the other row", async () => {
    const { rows, summary } = await checkRows(columns, rowsOf(people), { defaultCountry: "MY" })
    const duplicate = rows[2]
    assert(duplicate?.state === "duplicate")
    assert.deepStrictEqual(duplicate.problems, [
      {
        code: "DUPLICATE_IN_FILE",
        line: 4,
        reason: "an earlier row of the same contact is sent (line 2)",
      },
    ])
    assert.strictEqual(summary.duplicate, 2)
    assert.strictEqual(summary.byCode.DUPLICATE_IN_FILE, 2)
  })

  it("are compared only if they are valid", async () => {
    const rows = [
      ["", "ana@example.com", ""],
      ["Ana", "ana@example.com", ""],
    ]
    for (const rule of ["first", "last", "reject"] as const) {
      assert.deepStrictEqual(await statesOf(rule, rows), ["invalid", "ready"], rule)
    }
    const valid = [["Ana", "ana@example.com", ""], ...rows]
    assert.deepStrictEqual(await outcomes(columns, valid), [
      "email:ana@example.com",
      "FIRST_NAME_MISSING First name",
      "DUPLICATE_IN_FILE",
    ])
  })
})
