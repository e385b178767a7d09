/**
 * Public seam: the record of one run, and the runs of one place. Two stores implement it, SQLite and Postgres; one suite of
 * tests runs over both. Every operation that changes a row is one statement with the epoch of a claim.
 */
import type { Delivery } from "@aelyst/core"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

import type { JournalError } from "./JournalError.ts"

/** What a run is about. Nothing of a contact belongs here. */
export interface RunFacts {
  /** The input: its SHA-256 as hex, its size in bytes, and a fingerprint of how its columns are read. */
  readonly input: { readonly sha256: string; readonly bytes: number; readonly mapping: string }
  /** The origin of the base URL, such as `https://api.aelyst.ai`. */
  readonly origin: string
  /** A text that is the same for tokens of one account, and says nothing of the token. */
  readonly tokenClass: string
  /** `report-only` is `at-most-once`, and rows in doubt wait for a person. */
  readonly delivery: Delivery | "report-only"
  /** The program that made the run and its version. */
  readonly tool: string
  /** What the program needs to resume the run, such as the path of the input and its options, as JSON. */
  readonly options?: unknown
}

/** A run as it is recorded. */
export interface Run extends RunFacts {
  /** Such as `r_7Q2F`. */
  readonly id: string
  /** In epoch milliseconds. */
  readonly createdAt: number
  /** When its rows were planned; undefined before that. */
  readonly plannedAt: number | undefined
}

/**
 * Names one row of a run, in clear; a store keeps only a keyed hash of each.
 *
 * `key` is the identifier as `Identifier.key` of core returns it, and unique in a run. `content` stands for all that is sent
 * (the identifier and the contact as JSON with sorted keys, for example): an edited row has the same key and other content.
 */
export interface RowKey {
  readonly key: string
  readonly content: string
}

/** A row of the input for the plan: to be sent, or counted only. */
export type PlannedRow =
  | (RowKey & {
      readonly state: "ready"
      /** The number among the rows of data, from 1. Numbers must rise. */
      readonly number: number
      /** The physical line on which the row starts, from 1. */
      readonly line: number
    })
  | { readonly state: "invalid" | "duplicate" | "foreign" }

/** How the sending of a row can end; `not_sent` leaves it to be sent later. */
export type SentOutcome =
  | "created"
  | "existed"
  | "exists_after_doubt"
  | "invalid"
  | "rejected"
  | "unknown"
  | "not_sent"

/** `planned`: to be sent. `sending`: an attempt may have left, so if nobody sends it now it is in doubt. Others have ended. */
export type RowState = "planned" | "sending" | Exclude<SentOutcome, "not_sent">

/** A row as it is recorded. */
export interface RowRecord {
  readonly number: number
  readonly line: number
  readonly state: RowState
  /** Whether an attempt was lost, so that the contact may exist; it stays, whatever happens later. */
  readonly doubt: boolean
  /** The attempts of all calls so far. */
  readonly attempts: number
  /** The status of the newest response, if there was one. */
  readonly status?: number | undefined
  /** The code of the error that ended it, such as `BAD_REQUEST`; never a message of the API, which may quote the contact. */
  readonly code?: string | undefined
  /** The earlier run that ended this row, so that this run sends nothing, or that left it in doubt. */
  readonly earlierRun?: string | undefined
}

/** The rows of a run counted. Each row of the input is in exactly one of the counts, and `total` is their sum. */
export interface RunCounts extends Readonly<Record<SentOutcome, number>> {
  readonly total: number
  readonly duplicate: number
  /** Rows of the input that are none of the table's, such as a footer. Not part of `total`. */
  readonly foreign: number
  /** Rows among them that an earlier run ended. Not part of `total`. */
  readonly earlier: number
  /** Rows among `unknown` that will be sent again when the run is resumed. Not part of `total`. */
  readonly inDoubt: number
}

/** A row as an earlier run left it. */
export interface EarlierRow {
  readonly run: string
  readonly state: RowState
  readonly doubt: boolean
  /** Whether the content is the same too. If not, only `doubt` matters. */
  readonly isSame: boolean
  readonly status?: number | undefined
  readonly code?: string | undefined
}

/** The earlier runs of the same origin and token class. */
export interface Earlier {
  /** Their IDs, newest first. */
  readonly runs: ReadonlyArray<string>
  /** Runs that could not be read because another process uses them. They may be sending the same rows now. */
  readonly locked: ReadonlyArray<string>
  /** Returns what the newest run that sent a row with the same key knows of it, for each row in order. */
  readonly lookup: (
    rows: ReadonlyArray<RowKey>,
  ) => Effect.Effect<ReadonlyArray<EarlierRow | undefined>, JournalError>
}

/** The right to send the rows from `from` to `to`, both included. A newer claim on a row ends it for that row. */
export interface Claim {
  readonly from: number
  readonly to: number
  readonly epoch: number
  /** When it ends, on the clock of `AttemptGate.monotonicMillis`; undefined if it has no lease. */
  readonly notAfter: number | undefined
}

export interface ClaimOptions {
  /** Default: the first row. */
  readonly from?: number
  /** Default: the last row. */
  readonly to?: number
  /** A name for whoever reads the table, such as host and process ID. */
  readonly owner?: string
  /** Without it the claim holds until a newer one. */
  readonly leaseMs?: number
}

/** One attempt of a call, as core records it. */
export interface AttemptEnd {
  readonly number: number
  readonly phase: "connect" | "headers" | "body" | "answered"
  readonly status?: number | undefined
  readonly cause?: string | undefined
}

/** The end of the sending of a row. */
export interface RowOutcome {
  readonly outcome: SentOutcome
  /** Whether an attempt was lost; `unknown` and `exists_after_doubt` imply it. A doubt of before stays in any case. */
  readonly doubt?: boolean | undefined
  readonly status?: number | undefined
  readonly code?: string | undefined
  /** The attempts of the call, as `CallEnd.attempts` of core has them. */
  readonly attempts?: ReadonlyArray<AttemptEnd> | undefined
}

/** An attempt as it is recorded. */
export interface AttemptRow {
  readonly row: number
  /** Counts the attempts of the row from 1. */
  readonly sequence: number
  /** Counts the attempts of one call from 1; 0 for an end without an attempt, such as the decision of a person. */
  readonly attempt: number
  readonly epoch: number
  /** In epoch milliseconds. */
  readonly startedAt: number
  /** Undefined while nothing is known of its end. */
  readonly phase: AttemptEnd["phase"] | undefined
  readonly status?: number | undefined
  readonly cause?: string | undefined
  /** How its call ended; undefined while nothing is known of that. */
  readonly outcome?: SentOutcome | undefined
}

/** What a check of a journal found. */
export interface Verification {
  readonly isSound: boolean
  readonly rows: number
  readonly attempts: number
  /** One sentence each, with row numbers. */
  readonly problems: ReadonlyArray<string>
}

/** What a person says about a row in doubt: it was created, it was not and should end, or it is to be sent again. */
export type Resolution = "created" | "rejected" | "send_again"

export interface Range {
  readonly from?: number
  readonly to?: number
}

/** The operations of a journal. All fail with `JournalError`; after the first failed write every later operation fails. */
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
   * they become `planned` with `doubt` under `natural-key`, else `unknown`. Fails with `claimed` while a lease of another
   * claim on any of them holds, and with `not_planned`.
   */
  readonly claim: (options?: ClaimOptions) => Effect.Effect<Claim, JournalError>
  /** Extends the lease of a claim. Fails with `fenced` if a newer one took over any of its rows. */
  readonly renew: (claim: Claim, leaseMs: number) => Effect.Effect<Claim, JournalError>
  /** Gives a claim back, so that others need not wait for its lease. Rows still `sending` are in doubt for the next claim. */
  readonly release: (claim: Claim) => Effect.Effect<void, JournalError>
  /** Returns the record of each row in order, undefined if the run has no row with this key and content. */
  readonly lookup: (
    rows: ReadonlyArray<RowKey>,
  ) => Effect.Effect<ReadonlyArray<RowRecord | undefined>, JournalError>
  /**
   * Records that an attempt is about to be sent; durable when it succeeds, so that the request may leave only then. Attempts of
   * one call count from 1. Fails with `fenced`, and with `wrong_state` if the row has ended or is not part of the claim.
   */
  readonly intent: (claim: Claim, key: string, attempt: number) => Effect.Effect<void, JournalError>
  /**
   * Records the end of the sending of a row; durable when it succeeds, so that it may be reported only then. Never interrupted.
   * Fails with `fenced`, and with `wrong_state` if the row has ended.
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
  /** `running`: another process uses it, so nothing else is known. `unreadable`: see `error`. */
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
