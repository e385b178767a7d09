/** One or more examples of every error, each with the expected members and message. */
import type { AelystError } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import { unavailableReasons } from "../src/errors/ErrorSentence.ts"
import * as Issue from "../src/contact/Issue.ts"
import type { AttemptRecord, ConnectionKind, Outcome, UnavailableReason } from "../src/types.ts"

export const attempts: ReadonlyArray<AttemptRecord> = [
  { number: 1, phase: "connect", cause: "ECONNREFUSED", startedAt: 1, durationMs: 2, waitedMs: 3 },
  {
    number: 2,
    phase: "answered",
    status: 429,
    rateLimited: true,
    startedAt: 9,
    durationMs: 1,
    waitedMs: 7,
  },
]

type Example = readonly [
  error: AelystError,
  expected: {
    readonly outcome: Outcome
    readonly isRetryable: boolean
    readonly status?: number
    /** The message before the address of the docs. */
    readonly says: string
  },
]

const unexpected = (
  outcome: "rejected" | "unknown",
  reason: Errors.UnexpectedResponseError["reason"],
  status: number,
) =>
  new Errors.UnexpectedResponseError({
    attempts,
    status,
    outcome,
    reason,
    headers: { "content-type": "text/html" },
    excerpt: "Please log in",
  })

const notCreated = "The contact was not created."
const inDoubt =
  "The contact may or may not exist. Check whether the contact exists before retrying: search for it in the Aelyst app."
const check = "Check the base URL and any proxy or gateway in between."

const unavailable = {
  circuit: "The circuit is open because the API is not answering",
  queue: "The queue is full",
  deadline: "The wait would not end before the deadline",
  token: "The token function returned no usable token",
  closed: "The client is closed or its run has ended",
  gate: "The attempt gate did not allow the attempt",
}

const connection = {
  dns: "Check the host name of the base URL, DNS and the proxy.",
  connect: "Check the base URL, the network and the proxy.",
  timeout: "Check the base URL, the network and the proxy.",
  tls: "Check that the base URL names a port that speaks TLS.",
  certificate: "Check the server's certificate and the certificates that are trusted.",
  proxy: "Check the proxy.",
  proxy_auth: "Check the user name and the password for the proxy.",
}

export const examples: ReadonlyArray<Example> = [
  [
    new Errors.InvalidContactError({
      attempts: [],
      issues: [
        Issue.make("FIRST_NAME_MISSING", ["firstName"]),
        Issue.make("PREFIX_MISSING", ["identifier"], "write email: before the address"),
      ],
    }),
    {
      outcome: "not_sent",
      isRetryable: false,
      says: `The contact is invalid: firstName: ${Issue.issueRules.FIRST_NAME_MISSING} [FIRST_NAME_MISSING]; identifier: ${Issue.issueRules.PREFIX_MISSING} [PREFIX_MISSING]. Nothing was sent. Correct every issue, then create the contact again.`,
    },
  ],
  ...Object.entries(unavailable).flatMap(([name, text]): ReadonlyArray<Example> => {
    // safe: the names are those of the reasons
    const reason = name as UnavailableReason
    const isRetryable = reason === "circuit" || reason === "queue" || reason === "deadline"
    const expected = { outcome: "not_sent", isRetryable } as const
    return [
      [
        new Errors.UnavailableError({ attempts, reason, retryAfterMs: 1_500 }),
        { ...expected, says: `${text}. ${notCreated} Retry after 2 s.` },
      ],
      [
        new Errors.UnavailableError({ attempts, reason }),
        {
          ...expected,
          says: `${text}. ${notCreated} ${unavailableReasons[reason].fix}`,
        },
      ],
    ]
  }),
  ...Object.entries(connection).map(([name, text]): Example => {
    // safe: the names are those of the kinds
    const kind = name as ConnectionKind
    return [
      new Errors.ConnectionError({ attempts, kind, code: "ECODE" }),
      {
        outcome: "not_sent",
        isRetryable: kind !== "certificate" && kind !== "proxy_auth",
        says: `Could not connect to the API (ECODE). Nothing was sent. ${text}`,
      },
    ]
  }),
  [
    new Errors.BadRequestError({ attempts, status: 400, exists: false }),
    {
      outcome: "rejected",
      isRetryable: false,
      status: 400,
      says: `The API rejected the contact (400). ${notCreated} Correct the contact; \`apiMessage\` holds the API's own words.`,
    },
  ],
  [
    new Errors.BadRequestError({ attempts, status: 409, exists: true }),
    {
      outcome: "rejected",
      isRetryable: false,
      status: 409,
      says: `The contact already exists (409). ${notCreated} Use the existing contact.`,
    },
  ],
  [
    new Errors.AuthenticationError({ attempts }),
    {
      outcome: "rejected",
      isRetryable: false,
      status: 401,
      says: `The API rejected the token (401). ${notCreated} Use a token that the API accepts.`,
    },
  ],
  [
    new Errors.RateLimitError({ attempts, retryAfterMs: 1_200, limit: 10, remaining: 0 }),
    {
      outcome: "rejected",
      isRetryable: true,
      status: 429,
      says: `Rate limited (429). Retry after 2 s. ${notCreated}`,
    },
  ],
  [
    new Errors.RateLimitError({ attempts }),
    {
      outcome: "rejected",
      isRetryable: true,
      status: 429,
      says: `Rate limited (429). Retry later. ${notCreated}`,
    },
  ],
  [
    new Errors.InternalServerError({ attempts, status: 503 }),
    {
      outcome: "unknown",
      isRetryable: false,
      status: 503,
      says: `The API answered 503. ${inDoubt}`,
    },
  ],
  [
    new Errors.OutcomeUnknownError({ attempts, code: "ECONNRESET" }),
    {
      outcome: "unknown",
      isRetryable: false,
      says: `No response confirmed the request (ECONNRESET). ${inDoubt}`,
    },
  ],
  [
    new Errors.OutcomeUnknownError({
      attempts,
      code: "TIMEOUT",
      last: new Errors.RateLimitError({ attempts, retryAfterMs: 60_000 }),
    }),
    {
      outcome: "unknown",
      isRetryable: false,
      says: `No response confirmed the request (TIMEOUT). ${inDoubt}`,
    },
  ],
  [
    unexpected("unknown", "redirect", 302),
    {
      outcome: "unknown",
      isRetryable: false,
      status: 302,
      says: `The API answered 302, a redirect, and redirects are never followed. ${inDoubt} ${check}`,
    },
  ],
  [
    unexpected("unknown", "unreadable", 200),
    {
      outcome: "unknown",
      isRetryable: false,
      status: 200,
      says: `The API answered 200, with an unreadable body. ${inDoubt} ${check}`,
    },
  ],
  [
    unexpected("unknown", "contradiction", 200),
    {
      outcome: "unknown",
      isRetryable: false,
      status: 200,
      says: `The API answered 200, with a body that reports a failure. ${inDoubt} ${check}`,
    },
  ],
  [
    unexpected("rejected", "status", 404),
    {
      outcome: "rejected",
      isRetryable: false,
      status: 404,
      says: `The API answered 404, which it does not document. ${notCreated} ${check}`,
    },
  ],
]
