/** A row as Postgres stores it, and as it is recorded. */
import * as Result from "effect/Result"

import { UnreadablePayload } from "./Cipher.ts"
import type { Columns } from "./Database.ts"
import type { RowKey, RowRecord } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import type { RowHash } from "./RowChecksum.ts"
import type { NewRow } from "./RunPlan.ts"
import { stateNumber, states } from "./RunTables.ts"
import type { StoredRow } from "./SharedRuns.ts"

/** Returns a row of a plan as JSON. A row that has ended needs no payload. */
export const insertedRow = (
  { content, key, payload, state, ...row }: NewRow,
  hash: RowHash,
  seal: (number: number, payload: unknown) => string,
) => ({
  ...row,
  key: hash.keyHex(key),
  content: hash.contentNumber(content),
  state: stateNumber(state),
  ...(payload !== undefined &&
    (state === "planned" || state === "unknown") && { payload: seal(row.number, payload) }),
})

/** Reads the columns of a row. */
export const recordOf = (columns: Columns): RowRecord => {
  const { attempts, code, doubt, earlier, line, number, state, status } = columns
  return {
    number: Number(number),
    line: Number(line),
    state: states[Number(state)] ?? "unknown",
    doubt: doubt === true,
    attempts: Number(attempts),
    status: status === null ? undefined : Number(status),
    code: code === null ? undefined : String(code),
    earlierRun: earlier === null ? undefined : String(earlier),
  }
}

/** Returns what was found of each row by its key, in order: `make` gets its columns, and whether its content is the same. */
export const foundRows = <A>(
  rows: ReadonlyArray<RowKey>,
  hash: RowHash,
  found: ReadonlyArray<Columns>,
  make: (columns: Columns, isSame: boolean) => A | undefined,
): ReadonlyArray<A | undefined> => {
  const made: Array<A | undefined> = rows.map(() => undefined)
  for (const columns of found) {
    const position = Number(columns["position"]) - 1
    const isSame = String(columns["content"]) === hash.contentNumber(rows[position]?.content ?? "")
    made[position] = make(columns, isSame)
  }
  return made
}

/** Returns rows with their payloads; fails with the first that `open` cannot decrypt. */
export const openedRows = (
  rows: ReadonlyArray<Columns>,
  path: string,
  open: (row: number, bytes: Uint8Array) => unknown,
): Result.Result<ReadonlyArray<StoredRow>, JournalError> =>
  Result.all(
    rows.map(({ line, number: at, payload }) => {
      const number = Number(at)
      return Result.try({
        // safe: a column of bytes
        try: () => ({ number, line: Number(line), payload: open(number, payload as Uint8Array) }),
        catch: (cause) => {
          const problem = cause instanceof Error ? cause.message : "it cannot be read"
          return new JournalError({
            reason: "unreadable",
            path,
            detail: `row ${number}: ${problem}`,
            keyId: cause instanceof UnreadablePayload ? cause.keyId : undefined,
          })
        },
      })
    }),
  )
