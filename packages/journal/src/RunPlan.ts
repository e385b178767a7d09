/** Writes the rows of a plan, each in the state in which an earlier run left it. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Earlier, EarlierRow, PlannedRow, RowState } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"
import { isInDoubt } from "./RunReads.ts"

/** A row as it is planned: new, or as an earlier run left it. */
export interface NewRow extends Omit<Extract<PlannedRow, { readonly state: "ready" }>, "state"> {
  readonly state: RowState
  readonly doubt: boolean
  readonly status: number | null
  readonly code: string | null
  readonly earlier: string | null
}

/** Returns the state in which a row is planned, given its record in an earlier run. */
const stateFrom = (found: EarlierRow | undefined, isResent: boolean) => {
  const fresh = {
    state: "planned",
    doubt: false,
    status: null,
    code: null,
    earlier: null,
  } as const
  if (found === undefined) return fresh
  if (isInDoubt(found)) {
    const state = isResent ? "planned" : "unknown"
    return { ...fresh, state, doubt: true, earlier: found.run } as const
  }
  if (!found.isSame || found.state === "planned") return fresh
  return {
    state: found.state,
    doubt: found.doubt,
    status: found.status ?? null,
    code: found.code ?? null,
    earlier: found.run,
  }
}

/** Inserts all rows of a stream and counts them. `write` inserts rows in order, and returns how many of them have new keys. */
export const insertRows = <E, R>(
  rows: Stream.Stream<PlannedRow, E, R>,
  earlier: Earlier | undefined,
  options: {
    /** Whether rows in doubt are sent again. */
    readonly isResent: boolean
    readonly pageSize: number
    readonly write: (rows: ReadonlyArray<NewRow>) => Effect.Effect<number, JournalError>
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
    const added = yield* options.write(
      ready.map((row, index) => ({ ...row, ...stateFrom(found[index], options.isResent) })),
    )
    for (const row of page) if (row.state !== "ready") counts[row.state] += 1
    counts.ready += added
    counts.duplicate += ready.length - added
  })
  return Effect.as(
    Stream.runForEachArray(Stream.rechunk(rows, options.pageSize), insertPage),
    counts,
  )
}
