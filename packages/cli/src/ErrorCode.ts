/** The codes in square brackets at the end of errors, and their offline text; `aelyst errors` prints it. */
import type { AelystError, ErrorTag } from "@aelyst/core"
import { docsUrl, errorTable, issueRules } from "@aelyst/core/adapter"

import { checks, unavailable, unexpected } from "./ErrorWords.ts"
import type { ExitName } from "./ExitCode.ts"
import { rowFixes, rowRules } from "./RowCode.ts"

/** Describes one code. */
export interface ErrorText {
  readonly exit: ExitName
  /** When it occurs; for a rule of a contact, the rule. */
  readonly when: string
  /** Whether `when` is a rule. */
  readonly isRule?: true
  /** The reasons that its message names, with their words. */
  readonly reasons?: Readonly<Record<string, string>>
  /** Its meaning for the contact. */
  readonly meaning: string
  readonly fix: string
}

const errorsPage = docsUrl("InvalidContactError").replace(/\.md#.*$/, "")

/** Returns the link to the page of a code. */
export const docsOf = (code: string): string => `${errorsPage}/${code}.md`

const nothing = "Nothing was sent."
const checkFirst =
  "Search for the contact in the Aelyst app before retrying. If identifiers are unique there, --delivery natural-key resends without creating it twice."

const mapValues = <K extends string, A>(
  table: Readonly<Record<K, A>>,
  write: (value: A) => string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries<A>(table).map(([name, value]) => [name, write(value)]))

const fromCore = (tag: ErrorTag, exit: ExitName, fix = errorTable[tag].fix): ErrorText => {
  const { when, meaning } = errorTable[tag]
  return { exit, when, meaning, fix }
}

const beforeSending = (exit: ExitName, when: string, fix: string): ErrorText => ({
  exit,
  when,
  meaning: nothing,
  fix,
})

/** Lists the codes of failures; the rules of a contact have other codes. */
export const errorCodes = {
  USAGE: beforeSending(
    "usage",
    "A flag, an argument or a setting is unknown or invalid",
    "Read the help of the command: `aelyst <command> --help`.",
  ),
  FILE: {
    exit: "usage",
    when: "A file or standard output cannot be read or written, or others can read a token in a file",
    meaning: "Nothing was sent; at the end of an import, its summary says what was.",
    fix: "Check the path and its permissions. Only you may read a file with a token (chmod 600); a mounted secret can be given as --token-stdin < <path>.",
  },
  MAPPING: beforeSending(
    "usage",
    "The columns of a file cannot be mapped to the fields of a contact",
    "Add the --map flags that the error names; `aelyst mapping <file>` shows the columns.",
  ),
  INPUT_CHANGED: {
    exit: "usage",
    when: "A file is not the one that its run was planned for",
    meaning: "No further row was sent; rows that were created are recorded.",
    fix: "Import the file again: rows that were created are skipped.",
  },
  JOURNAL: {
    exit: "usage",
    when: "The record of a run cannot be read or written, or another process uses it",
    meaning: "No further row was sent; rows that were sent before are recorded.",
    fix: "Do what the error says, then run the command again.",
  },
  OUTBOX: {
    exit: "usage",
    when: "An outbox cannot be read or written, is not sound, or its database cannot be reached",
    meaning: "Contacts that were accepted stay in the outbox.",
    fix: "Do what the error says, then run the command again.",
  },
  TOKEN_MISSING: beforeSending(
    "auth",
    "No token was found for this host",
    "Set AELYST_TOKEN, use --token-file or --token-stdin, or run `aelyst auth login`.",
  ),
  TOKEN_INVALID: beforeSending(
    "auth",
    "The token is not 8 to 4,096 visible ASCII characters: it is in quotation marks, begins with Bearer, has spaces or line breaks, or is UTF-16",
    "Do what the error says, or copy the token again.",
  ),
  TOKEN_HOST: beforeSending(
    "auth",
    "The saved token is for another host",
    "Log in to this host with another profile: `aelyst auth login --profile <name> --base-url <url>`.",
  ),
  CONTACT_INVALID: fromCore("InvalidContactError", "invalid"),
  UNAUTHORIZED: fromCore("AuthenticationError", "auth"),
  API_REJECTED: fromCore(
    "BadRequestError",
    "rejected",
    "Correct the contact; the error quotes the API.",
  ),
  CONTACT_EXISTS: {
    ...fromCore("BadRequestError", "rejected", "Use the existing contact; `create` changes none."),
    when: "Aelyst says that the contact already exists",
    meaning: "No second contact was created.",
  },
  RATE_LIMITED: {
    ...fromCore(
      "RateLimitError",
      "later",
      "Retry after the time in the error, or raise the flag that it names.",
    ),
    reasons: {
      retries: "no resend is left; raise --retries",
      wait: "the wait is longer than --max-wait; raise it and --deadline",
      deadline: "the wait would not end before the deadline; raise --deadline",
    },
  },
  NOT_SENT: {
    ...fromCore("UnavailableError", "later", "Retry later, after the time in the error."),
    reasons: mapValues(unavailable, ([why, fix]) => `${why}; ${fix}`),
  },
  SERVER_ERROR: fromCore("InternalServerError", "server", checkFirst),
  UNEXPECTED_RESPONSE: {
    ...fromCore("UnexpectedResponseError", "server"),
    reasons: mapValues(unexpected, (words) => `a response ${words}`),
  },
  NETWORK: {
    ...fromCore("ConnectionError", "network"),
    reasons: mapValues(checks, (fix) => fix),
  },
  OUTCOME_UNKNOWN: fromCore("OutcomeUnknownError", "network", checkFirst),
  BUG: {
    exit: "bug",
    when: "aelyst failed unexpectedly",
    meaning: "The contact may or may not exist.",
    fix: "Run the command again with -v and report its output: https://github.com/aelyst/aelyst/issues",
  },
} satisfies Readonly<Record<string, ErrorText>>

/** Names a code of a failure. */
export type ErrorCode = keyof typeof errorCodes

const codes: Readonly<Record<ErrorTag, ErrorCode>> = {
  InvalidContactError: "CONTACT_INVALID",
  AuthenticationError: "UNAUTHORIZED",
  BadRequestError: "API_REJECTED",
  RateLimitError: "RATE_LIMITED",
  UnavailableError: "NOT_SENT",
  InternalServerError: "SERVER_ERROR",
  UnexpectedResponseError: "UNEXPECTED_RESPONSE",
  ConnectionError: "NETWORK",
  OutcomeUnknownError: "OUTCOME_UNKNOWN",
}

/** Returns the code of a class, whatever the case of its name. */
export const codeOfClass = (name: string): ErrorCode | undefined => {
  const found = Object.entries(codes).find(([tag]) => tag.toLowerCase() === name.toLowerCase())
  return found?.[1]
}

/** Returns the codes of a status: the documented ones, and every 5xx. */
export const codesOfStatus = (status: number): ReadonlyArray<ErrorCode> => {
  if (status === 400) return ["API_REJECTED", "CONTACT_EXISTS"]
  if (status === 409) return ["CONTACT_EXISTS"]
  if (status === 401) return ["UNAUTHORIZED"]
  if (status === 408) return ["OUTCOME_UNKNOWN"]
  if (status === 429) return ["RATE_LIMITED"]
  if (status >= 500 && status <= 599) return ["SERVER_ERROR"]
  return status >= 200 && status <= 499 ? ["UNEXPECTED_RESPONSE"] : []
}

/** Returns the code of a failed create. */
export const codeOf = (error: AelystError): ErrorCode =>
  error._tag === "BadRequestError" && error.exists ? "CONTACT_EXISTS" : codes[error._tag]

const ofRule = ([code, rule]: readonly [string, string]): [string, ErrorText] => {
  const fix = rowFixes[code]
  return [
    code,
    {
      exit: "invalid",
      when: rule,
      isRule: true,
      meaning: nothing,
      fix: `Correct the value and create the contact again.${fix === undefined ? "" : ` In a file: ${fix}`}`,
    },
  ]
}

const ofRowRule = ([code, rule]: readonly [string, string]): [string, ErrorText] => [
  code,
  {
    exit: "invalid",
    when: rule,
    isRule: true,
    meaning: "The row was not sent.",
    fix: rowFixes[code] ?? "Correct the row and import it again.",
  },
]

/** Lists every code with its text: those of failures, then the rules of a contact, then those of rows of a file. */
export const allCodes: ReadonlyMap<string, ErrorText> = new Map<string, ErrorText>([
  ...Object.entries(errorCodes),
  ...Object.entries(issueRules).map(ofRule),
  ...Object.entries(rowRules).map(ofRowRule),
])
