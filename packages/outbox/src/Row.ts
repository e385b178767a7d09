/** The columns of a row, which all stores have by the same names, as entries, claims and counts. */
import { numbers } from "./options.ts"
import type { Claim, EndState } from "./Store.ts"
import type { OutboxEntry, OutboxStats } from "./types.ts"

/** The longest lease that the options allow. */
export const longestLeaseMs = numbers.leaseMs.most
/** The longest wait that an API can ask for, 31 days. */
export const longestWaitMs = 31 * 86_400_000

/** A row as a driver returns it. */
export type Row = Readonly<Record<string, unknown>>

/** The columns that an entry is made of. */
export const entryColumns =
  "id, state, attempts, doubt, status, error, accepted_at, ended_at" as const

/** The columns that a claim is made of. */
export const claimColumns = "seq, id, epoch, doubt, replay, rounds, payload" as const

const isTrue = (value: unknown): boolean => value === true || value === 1

/** Returns what a row says to the outside. */
export const entryOf = (row: Row): OutboxEntry => ({
  id: String(row["id"]),
  // safe: the table allows no other
  state: row["ended_at"] === null ? "pending" : (row["state"] as EndState),
  acceptedAt: Number(row["accepted_at"]),
  attempts: Number(row["attempts"]),
  doubt: isTrue(row["doubt"]),
  ...(row["ended_at"] !== null && { endedAt: Number(row["ended_at"]) }),
  ...(row["status"] !== null && { status: Number(row["status"]) }),
  ...(row["error"] !== null && { error: String(row["error"]) }),
})

/** Returns the claims of the rows that a statement has claimed, in the order in which they were accepted. */
export const claimsOf = (rows: ReadonlyArray<Row>): ReadonlyArray<Claim> =>
  rows
    .toSorted((a, b) => Number(a["seq"]) - Number(b["seq"]))
    .map((row) => ({
      id: String(row["id"]),
      epoch: Number(row["epoch"]),
      doubt: isTrue(row["doubt"]),
      replay: isTrue(row["replay"]),
      rounds: Number(row["rounds"]),
      // safe: a column of bytes
      payload: row["payload"] as Uint8Array,
    }))

/** Returns the counts of rows with the id of a key, as `Cipher` writes it, and a number each. */
export const keysOf = (rows: ReadonlyArray<Row>): ReadonlyMap<string, number> =>
  new Map(rows.map((row) => [String(row["name"]).toLowerCase(), Number(row["value"])]))

/** Returns the counts of rows with a name and a value each: those of a state, and when the oldest pending one was accepted. */
export const statsOf = (rows: ReadonlyArray<Row>): OutboxStats => {
  const values = new Map(rows.map((row) => [row["name"], row["value"]]))
  const count = (state: string) => Number(values.get(state) ?? 0)
  const claimed = count("claimed") + count("sending")
  const oldest = values.get("oldest") ?? undefined
  return {
    pending: count("planned") + claimed,
    claimed,
    created: count("created"),
    existed: count("existed"),
    existsAfterDoubt: count("exists_after_doubt"),
    rejected: count("rejected"),
    parked: count("parked"),
    ...(oldest !== undefined && { oldestPendingAt: Number(oldest) }),
  }
}
