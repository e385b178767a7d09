/** One or more examples of every error, with what is expected of each. */
import type { AelystError, AttemptRecord } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import type { Outcome } from "../src/errors/ErrorTable.ts"
import * as Issue from "../src/contact/Issue.ts"

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
    readonly says: RegExp
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

export const examples: ReadonlyArray<Example> = [
  [
    new Errors.InvalidContactError({
      attempts: [],
      issues: [
        Issue.make("FIRST_NAME_MISSING", ["firstName"]),
        Issue.make("PREFIX_MISSING", ["identifier"], "write email: before the address"),
      ],
    }),
    { outcome: "not_sent", isRetryable: false, says: /firstName: .*Correct each issue/ },
  ],
  ...(["circuit", "queue", "deadline", "token", "closed"] as const).map((reason): Example => [
    new Errors.UnavailableError({ attempts, reason, retryAfterMs: 1_500 }),
    {
      outcome: "not_sent",
      isRetryable: reason !== "token" && reason !== "closed",
      says: /was not created.*Try again later/,
    },
  ]),
  ...(["dns", "connect", "timeout", "tls", "certificate", "proxy", "proxy_auth"] as const).map(
    (kind): Example => [
      new Errors.ConnectionError({ attempts, kind, code: "ECODE" }),
      {
        outcome: "not_sent",
        isRetryable: kind !== "certificate" && kind !== "proxy_auth",
        says: /\(ECODE\).*Nothing was sent.*Check the network/,
      },
    ],
  ),
  [
    new Errors.BadRequestError({ attempts, status: 400, exists: false }),
    { outcome: "rejected", isRetryable: false, status: 400, says: /refused the contact.*Correct/ },
  ],
  [
    new Errors.BadRequestError({ attempts, status: 409, exists: true }),
    { outcome: "rejected", isRetryable: false, status: 409, says: /exists already \(409\)/ },
  ],
  [
    new Errors.AuthenticationError({ attempts }),
    {
      outcome: "rejected",
      isRetryable: false,
      status: 401,
      says: /refused the token.*Give a token/,
    },
  ],
  [
    new Errors.RateLimitError({ attempts, retryAfterMs: 1_200, limit: 10, remaining: 0 }),
    { outcome: "rejected", isRetryable: true, status: 429, says: /asks for 2 s/ },
  ],
  [
    new Errors.RateLimitError({ attempts }),
    { outcome: "rejected", isRetryable: true, status: 429, says: /for its rate \(429\)\./ },
  ],
  [
    new Errors.InternalServerError({ attempts, status: 503 }),
    { outcome: "unknown", isRetryable: false, status: 503, says: /answered 503.*Look whether/ },
  ],
  [
    new Errors.OutcomeUnknownError({ attempts, code: "ECONNRESET" }),
    { outcome: "unknown", isRetryable: false, says: /\(ECONNRESET\).*may or may not exist/ },
  ],
  [
    new Errors.OutcomeUnknownError({
      attempts,
      code: "TIMEOUT",
      last: new Errors.RateLimitError({ attempts, retryAfterMs: 60_000 }),
    }),
    { outcome: "unknown", isRetryable: false, says: /\(TIMEOUT\)/ },
  ],
  [
    unexpected("unknown", "redirect", 302),
    { outcome: "unknown", isRetryable: false, status: 302, says: /redirect.*may or may not exist/ },
  ],
  [
    unexpected("unknown", "unreadable", 200),
    { outcome: "unknown", isRetryable: false, status: 200, says: /200 with a body that cannot be/ },
  ],
  [
    unexpected("unknown", "contradiction", 200),
    { outcome: "unknown", isRetryable: false, status: 200, says: /says otherwise/ },
  ],
  [
    unexpected("rejected", "status", 404),
    { outcome: "rejected", isRetryable: false, status: 404, says: /404.*was not created/ },
  ],
]
