/** The sentences that the messages of errors are made of, and the reasons that three of the classes tell apart. */
import type { ConnectionKind, Issue, UnavailableReason, UnexpectedReason } from "../types.ts"

export const notCreated = "The contact was not created."
export const notSent = "Nothing was sent."
export const inDoubt = "The contact may or may not exist."
export const checkFirst =
  "Check whether the contact exists before retrying: search for it in the Aelyst app."

/** Returns when to retry, without a full stop. */
export const retryAfter = (ms: number | undefined): string =>
  ms === undefined ? "Retry later" : `Retry after ${Math.ceil(ms / 1000)} s`

/** Returns the first five issues in one line. */
export const listIssues = (issues: ReadonlyArray<Issue>): string => {
  const first = issues
    .slice(0, 5)
    .map(({ path, rule, code }) => `${path.join(".")}: ${rule} [${code}]`)
    .join("; ")
  return issues.length > 5 ? `${first}; and ${issues.length - 5} more` : first
}

/** Holds the reasons why the client did not send a request; `fix` is for waits of unknown length. */
export const unavailableReasons = {
  circuit: {
    happened: "The circuit is open because the API is not answering",
    fix: "Retry later.",
  },
  queue: { happened: "The queue is full", fix: "Retry later." },
  deadline: { happened: "The wait would not end before the deadline", fix: "Retry later." },
  token: {
    happened: "The token function returned no usable token",
    fix: "Return a token of 8 to 4,096 visible ASCII characters.",
  },
  closed: { happened: "The client is closed or its run has ended", fix: "Create a new client." },
  gate: {
    happened: "The attempt gate did not allow the attempt",
    fix: "Check why the gate did not allow it before retrying.",
  },
} as const satisfies Record<UnavailableReason, unknown>

/** Holds the check to make for each reason that there is no connection. */
export const connectionKinds = {
  dns: "Check the host name of the base URL, DNS and the proxy.",
  connect: "Check the base URL, the network and the proxy.",
  timeout: "Check the base URL, the network and the proxy.",
  tls: "Check that the base URL names a port that speaks TLS.",
  certificate: "Check the server's certificate and the certificates that are trusted.",
  proxy: "Check the proxy.",
  proxy_auth: "Check the user name and the password for the proxy.",
} as const satisfies Record<ConnectionKind, unknown>

/** Holds the ways in which a response can be unexpected. */
export const unexpectedReasons = {
  status: "which it does not document",
  redirect: "a redirect, and redirects are never followed",
  unreadable: "with an unreadable body",
  contradiction: "with a body that reports a failure",
} as const satisfies Record<UnexpectedReason, unknown>
