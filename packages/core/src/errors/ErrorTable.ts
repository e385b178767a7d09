/**
 * The one table of errors: what each class means, what became of the contact, and what to do.
 * Messages, `docs/errors.md`, the README and the tests all read it.
 */

/** Tells what became of the contact: never left, answered without creating, or impossible to know. */
export type Outcome = "not_sent" | "rejected" | "unknown"

/** Describes one error class for people: the sentences its message and its page in the docs are made of. */
export interface ErrorEntry {
  /** When it occurs. */
  readonly when: string
  /** The outcomes it can carry. */
  readonly outcomes: ReadonlyArray<Outcome>
  /** Whether the client sends again by itself. */
  readonly resent: string
  /** What it means for the contact. */
  readonly meaning: string
  /** What to do. */
  readonly fix: string
}

const entry = (row: ErrorEntry): ErrorEntry => row

/** Lists the nine error classes by tag. */
export const errorTable = {
  InvalidContactError: entry({
    when: "The identifier or the contact breaks a rule; found before any request",
    outcomes: ["not_sent"],
    resent: "no",
    meaning: "Nothing was sent.",
    fix: "Correct each issue and create the contact again.",
  }),
  UnavailableError: entry({
    when: "The client did not let the request go: circuit open, line full, deadline too close, no token, or closed",
    outcomes: ["not_sent"],
    resent: "no, the caller may",
    meaning: "The contact was not created.",
    fix: "Try again later, after `retryAfter` where it is given.",
  }),
  ConnectionError: entry({
    when: "Name lookup, connecting, TLS or the proxy failed before the request could leave",
    outcomes: ["not_sent"],
    resent: "yes, except for certificate errors and a proxy that wants a password",
    meaning: "Nothing was sent.",
    fix: "Check the network, the proxy and the base URL.",
  }),
  BadRequestError: entry({
    when: "The API answered 400, or told that the contact exists (`exists: true`)",
    outcomes: ["rejected"],
    resent: "no",
    meaning: "The contact was not created.",
    fix: "Correct the contact; `apiMessage` holds the API's own words.",
  }),
  AuthenticationError: entry({
    when: "The API answered 401",
    outcomes: ["rejected"],
    resent: "no, but once where the token comes from a function or an effect; then a run stops",
    meaning: "The contact was not created.",
    fix: "Give a token that the API accepts.",
  }),
  RateLimitError: entry({
    when: "The API answered 429, and no resend was left or the wait was too long",
    outcomes: ["rejected"],
    resent: "yes, after the wait",
    meaning: "The contact was not created.",
    fix: "Create it again after `retryAfter`.",
  }),
  InternalServerError: entry({
    when: "The API answered 500 or another 5xx",
    outcomes: ["unknown"],
    resent: "under `natural-key` only",
    meaning: "The contact may or may not exist.",
    fix: "Look whether it exists before you create it again.",
  }),
  OutcomeUnknownError: entry({
    when: "The request left and no answer could be read, or a call ended after an attempt in doubt",
    outcomes: ["unknown"],
    resent: "under `natural-key` only",
    meaning: "The contact may or may not exist.",
    fix: "Look whether it exists before you create it again.",
  }),
  UnexpectedResponseError: entry({
    when: "The answer is none that the API documents: another status, a redirect, or a 2xx that cannot be verified",
    outcomes: ["rejected", "unknown"],
    resent: "under `natural-key`, where the outcome is unknown",
    meaning: "See `outcome`: rejected means not created, unknown means that it may exist.",
    fix: "Check the base URL and what stands between you and the API.",
  }),
} as const satisfies Record<string, ErrorEntry>

/** Names one of the nine error classes. */
export type ErrorTag = keyof typeof errorTable

/** Lists the nine tags in the order of the table. */
export const errorTags: ReadonlyArray<ErrorTag> = [
  "InvalidContactError",
  "UnavailableError",
  "ConnectionError",
  "BadRequestError",
  "AuthenticationError",
  "RateLimitError",
  "InternalServerError",
  "OutcomeUnknownError",
  "UnexpectedResponseError",
]

/** Gives the address of an error's page section. */
export const docsUrl = (tag: ErrorTag): string =>
  `https://github.com/aelyst/aelyst/blob/main/docs/errors.md#${tag.toLowerCase()}`
