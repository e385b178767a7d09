/** Public seam: what several machines need of the runs of one store, beyond `Runs` and `JournalService`. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

import type { JournalError } from "./JournalError.ts"
import type { Range, RunCounts } from "./recordTypes.ts"

/** Rows that one process sends at a time, from the first number to the last, both included. */
export interface OpenRange extends Required<Range> {
  /** The epoch of its newest claim, 0 if there was none; it differs after each claim, so it can be part of a job's ID. */
  readonly epoch: number
}

/** A row and the contact that was planned for it. */
export interface StoredRow {
  readonly number: number
  readonly line: number
  /** The `payload` of the plan. */
  readonly payload: unknown
}

/** `paused` and `cancelled`: nothing may be claimed, and no attempt be sent; what is in flight ends as usual. */
export type RunStatus = "active" | "paused" | "cancelled"

/** The state of a run over all processes that send it. */
export interface SharedProgress {
  readonly status: RunStatus
  readonly counts: RunCounts
  /** Rows that a process sends now; they count as `not_sent`, or as in doubt if an earlier attempt was lost. */
  readonly underWay: number
  /** Ranges by state: `ended` have no row that is left to send, `claimed` have an owner now. */
  readonly ranges: { readonly total: number; readonly ended: number; readonly claimed: number }
  /** The rows per second that ended over the last minute. */
  readonly perSecond: number
  /** How long the rest takes at this pace, in milliseconds; undefined while no row ends. */
  readonly remainingMs: number | undefined
  /** When the newest row ended, in epoch milliseconds of the server; undefined before the first. */
  readonly lastEndedAt: number | undefined
  /** The server's time of this state, in epoch milliseconds. */
  readonly at: number
}

/** The operations that several machines need. All fail with `JournalError`, with `not_found` if there is no such run. */
export interface SharedRunsService {
  /**
   * Creates the tables unless they are there, and fails with `denied`, which names the privilege, if the user of the database may
   * not read and write them; `others` are further tables to check.
   */
  readonly check: (others?: ReadonlyArray<string>) => Effect.Effect<void, JournalError>
  /**
   * Returns ranges with rows left to send that no process holds, in order: new ones, released ones, and those of a dead owner, whose
   * claim has expired; with `lapsed` only the last.
   */
  readonly claimable: (
    run: string,
    limit?: number,
    which?: "all" | "lapsed",
  ) => Effect.Effect<ReadonlyArray<OpenRange>, JournalError>
  /** Reads rows that have not ended with their payloads, in order and in constant memory. */
  readonly payloads: (run: string, range?: Range) => Stream.Stream<StoredRow, JournalError>
  readonly progress: (run: string) => Effect.Effect<SharedProgress, JournalError>
  /** Pauses, cancels or continues a run. No attempt that begins later is sent. */
  readonly setStatus: (run: string, status: RunStatus) => Effect.Effect<void, JournalError>
}

/** The runs of a store that several machines share. */
export class SharedRuns extends Context.Service<SharedRuns, SharedRunsService>()(
  "@aelyst/journal/SharedRuns",
) {}
