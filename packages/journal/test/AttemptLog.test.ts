import { assert, describe, it } from "@effect/vitest"

import { attemptEnds, attemptsOf } from "../src/AttemptLog.ts"

const shown = (log: string) =>
  attemptsOf(7, log).map(
    ({ attempt, cause, epoch, outcome, phase, sequence, status }) =>
      `${sequence}: ${attempt} of ${epoch} ${outcome ?? "open"} ${phase ?? "-"} ${status ?? "-"} ${cause ?? "-"}`,
  )

describe("AttemptLog", () => {
  it("reads attempts with their phases, statuses and causes", () => {
    const ends = attemptEnds([
      { number: 1, phase: "connect", cause: "ECONNREFUSED" },
      { number: 2, phase: "answered", status: 400 },
    ])
    assert.deepStrictEqual(shown(`i1.3.1000;i2.3.2000;e6.2500${ends};`), [
      "1: 1 of 3 rejected connect - ECONNREFUSED",
      "2: 2 of 3 rejected answered 400 -",
    ])
    assert.strictEqual(attemptsOf(7, "i1.3.1000;")[0]?.startedAt, 1000)
  })

  it("leaves attempts open until their call ends, and starts again with the next call", () => {
    assert.deepStrictEqual(shown(""), [])
    assert.deepStrictEqual(shown("i1.3.1000;"), ["1: 1 of 3 open - - -"])
    assert.deepStrictEqual(shown("i1.3.1000;e7.9000;i1.4.9100;e4.9200|1:3:200:;"), [
      "1: 1 of 3 unknown - - -",
      "2: 1 of 4 exists_after_doubt answered 200 -",
    ])
  })

  it("has an entry for an end without an attempt, but none for a row that was left", () => {
    assert.deepStrictEqual(shown("e5.1000;"), ["1: 0 of 0 invalid - - -"])
    assert.deepStrictEqual(shown("e0.1000;"), [])
  })

  it("has an entry for the decision of a person, which ends what was open as unknown", () => {
    assert.deepStrictEqual(shown("i1.3.1000;r2.2000;"), [
      "1: 1 of 3 unknown - - -",
      "2: 0 of 0 created - - RESOLVED",
    ])
    assert.deepStrictEqual(shown("i1.3.1000;e7.1500;r0.2000;"), [
      "1: 1 of 3 unknown - - -",
      "2: 0 of 0 not_sent - - RESOLVED",
    ])
  })

  it("keeps no cause that is not a code", () => {
    const ends = attemptEnds([{ number: 1, phase: "body", cause: "ana@example.com; exists" }])
    assert.strictEqual(ends, "|1:2::OTHER")
  })
})
