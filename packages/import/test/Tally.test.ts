import { assert, describe, it } from "@effect/vitest"

import { Tally } from "../src/check/Tally.ts"

describe("a tally", () => {
  it("counts rows, problems, fixes and omissions, and adds up", () => {
    const tally = new Tally()
    const row = { number: 1, line: 2, cells: [] }
    const problem = { code: "EMAIL_INVALID", line: 2, reason: "" } as const
    tally.row({ state: "ready", row, identifier: "id:1", contact: {}, dropped: [problem] })
    tally.row({ state: "invalid", row, problems: [problem, problem] })
    tally.row({ state: "duplicate", row, of: 1, problems: [] })
    tally.row({ state: "foreign", row, reason: "" })
    tally.fix("phone")
    tally.fix("phone")
    tally.omit("extension")
    tally.validWithPlus("__proto__")
    assert.deepStrictEqual(tally.summary(), {
      rows: 3,
      ready: 1,
      invalid: 1,
      duplicate: 1,
      foreign: 1,
      byCode: { EMAIL_INVALID: 3 },
      fixes: { phone: 2 },
      omissions: { extension: 1 },
      validWithPlus: Object.fromEntries([["__proto__", 1]]),
    })
  })
})
