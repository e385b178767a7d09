/** The one error of this package: why a journal cannot be used, and what to do. */
import * as Data from "effect/Data"

/**
 * Why an operation failed.
 *
 * - `locked`: another process uses this run
 * - `full`: the disk is full
 * - `io`: the disk failed to read, write or sync
 * - `read_only`: the file or its directory cannot be written
 * - `corrupt`: the file is damaged
 * - `newer_version`: a newer version of this package wrote the file
 * - `not_a_journal`: the path is something else, such as another program's database or a directory
 * - `deleted`, `replaced`: the file was, while it was in use
 * - `unsafe`: the file or directory can be read or written by other users
 * - `no_locks`: the file system does not keep what is written, or its locks do not hold
 * - `too_many_files`: this process, or the system, has as many files and connections open as it may
 * - `unsupported`: this Node.js has no `node:sqlite`
 * - `not_found`, `ambiguous`: no run has this ID, or several have
 * - `other_input`: the journal belongs to another input, origin or account
 * - `not_planned`, `already_planned`: the run has no rows yet, or has them already
 * - `claimed`: another owner holds a claim on these rows
 * - `fenced`: a newer claim took these rows over
 * - `wrong_state`: the row is not in a state that allows this
 * - `paused`, `cancelled`: nothing of the run may be sent
 * - `unreadable`: no key decrypts the contact of a row, or it was changed
 * - `denied`: the user of the database lacks a privilege
 * - `sql_error`: the database rejects a statement, for example because a table has other columns
 * - `unavailable`: the database server cannot be reached
 */
export type JournalReason = keyof typeof advice

const advice = {
  locked: "Wait until the other process ends, or stop it.",
  full: "Free some space, then resume the run.",
  io: "Check the disk, then resume the run.",
  read_only: "Make the file and its directory writable, or choose another directory.",
  corrupt: "Keep the file for analysis and start a new run; check first which contacts exist.",
  newer_version: "Update this program.",
  not_a_journal: "Choose another path.",
  deleted: "The run has stopped. Check which contacts exist before you start it again.",
  replaced: "The run has stopped. Use one copy of the file only.",
  unsafe: "Set its mode to 0600, or 0700 if it is a directory, and make yourself the owner.",
  no_locks: "Choose a directory on a local disk.",
  too_many_files:
    "Raise the limit of open files (`ulimit -n`), or lower the concurrency, then resume the run.",
  unsupported: "Use Node.js 22.19 or newer.",
  not_found: "List the runs to see their IDs.",
  ambiguous: "Give the path of the file.",
  other_input: "Choose another path, or start another run for this input.",
  not_planned: "Plan the run first.",
  already_planned: "Open the run instead of planning it again.",
  claimed: "Wait until the claim expires, or stop its owner.",
  fenced: "Stop sending these rows; their new owner continues.",
  wrong_state: "List the rows of the run to see their states.",
  paused: "Continue the run first.",
  cancelled: "Start another run for this input.",
  unreadable: "Give the encryption key that the run was planned with.",
  denied:
    "Grant the user of the database the use of the tables aelyst_* and the sequence aelyst_epoch; to create them, CREATE on the schema.",
  sql_error: "Look up the code, and check the tables aelyst_* and the log of the server.",
  unavailable: "Check the connection, then resume the run.",
} as const

const sentences: Readonly<Record<JournalReason, string>> = {
  locked: "another process uses this run",
  full: "the disk is full",
  io: "the disk failed",
  read_only: "the journal cannot be written",
  corrupt: "the journal is damaged",
  newer_version: "a newer version of this program wrote the journal",
  not_a_journal: "this is not a journal",
  deleted: "the journal was deleted while it was in use",
  replaced: "the journal was replaced while it was in use",
  unsafe: "other users can read or write this path",
  no_locks: "this file system cannot hold a journal",
  too_many_files: "too many files are open",
  unsupported: "this Node.js has no node:sqlite",
  not_found: "there is no such run",
  ambiguous: "several runs have this ID",
  other_input: "the journal belongs to another input, origin or account",
  not_planned: "the run has no rows yet",
  already_planned: "the run has its rows already",
  claimed: "another owner holds these rows",
  fenced: "another owner took these rows over",
  wrong_state: "the row is not in a state that allows this",
  paused: "the run is paused",
  cancelled: "the run was cancelled",
  unreadable: "the contact of a row cannot be decrypted",
  denied: "the user of the database lacks a privilege",
  sql_error: "the database rejected a statement",
  unavailable: "the database cannot be reached",
}

/**
 * A failed operation of a journal. `reason` says why, `path` where (the file, the directory, or the name of a database, never
 * a password), `message` also what to do. `cause` is kept for analysis; it holds nothing of a contact.
 */
export class JournalError extends Data.TaggedError("JournalError")<{
  readonly reason: JournalReason
  readonly path: string
  /** Details, if there is more to say than the reason. */
  readonly detail?: string | undefined
  /** With `unreadable`: the ID of the encryption key that is not given; undefined if the contact was changed. */
  readonly keyId?: string | undefined
  readonly cause?: unknown
}> {
  /** The problem in words, without the path and without a full stop. */
  get problem(): string {
    const sentence = sentences[this.reason]
    return this.detail === undefined ? sentence : `${sentence} (${this.detail})`
  }

  /** The way out, as a sentence. */
  get advice(): string {
    return advice[this.reason]
  }

  override get message(): string {
    return `${this.path}: ${this.problem}. ${this.advice}`
  }
}
