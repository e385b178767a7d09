import { assert, describe, it } from "@effect/vitest"

import { FindingsCollector } from "../src/report/Findings.ts"
import type { Problem, ProblemCode } from "../src/types.ts"

const problem = (line: number, code: ProblemCode): Problem => ({ line, code, reason: "" })
const row = (line: number) => ({ number: line, line, cells: [] })

describe("findings", () => {
  it("show problems of every kind, by line, and count the others", () => {
    const collector = new FindingsCollector(4)
    for (let line = 1; line <= 100; line++) {
      const code = line === 90 ? "DATE_INVALID" : line % 2 === 0 ? "PHONE_INVALID" : "EMAIL_INVALID"
      collector.add({ state: "invalid", row: row(line), problems: [problem(line, code)] })
    }
    const { shown, more } = collector.findings()
    assert.deepStrictEqual(
      shown.map(({ line, code }) => `${line} ${code}`),
      ["1 EMAIL_INVALID", "2 PHONE_INVALID", "3 EMAIL_INVALID", "90 DATE_INVALID"],
    )
    assert.deepStrictEqual(more, { EMAIL_INVALID: 48, PHONE_INVALID: 48 })
  })

  it("hold values that were dropped, duplicates and rows of no contact", () => {
    const collector = new FindingsCollector()
    const dropped = [problem(1, "URL_INVALID")]
    collector.add({ state: "ready", row: row(1), identifier: "id:1", contact: {}, dropped })
    collector.add({ state: "ready", row: row(2), identifier: "id:2", contact: {} })
    const problems = [problem(3, "DUPLICATE_IN_FILE")]
    collector.add({ state: "duplicate", row: row(3), of: 1, problems })
    collector.add({ state: "foreign", row: row(4), reason: "a total" })
    assert.deepStrictEqual(collector.findings(), {
      shown: dropped,
      more: {},
      duplicates: problems,
      foreign: [{ line: 4, reason: "a total" }],
    })
  })
})
