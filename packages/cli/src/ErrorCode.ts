/** The codes in square brackets that errors end with, and their offline text; `aelyst errors` prints it. */
import type { AelystError } from "@aelyst/core"
import { docsUrl, errorTable, issueRules } from "@aelyst/core/adapter"

import type { ExitName } from "./ExitCode.ts"

/** Describes one code. */
export interface ErrorText {
  readonly exit: ExitName
  /** When it occurs. */
  readonly when: string
  /** What it means for the contact. */
  readonly meaning: string
  readonly fix: string
  readonly docs?: string
}

const nothing = "Nothing was sent."

const fromCore = (tag: keyof typeof errorTable, exit: ExitName): ErrorText => {
  const { when, meaning, fix } = errorTable[tag]
  return { exit, when, meaning, fix, docs: docsUrl(tag) }
}

const own = (exit: ExitName, when: string, fix: string): ErrorText => ({
  exit,
  when,
  meaning: nothing,
  fix,
})

/** Lists the codes of failures as a whole; the rules of a contact have codes of their own. */
export const errorCodes = {
  USAGE: own(
    "usage",
    "A flag, an argument or a setting is unknown or makes no sense",
    "Read the help of the command: `aelyst <command> --help`.",
  ),
  FILE: own(
    "usage",
    "A file cannot be read, written or trusted",
    "Check the path and its permissions: files with a token belong to you alone (chmod 600).",
  ),
  TOKEN_MISSING: own(
    "auth",
    "No token was found for this host",
    "Set AELYST_TOKEN, give --token-file or --token-stdin, or run `aelyst auth login`.",
  ),
  TOKEN_INVALID: own(
    "auth",
    "The token is not 8 to 4,096 visible ASCII characters",
    "Copy the token again, without spaces and line breaks.",
  ),
  TOKEN_HOST: own(
    "auth",
    "The saved token belongs to another host than the one that is asked",
    "Log in to this host under a profile of its own: `aelyst auth login --profile <name> --base-url <url>`.",
  ),
  CONTACT_INVALID: fromCore("InvalidContactError", "invalid"),
  UNAUTHORIZED: fromCore("AuthenticationError", "auth"),
  API_REJECTED: fromCore("BadRequestError", "rejected"),
  CONTACT_EXISTS: {
    ...fromCore("BadRequestError", "rejected"),
    when: "Aelyst says that the contact exists already",
    meaning: "No second contact was created.",
    fix: "Nothing, unless the contact should be changed: this command only creates.",
  },
  RATE_LIMITED: fromCore("RateLimitError", "later"),
  NOT_LET_GO: fromCore("UnavailableError", "later"),
  SERVER_ERROR: fromCore("InternalServerError", "server"),
  UNEXPECTED_RESPONSE: fromCore("UnexpectedResponseError", "server"),
  NETWORK: fromCore("ConnectionError", "network"),
  OUTCOME_UNKNOWN: fromCore("OutcomeUnknownError", "network"),
  BUG: {
    exit: "bug",
    when: "aelyst itself went wrong",
    meaning: "The contact may or may not exist.",
    fix: "Run it again with -v and report what it prints: https://github.com/aelyst/aelyst/issues",
  },
} satisfies Readonly<Record<string, ErrorText>>

/** Names a code of a failure as a whole. */
export type ErrorCode = keyof typeof errorCodes

/** Gives the code of a failed create. */
export const codeOf = (error: AelystError): ErrorCode => {
  switch (error._tag) {
    case "InvalidContactError":
      return "CONTACT_INVALID"
    case "AuthenticationError":
      return "UNAUTHORIZED"
    case "BadRequestError":
      return error.exists ? "CONTACT_EXISTS" : "API_REJECTED"
    case "RateLimitError":
      return "RATE_LIMITED"
    case "UnavailableError":
      return "NOT_LET_GO"
    case "InternalServerError":
      return "SERVER_ERROR"
    case "UnexpectedResponseError":
      return "UNEXPECTED_RESPONSE"
    case "ConnectionError":
      return "NETWORK"
    case "OutcomeUnknownError":
      return "OUTCOME_UNKNOWN"
  }
}

/** Lists every code with its text: those of failures, then the rules of a contact. */
export const allCodes: ReadonlyMap<string, ErrorText> = new Map<string, ErrorText>([
  ...Object.entries(errorCodes),
  ...Object.entries(issueRules).map(([code, rule]): [string, ErrorText] => [
    code,
    {
      exit: "invalid",
      when: rule,
      meaning: nothing,
      fix: "Correct the value and create the contact again.",
      docs: `${docsUrl("InvalidContactError").replace(/#.*/, "")}#rules`,
    },
  ]),
])
