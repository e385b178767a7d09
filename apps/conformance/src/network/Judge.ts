/** Compares the results of a run with the server's ledger. */
import { assert } from "@effect/vitest"

import type { Row, RowResult, RunSummary } from "@aelyst/core"
import { isAelystError } from "@aelyst/core"

/** Checks every row against the ledger: each has a typed result, is counted once, and is created at most once. */
export const judge = (
  results: ReadonlyArray<RowResult>,
  summary: RunSummary,
  rows: ReadonlyArray<Row>,
  madeOf: (identifier: string) => number,
): void => {
  const total = rows.length
  assert.deepStrictEqual(
    results.map(({ index }) => index).toSorted((a, b) => a - b),
    Array.from({ length: total }, (_, n) => n),
  )
  assert.deepInclude(summary, { total, stopped: "completed" })
  for (const row of results) {
    const made = madeOf(rows[row.index]?.identifier ?? "")
    const said = `${row.index}: ${row.outcome}, ${made} created`
    if (row.outcome === "created" || row.outcome === "exists_after_doubt") {
      assert.strictEqual(made, 1, said)
    } else {
      assert.isTrue("error" in row && isAelystError(row.error), said)
      assert.isAtMost(made, row.outcome === "unknown" ? 1 : 0, said)
    }
  }
  const { created, exists_after_doubt: existed, unknown, not_sent: unsent } = summary
  assert.strictEqual(created + existed + unknown + unsent, total)
}
