/**
 * How a row ended, as it is kept and reported: the outcome of core's run, the status, and one of our codes if it was not
 * created. The same words are made from it whether the row ended now or in an earlier process.
 */
import type { AelystError, RowResult as CoreResult, RowOutcome } from "@aelyst/core"
import type { RowRecord } from "@aelyst/journal"

import type { Problem, ProblemCode } from "../types.ts"

/** The end of a row as it is kept: nothing of the contact. */
export interface Ending {
  readonly outcome: RowOutcome
  readonly code?: string | undefined
  /** The status of the last response; absent if none came. */
  readonly status?: number | undefined
}

const codeOf = (error: AelystError): ProblemCode | undefined => {
  switch (error._tag) {
    case "InvalidContactError":
      return "VALUE_INVALID"
    case "BadRequestError":
      return error.exists ? undefined : "API_REJECTED"
    case "UnexpectedResponseError":
      return error.outcome === "rejected" ? "API_REJECTED" : "OUTCOME_UNKNOWN"
    case "InternalServerError":
      return "SERVER_ERROR"
    case "OutcomeUnknownError":
      return error.last?._tag === "InternalServerError" ? "SERVER_ERROR" : "OUTCOME_UNKNOWN"
    case "AuthenticationError":
      return "UNAUTHORIZED"
    case "RateLimitError":
      return "RATE_LIMITED"
    case "ConnectionError":
      return "NETWORK"
    // nothing is wrong with the row, nor with the API: the run stopped before it
    case "UnavailableError":
      return undefined
  }
}

/** Returns how a row of core's run ended. */
export const endingOf = (result: CoreResult<unknown>): Ending => {
  const { attempts, response } = "value" in result ? result.value : result.error
  const code = "error" in result ? codeOf(result.error) : undefined
  const status = response?.status ?? attempts.at(-1)?.status
  return {
    outcome: result.outcome,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
  }
}

/** Returns how a row ended that the journal knows. One that was being sent is unknown. */
export const keptEnding = ({ code, state, status }: RowRecord): Ending => ({
  outcome: state === "planned" || state === "sending" ? "unknown" : state,
  ...(code !== undefined && { code }),
  ...(status !== undefined && { status }),
})

interface Words {
  readonly reason: (answered: string) => string
  readonly suggestion?: string
}

const words = {
  VALUE_INVALID: { reason: () => "the contact is invalid" },
  API_REJECTED: {
    reason: (answered) => `the API rejected the contact${answered}`,
    suggestion: "correct the row and import it again",
  },
  SERVER_ERROR: {
    reason: (answered) => `the API failed${answered}; the contact may exist`,
    suggestion: "check whether the contact exists before you import the row again",
  },
  OUTCOME_UNKNOWN: {
    reason: (answered) => `the response was lost or unreadable${answered}; the contact may exist`,
    suggestion: "check whether the contact exists before you import the row again",
  },
  RATE_LIMITED: {
    reason: () => "rate limited (429); the contact was not created",
    suggestion: "resume the import later",
  },
  UNAUTHORIZED: {
    reason: () => "the API rejected the token (401); the contact was not created",
    suggestion: "set a valid token and resume the import",
  },
  NETWORK: {
    reason: () => "the API could not be reached; the contact was not created",
    suggestion: "check the network and resume the import",
  },
} satisfies Partial<Record<ProblemCode, Words>>

const isKnown = (code: string): code is keyof typeof words => Object.hasOwn(words, code)

/** Returns the problem of a row that ended, in a list that is empty if there is none. */
export const problemsOf = (ending: Ending, line: number): readonly Problem[] => {
  const { code, status } = ending
  if (code === undefined || !isKnown(code)) return []
  const { reason, suggestion }: Words = words[code]
  const problem = { code, line, reason: reason(status === undefined ? "" : ` (${status})`) }
  return [suggestion === undefined ? problem : { ...problem, suggestion }]
}
