import { assert, describe, it } from "@effect/vitest"

import { Findings } from "../src/Findings.ts"
import type { AttemptRow, RowRecord } from "../src/Journal.ts"

const row = (changes: Partial<RowRecord> = {}): RowRecord => ({
  number: 1,
  line: 2,
  state: "created",
  doubt: false,
  attempts: 1,
  ...changes,
})

const attempt = (changes: Partial<AttemptRow> = {}): AttemptRow => ({
  row: 1,
  sequence: 1,
  attempt: 1,
  epoch: 1,
  startedAt: 0,
  phase: "answered",
  outcome: "created",
  ...changes,
})

const problems = (record: RowRecord, attempts: ReadonlyArray<AttemptRow>) => {
  const findings = new Findings()
  findings.row(record, attempts, 1)
  return findings.result(1).problems
}

describe("Findings", () => {
  it("finds nothing wrong with rows that follow from their attempts", () => {
    const sound: ReadonlyArray<readonly [RowRecord, ReadonlyArray<AttemptRow>]> = [
      [row(), [attempt()]],
      [row({ state: "planned", attempts: 0 }), []],
      [row({ state: "sending" }), [attempt({ outcome: undefined })]],
      [row({ state: "planned" }), [attempt({ outcome: "not_sent" })]],
      [row({ state: "planned", doubt: true }), [attempt({ outcome: "unknown" })]],
      [row({ attempts: 0, earlierRun: "r_1" }), []],
      [row({ attempts: 0 }), [attempt({ attempt: 0, cause: "RESOLVED" })]],
    ]
    for (const [record, attempts] of sound) assert.deepStrictEqual(problems(record, attempts), [])
  })

  it("names each rule that a row breaks", () => {
    const broken: ReadonlyArray<readonly [RowRecord, ReadonlyArray<AttemptRow>, string]> = [
      [row({ state: "rejected" }), [attempt()], "a state that does not follow"],
      [row({ state: "unknown" }), [attempt({ outcome: "unknown" })], "not marked as in doubt"],
      [row({ attempts: 2 }), [attempt()], "another number of attempts"],
      [row(), [attempt({ epoch: 2 })], "a claim that was never given"],
      [row({ attempts: 0 }), [], "created without an attempt"],
    ]
    for (const [record, attempts, rule] of broken)
      assert.include(problems(record, attempts).join("\n"), rule)
  })

  it("names some problems of each rule and counts them all, and counts rows that are missing", () => {
    const findings = new Findings()
    for (let number = 1; number <= 25; number += 1)
      findings.row(row({ number, attempts: 2 }), [attempt()], 1)
    findings.row(row({ number: 26 }), [attempt({ epoch: 2 })], 1)
    const found = findings.result(27)
    assert.deepInclude(found, { isSound: false, rows: 26, attempts: 26 })
    assert.deepStrictEqual(found.problems, [
      "row 1 has another number of attempts than it says",
      "row 2 has another number of attempts than it says",
      "row 3 has another number of attempts than it says",
      "25 problems in all: row … has another number of attempts than it says",
      "row 26 was ended by a claim that was never given",
      "27 rows were planned, 26 are there",
    ])
  })
})
