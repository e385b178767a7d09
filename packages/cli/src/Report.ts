/** How a command that failed is reported: for people on a few lines, for programs as one line of JSON. */
import type { AelystError, CallOutcome } from "@aelyst/core"

import type { ErrorCode } from "./ErrorCode.ts"
import { allCodes, codeOf, docsOf, errorCodes } from "./ErrorCode.ts"
import type { ErrorContext } from "./ErrorWords.ts"
import { describe, mayExist } from "./ErrorWords.ts"
import type { ExitName } from "./ExitCode.ts"
import { exitOf, exitTable } from "./ExitCode.ts"
import type { Failure } from "./Failure.ts"
import type { Signal } from "./Host.ts"
import type { Printer } from "./Screen.ts"
import type { Settings } from "./Settings.ts"
import { jsonLine, visible } from "./Text.ts"

/** Holds what is printed at the end of a command that failed. */
export interface Report {
  readonly exit: ExitName
  readonly code: string
  /** The first line, without its code. */
  readonly headline: string
  /** The lines below: what it means, and what to do. */
  readonly details: ReadonlyArray<string>
  /** The members of `error` in JSON, in addition to `code`, `message`, `docs` and `hints`. */
  readonly members: Readonly<Record<string, unknown>>
  /** The exit code, if it is not that of `exit`. */
  readonly exitCode?: number
  /** Whether everything is printed already, so that only the exit code is left. */
  readonly isPrinted?: true
}

/** Returns whether a value is a report. */
export const isReport = (u: unknown): u is Report =>
  typeof u === "object" && u !== null && "headline" in u && "exit" in u && "members" in u

/** Creates the context of an error from settings and, once the contact is on its way, token and secrets. */
export const contextOf = (
  { host, profile }: Pick<Settings, "host" | "profile">,
  tokenFrom = "",
  secrets: ReadonlyArray<string> = [],
): ErrorContext => ({ host, profile, tokenFrom, secrets })

/** Reports a failed create. */
export const ofError = (error: AelystError, context: ErrorContext): Report => {
  const { headline, details, code } = describe(error, context)
  return {
    exit: exitOf(error),
    code: code ?? codeOf(error),
    headline,
    details,
    members: {
      name: error._tag,
      ...("status" in error && { status: error.status }),
      attempts: error.attempts.length,
      ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
      outcome: error.outcome,
      ...("issues" in error && { issues: error.issues }),
    },
  }
}

/** Reports that data could not be written to standard output, and the outcome for the contact if one was on its way. */
export const ofLostOutput = (code: string, outcome: CallOutcome): Report => ({
  exit: "usage",
  code: "FILE",
  headline: `cannot write to standard output (${code})`,
  details: [
    ...(outcome === "not_sent" ? [] : [outcomes[outcome]]),
    `fix:   ${code === "ENOSPC" ? "free some space, or write elsewhere" : "check the file or the pipe that it goes to"}`,
  ],
  members: { name: "Failure", outcome },
})

/** Reports a failure of the command itself. */
export const ofFailure = (failure: Failure): Report => ({
  exit: failure.exit,
  code: failure.code,
  headline: failure.message,
  details: failure.hints,
  members: { name: failure._tag, attempts: 0, outcome: "not_sent" },
})

/** Reports a bug of the program; with its stack if one is given. */
export const ofDefect = (stack: string | undefined): Report => ({
  exit: "bug",
  code: "BUG" satisfies ErrorCode,
  headline: "aelyst failed unexpectedly; this is a bug",
  details: [
    errorCodes.BUG.meaning,
    errorCodes.BUG.fix,
    ...(stack === undefined ? [] : stack.split("\n").map(visible)),
  ],
  members: { name: "Defect", outcome: "unknown" },
})

const outcomes = {
  created: "the contact was created",
  existed: "the contact exists",
  exists_after_doubt: "the contact exists; probably created by the lost attempt",
  not_sent: "nothing was sent",
  rejected: "the contact was not created",
  unknown: `${mayExist}; search for it in the Aelyst app before retrying`,
} as const satisfies Readonly<Record<CallOutcome, string>>

/** Names the exit code after each signal. */
export const exitOfSignal = {
  SIGHUP: "hangup",
  SIGINT: "interrupted",
  SIGQUIT: "quit",
  SIGTERM: "terminated",
} as const satisfies Readonly<Record<Signal, ExitName>>

export type { Signal } from "./Host.ts"

/** The signals that end a run. */
export const signals: ReadonlyArray<Signal> = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"]

/** Reports that a signal stopped the command, and the outcome for the contact. */
export const ofSignal = (signal: Signal, outcome: CallOutcome): Report => ({
  exit: exitOfSignal[signal],
  code: signal,
  headline: "stopped",
  details: [outcomes[outcome]],
  members: { name: "Interrupted", outcome },
})

/** Ends a command with an exit code and without an error: everything is printed. */
export const ended = (exit: ExitName): Report => ({
  exit,
  code: "",
  headline: "",
  details: [],
  members: {},
  isPrinted: true,
})

/** Returns the exit code of a report. */
export const exitCodeOf = ({ exit, exitCode }: Report): number => exitCode ?? exitTable[exit].code

const json = (report: Report): Readonly<Record<string, unknown>> => ({
  schemaVersion: 1,
  ok: false,
  error: {
    code: report.code,
    message: report.headline,
    ...report.members,
    ...(allCodes.has(report.code) && { docs: docsOf(report.code) }),
    hints: report.details.map((line) => line.replace(/^fix: +/, "")),
  },
  exitCode: exitCodeOf(report),
})

/** Prints a report on stderr. */
export const print = (report: Report, printer: Printer): void => {
  if (report.isPrinted === true) return undefined
  if (printer.json) return printer.print(jsonLine(json(report)))
  const label = printer.paint("stderr", "red", "error:")
  return printer.print(
    `${label} ${printer.symbols(report.headline)}  [${report.code}]`,
    ...report.details.map((line) => `  ${printer.symbols(line)}`),
  )
}
