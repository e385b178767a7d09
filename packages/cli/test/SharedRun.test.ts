import type { RunCounts } from "@aelyst/journal"
import { assert, describe, it } from "@effect/vitest"

import { sentByWorkers } from "../src/import/SharedRun.ts"
import type { Sent } from "../src/import/Sending.ts"

const ended: RunCounts = {
  total: 10,
  created: 9,
  existed: 0,
  exists_after_doubt: 1,
  invalid: 0,
  duplicate: 0,
  rejected: 0,
  unknown: 0,
  not_sent: 0,
  foreign: 0,
  earlier: 0,
  inDoubt: 0,
}
const sent: Sent<never> = {
  summary: { ...ended, rows: 10, earlier: 10, stopped: "completed", elapsedMs: 3 },
  created: 0,
  signal: undefined,
  failure: undefined,
  findings: { shown: [], more: {}, duplicates: [], foreign: [] },
}

describe("sentByWorkers", () => {
  it("counts what they had sent before the command followed them", () => {
    const { created, summary } = sentByWorkers(undefined, 2_000)(sent)
    assert.strictEqual(created, 9)
    assert.deepInclude(summary, { created: 9, earlier: 0, elapsedMs: 2_000 })
  })

  it("counts what they have sent since of an import that had ended with rows left", () => {
    const before = { ...ended, created: 4, exists_after_doubt: 0, not_sent: 6 }
    const { created, summary } = sentByWorkers(before, 2_000)(sent)
    assert.strictEqual(created, 5)
    assert.deepInclude(summary, { created: 9, earlier: 4 })
  })

  it("counts nothing of one that had ended", () => {
    const { created, summary } = sentByWorkers(ended, 2_000)(sent)
    assert.strictEqual(created, 0)
    assert.deepInclude(summary, { created: 9, earlier: 10 })
  })
})
