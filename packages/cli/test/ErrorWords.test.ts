import type { ConnectionKind, UnavailableReason, UnexpectedReason } from "@aelyst/core"
import {
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  InternalServerError,
  InvalidContactError,
  OutcomeUnknownError,
  RateLimitError,
  UnavailableError,
  UnexpectedResponseError,
} from "@aelyst/core"
import { assert, describe as suite, it } from "@effect/vitest"

import type { ErrorContext } from "../src/ErrorWords.ts"
import { describe } from "../src/ErrorWords.ts"

const context: ErrorContext = {
  host: "api.example.com",
  profile: "default",
  tokenFrom: "AELYST_TOKEN",
  secrets: ["canary"],
  hasFields: true,
}
const attempts: [] = []
const notCreated = "the contact was not created"
const inDoubt = [
  "outcome unknown: the contact may exist",
  "fix:   search for it in the Aelyst app before retrying, or use --delivery natural-key",
] as const

suite("ErrorWords.describe", () => {
  const cases = [
    [
      new RateLimitError({ attempts, limit: 10, retryAfterMs: 7_000 }),
      "rate limited (429, limit 10) after 0 attempts",
      [notCreated, "fix:   retry after 7 s, or raise --retries, --max-wait or --deadline"],
    ],
    [
      new RateLimitError({ attempts }),
      "rate limited (429) after 0 attempts",
      [notCreated, "fix:   retry later, or raise --retries, --max-wait or --deadline"],
    ],
    [
      new UnavailableError({ attempts, reason: "deadline" }),
      "not sent: the wait would not end before the deadline",
      [notCreated, "fix:   retry later, or raise --deadline"],
    ],
    [
      new UnavailableError({ attempts, reason: "circuit", retryAfterMs: 1_500 }),
      "not sent: the API is not responding",
      [notCreated, "fix:   retry after 1.5 s"],
    ],
    [
      new ConnectionError({ attempts, kind: "dns", code: "ENOTFOUND" }),
      "cannot reach api.example.com: ENOTFOUND (check the host name, DNS or HTTPS_PROXY)",
      ["outcome not_sent: nothing was sent", "to find out why: aelyst doctor"],
    ],
    [
      new BadRequestError({ attempts, status: 400, exists: false }),
      "Aelyst rejected the contact (400)",
      [notCreated, "a list field takes exactly one of its options; only Aelyst knows them"],
    ],
    [
      new BadRequestError({ attempts, status: 409, exists: true }),
      "the contact already exists (409)",
      ["no second contact was created"],
    ],
    [
      new AuthenticationError({ attempts }),
      "Aelyst rejected the token (401)",
      [
        "token: from AELYST_TOKEN, profile default, host api.example.com",
        "fix:   aelyst auth login, or unset AELYST_TOKEN to use the saved token",
      ],
    ],
    [
      new InternalServerError({ attempts, status: 503 }),
      "Aelyst answered 503 (0 attempts)",
      inDoubt,
    ],
    [
      new InternalServerError({ attempts, status: 503, retryAfterMs: 30_000 }),
      "Aelyst answered 503 (0 attempts)",
      [
        "outcome unknown: the contact may exist",
        "fix:   search for it in the Aelyst app before retrying, after 30 s, or use --delivery natural-key",
      ],
    ],
    [
      new OutcomeUnknownError({ attempts, code: "ECONNRESET" }),
      "no response from api.example.com confirmed the request: ECONNRESET (0 attempts)",
      inDoubt,
    ],
    [
      new UnexpectedResponseError({
        attempts,
        status: 404,
        outcome: "rejected",
        reason: "status",
        headers: {},
        excerpt: "",
      }),
      "Aelyst answered 404, which is not documented (0 attempts)",
      [notCreated, "fix:   check the base URL and any proxy or gateway in between"],
    ],
    [
      new UnexpectedResponseError({
        attempts,
        status: 302,
        outcome: "unknown",
        reason: "redirect",
        headers: {},
        excerpt: "",
      }),
      "Aelyst answered 302, a redirect; redirects are never followed (0 attempts)",
      [
        inDoubt[0],
        "fix:   search for it in the Aelyst app before retrying; check the base URL and any proxy or gateway in between",
      ],
    ],
    [
      new InvalidContactError({ attempts, issues: [] }),
      "the contact is invalid",
      ["nothing was sent"],
    ],
  ] as const
  for (const [error, headline, details] of cases) {
    it(`says: ${headline}`, () => {
      assert.deepStrictEqual(describe(error, context), { headline, details: [...details] })
      assert.isAtMost(details.length, 2, "more than three lines")
    })
  }

  it("U16 names how to find out whether a contact exists, and no policy that is set already", () => {
    const errors = [
      new InternalServerError({ attempts, status: 500 }),
      new OutcomeUnknownError({ attempts, code: "TIMEOUT" }),
    ]
    for (const error of errors) {
      assert.include(error.message, "search for it in the Aelyst app")
      const [, how = ""] = describe(error, { ...context, delivery: "natural-key" }).details
      assert.strictEqual(how, "fix:   search for it in the Aelyst app before retrying")
      assert.strictEqual(describe(error, context).details[1], inDoubt[1])
    }
  })

  it("U21 says why a call did not wait for the rate limit, and names the flag", () => {
    const limits = { ...context, retries: 1, maxWait: 60_000 }
    const attempt = {
      number: 1,
      phase: "answered",
      status: 429,
      startedAt: 0,
      durationMs: 1,
      waitedMs: 0,
    } as const
    const refusals = [
      [[attempt, attempt], 7_000, ": no resend is left", "--retries"],
      [
        [attempt],
        125_000,
        ": the wait of 2 min 5 s is longer than --max-wait",
        "--max-wait and --deadline",
      ],
      [[attempt], 30_000, ": the wait would not end before the deadline", "--deadline"],
    ] as const
    for (const [all, retryAfterMs, why, raise] of refusals) {
      const said = describe(new RateLimitError({ attempts: all, retryAfterMs }), limits)
      assert.isTrue(said.headline.endsWith(why), said.headline)
      assert.isTrue(said.details[1]?.endsWith(`or raise ${raise}`), said.details[1])
    }
  })

  it("U21 says that no wait was allowed, and when to retry", () => {
    const error = new RateLimitError({ attempts, retryAfterMs: 0 })
    const said = describe(error, { ...context, retries: 3, maxWait: 0 })
    assert.strictEqual(
      said.headline,
      "rate limited (429) after 0 attempts: --max-wait 0 allows no wait",
    )
    assert.strictEqual(said.details[1], "fix:   retry now, or raise --max-wait")
  })

  it("U21 mentions lists only for a contact with custom fields", () => {
    const error = new BadRequestError({ attempts, status: 400, exists: false })
    assert.deepStrictEqual(describe(error, { ...context, hasFields: false }).details, [notCreated])
  })

  it("lists every issue of an invalid contact, with the code of the first", () => {
    const issues = [
      {
        path: ["identifier"],
        code: "EMAIL_INVALID",
        rule: "An email address must have one @",
        suggestion: "write it like ana@example.com",
      },
      { path: ["firstName"], code: "FIRST_NAME_MISSING", rule: "`firstName` is required" },
      { path: [], code: "CONTACT_TYPE", rule: "A contact must be an object" },
    ]
    assert.deepStrictEqual(describe(new InvalidContactError({ attempts, issues }), context), {
      headline: "identifier: an email address must have one @",
      code: "EMAIL_INVALID",
      details: [
        "also:  firstName is required [FIRST_NAME_MISSING]; contact: a contact must be an object [CONTACT_TYPE]",
        "fix:   write it like ana@example.com; nothing was sent",
      ],
    })
  })

  it("names the profile to log in to, and AELYST_TOKEN only if the token came from it", () => {
    const saved = { ...context, profile: "prod", tokenFrom: "the saved token of profile prod" }
    assert.deepStrictEqual(describe(new AuthenticationError({ attempts }), saved).details, [
      "token: from the saved token of profile prod, profile prod, host api.example.com",
      "fix:   aelyst auth login --profile prod",
    ])
  })

  it("has words for every reason and kind", () => {
    const reasons: ReadonlyArray<UnavailableReason> = [
      "circuit",
      "queue",
      "deadline",
      "token",
      "closed",
      "gate",
    ]
    const kinds: ReadonlyArray<ConnectionKind> = [
      "dns",
      "connect",
      "timeout",
      "tls",
      "certificate",
      "proxy",
      "proxy_auth",
    ]
    const unexpected: ReadonlyArray<UnexpectedReason> = [
      "status",
      "redirect",
      "unreadable",
      "contradiction",
    ]
    const answer = { attempts, status: 200, outcome: "unknown", headers: {}, excerpt: "" } as const
    const headlines = [
      ...reasons.map((reason) => new UnavailableError({ attempts, reason })),
      ...kinds.map((kind) => new ConnectionError({ attempts, kind, code: "X" })),
      ...unexpected.map((reason) => new UnexpectedResponseError({ ...answer, reason })),
    ].map((error) => describe(error, context).headline)
    assert.notInclude(headlines.join(), "undefined")
    // a connection that fails and one that times out need the same check
    assert.strictEqual(new Set(headlines).size, headlines.length - 1)
  })
})
