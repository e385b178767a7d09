/** Writes the rows of a plan, each in the state in which an earlier run left it. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Earlier, EarlierRow, PlannedRow } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"
import type { RowHash } from "./RowChecksum.ts"
import type { RowStatements } from "./RowStatements.ts"
import { isInDoubt } from "./RunReads.ts"
import { stateNumber } from "./RunTables.ts"

const pageSize = 500

/** Returns the state in which a row is planned, given its record in an earlier run. */
const stateFrom = (found: EarlierRow | undefined, isResent: boolean) => {
  const fresh = { state: "planned", doubt: 0, status: null, code: null, earlier: null } as const
  if (found === undefined) return fresh
  if (isInDoubt(found)) {
    const state = isResent ? "planned" : "unknown"
    return { ...fresh, state, doubt: 1, earlier: found.run } as const
  }
  if (!found.isSame || found.state === "planned") return fresh
  return {
    state: found.state,
    doubt: Number(found.doubt),
    status: found.status ?? null,
    code: found.code ?? null,
    earlier: found.run,
  }
}

/** Inserts all rows of a stream and counts them. `write` runs a function in the open transaction. */
export const insertRows = <E, R>(
  rows: Stream.Stream<PlannedRow, E, R>,
  earlier: Earlier | undefined,
  options: {
    /** Whether rows in doubt are sent again. */
    readonly isResent: boolean
    readonly write: (
      insert: (statements: RowStatements, hash: RowHash) => void,
    ) => Effect.Effect<void, JournalError>
  },
) => {
  const counts = { ready: 0, invalid: 0, duplicate: 0, foreign: 0 }
  let newest = 0
  const insertPage = Effect.fnUntraced(function* (page: ReadonlyArray<PlannedRow>) {
    const ready = page.filter((row) => row.state === "ready")
    for (const { number } of ready) {
      if (!Number.isSafeInteger(number) || number <= newest)
        return yield* Effect.die(
          new RangeError(`row numbers must be integers that rise (got ${number} after ${newest})`),
        )
      newest = number
    }
    const found = earlier === undefined ? [] : yield* earlier.lookup(ready)
    yield* options.write((statements, hash) => {
      for (const row of page) if (row.state !== "ready") counts[row.state] += 1
      for (const [index, { content, key, line, number }] of ready.entries()) {
        const from = stateFrom(found[index], options.isResent)
        const isNew = statements.insert({
          ...from,
          number,
          key: hash.key(key),
          content: hash.content(content),
          line,
          state: stateNumber(from.state),
        })
        counts[isNew ? "ready" : "duplicate"] += 1
      }
    })
  })
  return Effect.as(Stream.runForEachArray(Stream.rechunk(rows, pageSize), insertPage), counts)
}
