/** How a failed create is told: for people on a few lines, for programs as one line of JSON. Core's words, no values. */
import type {
  AelystError,
  CallOutcome,
  UnavailableReason,
  UnexpectedResponseError,
} from "@aelyst/core"
import { redact } from "@aelyst/core/transport"

import type { ErrorCode } from "./ErrorCode.ts"
import { codeOf, errorCodes } from "./ErrorCode.ts"
import type { ExitName } from "./ExitCode.ts"
import { exitOf, exitTable } from "./ExitCode.ts"
import type { Failure } from "./Failure.ts"
import { count, time, visible } from "./Text.ts"

/** Holds what is said about the end of a command without success. */
export interface Report {
  readonly exit: ExitName
  readonly code: string
  /** The first line, without its code. */
  readonly headline: string
  /** The lines below: what it means, and what to do. */
  readonly details: ReadonlyArray<string>
  /** The members of `error` in JSON, beside `code`, `message` and `hint`. */
  readonly members: Readonly<Record<string, unknown>>
}

/** Holds what is known around a failed create. */
export interface Around {
  readonly host: string
  readonly profile: string
  readonly tokenFrom: string
  /** What may not be shown, whatever the server echoes. */
  readonly secrets: ReadonlyArray<string>
}

const apiWords = (error: AelystError, { secrets }: Around): string =>
  error.apiMessage === undefined ? "" : `: ${redact(visible(error.apiMessage), secrets, 300)}`

const reasons = {
  circuit: "the API has not been answering",
  queue: "too many calls are waiting",
  deadline: "the wait cannot end before the deadline",
  token: "there is no token",
  closed: "the client is closed",
  gate: "the attempt gate refused the attempt",
} as const satisfies Readonly<Record<UnavailableReason, string>>

const odd = {
  status: "which it does not document",
  redirect: "a redirect, and redirects are refused",
  unreadable: "with a body that cannot be read",
  contradiction: "with a body that says otherwise",
} as const satisfies Readonly<Record<UnexpectedResponseError["reason"], string>>

const later = (ms: number | undefined): ReadonlyArray<string> =>
  ms === undefined ? [] : [`it asks for ${time(ms)}`]

const existing = "outcome unknown: the contact may exist. Check before you create it again."

const words = (
  error: AelystError,
  around: Around,
): {
  readonly headline: string
  readonly details: ReadonlyArray<string>
  readonly code?: string
} => {
  const { host, profile, tokenFrom } = around
  const attempts = count(error.attempts.length, "attempt")
  switch (error._tag) {
    case "InvalidContactError": {
      const [first, ...more] = error.issues.map(({ path, code, rule, suggestion }) => {
        const where = path.length === 0 ? "contact" : path.join(".")
        // some rules name what they are about
        const line = rule.startsWith(where) ? rule : `${where}: ${rule}`
        return { code, line, suggestion }
      })
      return {
        headline: visible(first?.line ?? "the contact is not valid"),
        ...(first !== undefined && { code: first.code }),
        details: [
          ...(first?.suggestion === undefined ? [] : [visible(first.suggestion)]),
          ...more.map(({ code, line }) => `${visible(line)}  [${code}]`),
          "nothing was sent",
        ],
      }
    }
    case "AuthenticationError":
      return {
        headline: `Aelyst refused the token (${error.status}${apiWords(error, around).replace(/^: /, " ")})`,
        details: [
          `token: from ${tokenFrom}, profile ${profile}, host ${host}`,
          `fix:   aelyst auth login${profile === "default" ? "" : ` --profile ${profile}`}${
            tokenFrom === "AELYST_TOKEN" ? "      (or unset AELYST_TOKEN to use the saved one)" : ""
          }`,
        ],
      }
    case "BadRequestError":
      return {
        headline: error.exists
          ? `the contact exists already${apiWords(error, around)} (${error.status})`
          : `Aelyst rejected the contact${apiWords(error, around)} (${error.status})`,
        details: error.exists
          ? ["no second contact was created"]
          : [
              "the contact was not created",
              "list fields must match one of their options exactly; only Aelyst knows the options",
            ],
      }
    case "RateLimitError":
      return {
        headline: `rate limited${error.limit === undefined ? "" : ` (limit ${error.limit})`}, and no resend is left or the wait is too long (${attempts})`,
        details: [
          ["the contact was not created", ...later(error.retryAfterMs)].join("; "),
          "fix:   run it again later, or allow more: --retries, --max-wait, --deadline",
        ],
      }
    case "UnavailableError":
      return {
        headline: `not sent: ${reasons[error.reason]}`,
        details: [
          "the contact was not created",
          ...(error.retryAfterMs === undefined ? [] : [`try again in ${time(error.retryAfterMs)}`]),
        ],
      }
    case "InternalServerError":
      return {
        headline: `Aelyst answered ${error.status}${apiWords(error, around).replace(/^: /, " ")} (${attempts})`,
        details: [existing],
      }
    case "UnexpectedResponseError":
      return {
        headline: `Aelyst answered ${error.status}, ${odd[error.reason]} (${attempts})`,
        details: [
          error.outcome === "rejected" ? "the contact was not created" : existing,
          "check the base URL, and what stands between you and the API",
        ],
      }
    case "ConnectionError":
      return {
        headline: `cannot reach ${host} (${error.code})`,
        details: ["nothing was sent (not_sent).  try: aelyst doctor"],
      }
    case "OutcomeUnknownError":
      return {
        headline: `the request left for ${host} and no answer came back (${error.code}; ${attempts})`,
        details: [existing],
      }
  }
}

const statusOf = (error: AelystError): number | undefined =>
  "status" in error && typeof error.status === "number" ? error.status : undefined

/** Tells whether a value is a report. */
export const isReport = (u: unknown): u is Report =>
  typeof u === "object" && u !== null && "headline" in u && "exit" in u && "members" in u

/** Tells about a failed create. */
export const ofError = (error: AelystError, around: Around): Report => {
  const { headline, details, code } = words(error, around)
  const status = statusOf(error)
  return {
    exit: exitOf(error),
    code: code ?? codeOf(error),
    headline,
    details,
    members: {
      name: error._tag,
      ...(status !== undefined && { status }),
      attempts: error.attempts.length,
      ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
      outcome: error.outcome,
      ...(error._tag === "InvalidContactError" && { issues: error.issues }),
      docs: error.docs,
    },
  }
}

/** Tells about a failure of the command itself. */
export const ofFailure = (failure: Failure): Report => ({
  exit: failure.exit,
  code: failure.code,
  headline: failure.message,
  details: failure.hints,
  members: { name: failure._tag, attempts: 0, outcome: "not_sent" },
})

/** Tells that the program itself is wrong; the stack is shown on request. */
export const ofDefect = (stack: string | undefined): Report => ({
  exit: "bug",
  code: "BUG" satisfies ErrorCode,
  headline: "aelyst went wrong; this is a bug",
  details: [
    errorCodes.BUG.meaning,
    errorCodes.BUG.fix,
    ...(stack === undefined ? [] : stack.split("\n").map(visible)),
  ],
  members: { name: "Defect", outcome: "unknown" },
})

const stops: Readonly<Record<CallOutcome, string>> = {
  created: "the contact was created",
  exists_after_doubt: "the contact exists; it was probably created by the lost attempt",
  not_sent: "nothing was sent",
  rejected: "the contact was not created",
  unknown: existing,
}

/** Tells that a signal ended the command, and what is known of the contact. */
export const ofSignal = (signal: "SIGINT" | "SIGTERM", lastKnown: CallOutcome): Report => ({
  exit: signal === "SIGINT" ? "interrupted" : "terminated",
  code: signal,
  headline: "stopped",
  details: [stops[lastKnown]],
  members: { name: "Interrupted", outcome: lastKnown },
})

/** Gives the exit code of a report. */
export const exitCodeOf = ({ exit }: Report): number => exitTable[exit].code

/** Gives a report as the value of one line of JSON. */
export const json = (report: Report): Readonly<Record<string, unknown>> => ({
  schemaVersion: 1,
  ok: false,
  error: {
    code: report.code,
    message: report.headline,
    ...report.members,
    hint: report.details.join(" · "),
  },
  exitCode: exitCodeOf(report),
})
