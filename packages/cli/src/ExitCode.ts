/**
 * The exit codes: a public contract. Help, the README and the tests read this table; the exit code of an error follows from
 * its tag.
 */
import type { AelystError, ErrorTag } from "@aelyst/core"

/** Names the exit codes. */
export type ExitName =
  | "ok"
  | "bug"
  | "usage"
  | "invalid"
  | "auth"
  | "rejected"
  | "later"
  | "server"
  | "network"
  | "incomplete"
  | "stopped"
  | "hangup"
  | "interrupted"
  | "quit"
  | "terminated"

/** Describes one exit code. */
export interface ExitEntry {
  readonly code: number
  readonly meaning: string
  /** Whether running the same command again is useful. */
  readonly retry: string
}

const entry = (code: number, meaning: string, retry: string): ExitEntry => ({
  code,
  meaning,
  retry,
})

/** Lists the exit codes by name. */
export const exitTable: Readonly<Record<ExitName, ExitEntry>> = {
  ok: entry(0, "Success; of an import or a drain: every contact exists", "-"),
  bug: entry(1, "A bug in aelyst (`-v` shows the stack)", "no"),
  usage: entry(
    2,
    "Usage: unknown flag, invalid setting, unreadable file, or a prompt without a terminal",
    "after fixing",
  ),
  invalid: entry(
    3,
    "The contact is invalid, or rows of a file with `--check`; nothing was sent",
    "after fixing",
  ),
  auth: entry(4, "No token, or Aelyst rejected it", "after login"),
  rejected: entry(5, "Aelyst rejected the contact", "after fixing"),
  later: entry(
    6,
    "Rate limited with `--retries` or `--max-wait` used up, or not sent (circuit, queue, deadline)",
    "later",
  ),
  server: entry(
    7,
    "A server error, or an undocumented or unreadable response",
    "only after checking: the contact may exist",
  ),
  network: entry(
    8,
    "Network error or timeout; stderr says `not_sent` or `unknown`",
    "`not_sent`: yes; `unknown`: only after checking",
  ),
  incomplete: entry(
    9,
    "An import or a drain ended with invalid, rejected or unknown contacts; stderr says more",
    "with the fixed rejects file; of a drain: no",
  ),
  stopped: entry(
    10,
    "An import or a drain stopped early: `--max-errors`, `--stop-after`, 401, 429 or no response",
    "`aelyst resume`, or the drain again",
  ),
  hangup: entry(129, "The terminal was closed (SIGHUP)", "stderr says the outcome"),
  interrupted: entry(130, "Ctrl-C (SIGINT)", "stderr says the outcome"),
  quit: entry(131, "Ctrl-\\ (SIGQUIT)", "stderr says the outcome"),
  terminated: entry(143, "SIGTERM", "stderr says the outcome"),
}

const exits: Readonly<Record<ErrorTag, ExitName>> = {
  InvalidContactError: "invalid",
  AuthenticationError: "auth",
  BadRequestError: "rejected",
  RateLimitError: "later",
  UnavailableError: "later",
  InternalServerError: "server",
  UnexpectedResponseError: "server",
  ConnectionError: "network",
  OutcomeUnknownError: "network",
}

/** Returns the exit code of a failed create. */
export const exitOf = (error: AelystError): ExitName => {
  const exit = exits[error._tag]
  if (error._tag !== "OutcomeUnknownError" || error.last === undefined) return exit
  // a newest error from the server explains the doubt better than the network
  return exits[error.last._tag] === "server" ? "server" : exit
}
