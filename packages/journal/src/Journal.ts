/**
 * Public seam: the record of one run, and the runs of one place. Two stores implement it, SQLite and Postgres; one suite of
 * tests runs over both. Every operation that changes a row is one statement with the epoch of a claim.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

import type { JournalError } from "./JournalError.ts"
import type {
  AttemptRow,
  Claim,
  ClaimOptions,
  Earlier,
  PlannedRow,
  Range,
  Resolution,
  RowKey,
  RowOutcome,
  RowRecord,
  RowState,
  Run,
  RunCounts,
  RunFacts,
  Verification,
} from "./recordTypes.ts"

export type * from "./recordTypes.ts"

/**
 * The operations of a journal. All fail with `JournalError`. After the first failed write nothing begins: on SQLite every later
 * operation fails, on Postgres intents and claims do, while ends of attempts in flight are still recorded if that works.
 */
export interface JournalService {
  /** The run as it was when the journal was opened. */
  readonly run: Run
  /**
   * Writes the rows of the run, in one transaction: after a crash the run has all of them or none. Rows that the earlier runs
   * ended, with the same content, have ended here too; a doubt of an earlier run is kept. A second row with the same key
   * counts as a duplicate. Fails with `already_planned` the second time, and with the errors of the stream.
   */
  readonly plan: <E, R>(
    rows: Stream.Stream<PlannedRow, E, R>,
    earlier?: Earlier,
  ) => Effect.Effect<RunCounts, JournalError | E, R>
  /**
   * Takes the right to send some rows, with a new epoch. Rows among them that are `sending` under an older epoch are in doubt:
   * they become `planned` with `doubt` under `natural-key`, else `unknown`. A store for several machines takes whole ranges.
   * Fails with `claimed` while a lease of another claim on any of them holds, with `not_planned`, `paused` and `cancelled`.
   */
  readonly claim: (options?: ClaimOptions) => Effect.Effect<Claim, JournalError>
  /** Extends the lease of a claim. Fails with `fenced` if a newer one took over any of its rows. */
  readonly renew: (claim: Claim, leaseMs: number) => Effect.Effect<Claim, JournalError>
  /** Releases a claim, so that others do not wait for its lease. Rows still `sending` are in doubt for the next claim. */
  readonly release: (claim: Claim) => Effect.Effect<void, JournalError>
  /** Returns the record of each row in order, undefined if the run has no row with this key and content. */
  readonly lookup: (
    rows: ReadonlyArray<RowKey>,
  ) => Effect.Effect<ReadonlyArray<RowRecord | undefined>, JournalError>
  /**
   * Records that an attempt is about to be sent; durable when it succeeds, so that the request may leave only then. Attempts of
   * one call count from 1. Fails with `fenced` if the claim does not hold the row, with `wrong_state` if the row has ended, is
   * not part of the run, or an attempt is out of order, and with `paused` and `cancelled`.
   */
  readonly intent: (claim: Claim, key: string, attempt: number) => Effect.Effect<void, JournalError>
  /**
   * Records the end of the sending of a row; durable when it succeeds, so that it may be reported only then. Never interrupted.
   * Fails with `fenced` and `wrong_state`. Without an attempt a row can only end `not_sent`, `invalid` or `unknown`.
   */
  readonly outcome: (
    claim: Claim,
    key: string,
    end: RowOutcome,
  ) => Effect.Effect<void, JournalError>
  /** Reads rows in the order of their numbers, in constant memory; `states` limits them. */
  readonly rows: (
    options?: Range & { readonly states?: ReadonlyArray<RowState> },
  ) => Stream.Stream<RowRecord, JournalError>
  /** Reads attempts in the order of their rows and sequence, in constant memory. */
  readonly attempts: (range?: Range) => Stream.Stream<AttemptRow, JournalError>
  readonly counts: Effect.Effect<RunCounts, JournalError>
  /** Applies what a person found out about a row in doubt. Fails with `wrong_state` for rows that are not. */
  readonly resolve: (row: number, resolution: Resolution) => Effect.Effect<void, JournalError>
  /** Checks the file, and that the state of each row follows from its attempts. */
  readonly verify: Effect.Effect<Verification, JournalError>
  /** Waits for the first failed write, and returns its error: nothing may be started from then on. */
  readonly failed: Effect.Effect<JournalError>
}

/** The journal of one run. */
export class Journal extends Context.Service<Journal, JournalService>()(
  "@aelyst/journal/Journal",
) {}

/** A run in a list. */
export interface RunEntry {
  readonly id: string
  /** The path of its file, or the name of its database. */
  readonly path: string
  /** `running`: another process uses it, so on SQLite nothing else is known. `unreadable`: see `error`. */
  readonly state: "running" | "unplanned" | "unfinished" | "finished" | "unreadable"
  /** When its file was last written, in epoch milliseconds. */
  readonly changedAt: number
  readonly run?: Run | undefined
  readonly counts?: RunCounts | undefined
  readonly error?: JournalError | undefined
}

/** A run that was opened to be sent. */
export interface StartedRun {
  readonly journal: JournalService
  /** Whether its rows are not planned yet. */
  readonly isNew: boolean
  /** The kind of file system, such as `NFS`, if a journal on it may be lost: a program should warn. */
  readonly fileSystem?: string | undefined
}

/** The operations on the runs of one place: a directory, or a database. */
export interface RunsService {
  /**
   * Opens the newest run of this input, origin and token class, or creates one. It stays open, and closed to other processes if
   * its store can do that, until the scope ends. `fresh` creates one in any case. `path` names the file, if the store has files;
   * one of other facts fails with `other_input`. Fails with `locked`.
   */
  readonly start: (
    facts: RunFacts,
    options?: { readonly fresh?: boolean; readonly path?: string },
  ) => Effect.Effect<StartedRun, JournalError, Scope.Scope>
  /** Opens a run until the scope ends; `id` may be the path of a file. Fails with `not_found`, `ambiguous` and `locked`. */
  readonly open: (id: string) => Effect.Effect<JournalService, JournalError, Scope.Scope>
  /** Returns all runs, newest first. One that cannot be read is listed with its error. */
  readonly list: Effect.Effect<ReadonlyArray<RunEntry>, JournalError>
  /** Opens the other runs of the same origin and token class, for the plan of this one. */
  readonly earlier: (run: Run) => Effect.Effect<Earlier, JournalError, Scope.Scope>
  /** Deletes a run. Fails with `not_found`, `ambiguous` and `locked`. */
  readonly remove: (id: string) => Effect.Effect<void, JournalError>
  /** Deletes finished runs, last changed more than so many milliseconds ago (default: 30 days); returns their IDs. */
  readonly prune: (options?: {
    readonly olderThanMs?: number
    /** Also runs that are not finished. Default: false. */
    readonly unfinished?: boolean
  }) => Effect.Effect<ReadonlyArray<string>, JournalError>
}

/** The runs of one place. */
export class Runs extends Context.Service<Runs, RunsService>()("@aelyst/journal/Runs") {}
