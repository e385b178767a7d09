/**
 * The exit codes: a public contract. Help, the README and the tests read this one table; which code an error has is
 * decided here, from its tag and fields.
 */
import type { AelystError } from "@aelyst/core"

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
  | "interrupted"
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
  ok: entry(0, "Success", "-"),
  bug: entry(1, "A bug in aelyst (`-v` shows the stack)", "no"),
  usage: entry(
    2,
    "Usage: unknown flag, wrong setting, unreadable file, or a question without a terminal",
    "after fixing",
  ),
  invalid: entry(3, "The contact is not valid; nothing was sent", "after fixing"),
  auth: entry(4, "No token, or Aelyst refused it", "after login"),
  rejected: entry(5, "Aelyst refused the contact", "after fixing"),
  later: entry(
    6,
    "Rate limited and `--retries` or `--max-wait` used up, or not let go (circuit, line, deadline)",
    "later",
  ),
  server: entry(
    7,
    "A server error, or an answer that is not documented or cannot be read",
    "only after checking: the contact may exist",
  ),
  network: entry(8, "Network or timeout; stderr says `not_sent` or `unknown`", "yes / check first"),
  interrupted: entry(130, "Ctrl-C (SIGINT)", "stderr says what is known"),
  terminated: entry(143, "SIGTERM", "stderr says what is known"),
}

/** Gives the exit code of a failed create. */
export const exitOf = (error: AelystError): ExitName => {
  switch (error._tag) {
    case "InvalidContactError":
      return "invalid"
    case "AuthenticationError":
      return "auth"
    case "BadRequestError":
      return "rejected"
    case "RateLimitError":
    case "UnavailableError":
      return "later"
    case "InternalServerError":
    case "UnexpectedResponseError":
      return "server"
    case "ConnectionError":
      return "network"
    case "OutcomeUnknownError":
      // the doubt came from an answer, not from the network, where the newest error is one
      return error.last !== undefined && exitOf(error.last) === "server" ? "server" : "network"
  }
}

/** Renders the table for help texts. */
export const exitHelp = (): string =>
  Object.values(exitTable)
    .map(({ code, meaning }) => `${String(code).padStart(3)}  ${meaning.replaceAll("`", "")}`)
    .join("\n  ")
