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

/** A run that workers may send; no row of it is sent before it is approved. */
export interface ApprovedRun {
  readonly run: string
  /** The class of the tokens that may send it. */
  readonly tokenClass: string
  /** In epoch milliseconds of the server. */
  readonly approvedAt: number
}

/** A range that waits to be tried again. */
export interface WaitingRange {
  /** The number of its first row. */
  readonly from: number
  /** The outcome of its rows, or the reason of a `JournalError`. */
  readonly reason: string
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
  /** When it was approved, and when it ended or was cancelled, in epoch milliseconds of the server; undefined before. */
  readonly approvedAt: number | undefined
  readonly endedAt: number | undefined
  /** Ranges of which five tries ended no row: they are tried again when the run is continued. */
  readonly parked: ReadonlyArray<WaitingRange>
  /** The server's time of this state, in epoch milliseconds. */
  readonly at: number
}

/** The operations that several machines need. All fail with `JournalError`, with `not_found` if there is no such run. */
export interface SharedRunsService {
  /**
   * Creates the tables unless they are there, and fails with `denied`, which names the privilege, if the user of the database may
   * not read and write them.
   */
  readonly check: Effect.Effect<void, JournalError>
  /**
   * Lets workers whose tokens have this class (default: that of the run) send a planned run, also one that has ended with rows
   * left. Fails with `not_planned`.
   */
  readonly approve: (run: string, tokenClass?: string) => Effect.Effect<void, JournalError>
  /** Returns the approved runs of an origin that have not ended, the oldest first. */
  readonly approved: (origin: string) => Effect.Effect<ReadonlyArray<ApprovedRun>, JournalError>
  /** Ends a run, unless it is paused, or has rows left to send in ranges that are not parked. */
  readonly end: (run: string) => Effect.Effect<void, JournalError>
  /**
   * Returns ranges with rows left to send that no process holds and that do not wait, in order: new ones, released ones, and those
   * of a dead owner, whose claim has expired; with `lapsed` only the last.
   */
  readonly claimable: (
    run: string,
    limit?: number,
    which?: "all" | "lapsed",
  ) => Effect.Effect<ReadonlyArray<OpenRange>, JournalError>
  /**
   * Lets the range that begins with row `from` wait for 5 seconds. If this `counts` as a try that ended no row, it waits twice as
   * long each time, and is parked after five; if not, its tries are counted from 0 again.
   */
  readonly postpone: (
    run: string,
    from: number,
    reason: string,
    counts: boolean,
  ) => Effect.Effect<void, JournalError>
  /** Reads rows that have not ended with their payloads, in order and in constant memory. */
  readonly payloads: (run: string, range?: Range) => Stream.Stream<StoredRow, JournalError>
  readonly progress: (run: string) => Effect.Effect<SharedProgress, JournalError>
  /**
   * Pauses, cancels or continues a run. No attempt that begins while it is paused or cancelled is sent. To continue it tries parked
   * ranges again, of a run that has ended too. Fails with `cancelled` if it was cancelled.
   */
  readonly setStatus: (run: string, status: RunStatus) => Effect.Effect<void, JournalError>
}

/** The runs of a store that several machines share. */
export class SharedRuns extends Context.Service<SharedRuns, SharedRunsService>()(
  "@aelyst/journal/SharedRuns",
) {}
