/** The records of a journal: a run, its rows and attempts, and the claims to send them. */
import type { Delivery } from "@aelyst/core"
import type * as Effect from "effect/Effect"

import type { JournalError } from "./JournalError.ts"

/** The facts that a run is created with. Nothing of a contact belongs here. */
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
  /** JSON that the program needs to resume the run, such as the path of the input and its options. */
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
      /**
       * The data that another machine needs to send the row, as JSON. A store on one machine ignores it; one for several keeps it until
       * the row ends, encrypted if it has a key.
       */
      readonly payload?: unknown
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

/** `planned`: to be sent. `sending`: an attempt may have left, so without a process that sends it now it is in doubt. Others have ended. */
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
  /** Rows of the input that are not part of the table, such as a footer. Not part of `total`. */
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
  /** Runs that another process uses, so that they may send the same rows now. On SQLite they could not be read. */
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
  /** A name to recognise the owner by, such as host and process ID. */
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

/** The findings of a check of a journal. */
export interface Verification {
  readonly isSound: boolean
  readonly rows: number
  readonly attempts: number
  /** One sentence each, with row numbers; of many that break one rule the first ones, and how many there are. */
  readonly problems: ReadonlyArray<string>
}

/** The decision of a person about a row in doubt: it was created, it was not and has ended, or it must be sent again. */
export type Resolution = "created" | "rejected" | "send_again"

export interface Range {
  readonly from?: number
  readonly to?: number
}
