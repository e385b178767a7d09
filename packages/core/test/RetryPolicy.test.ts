import { assert, describe, it } from "@effect/vitest"

import type {
  CallError,
  RetryEvent,
  RetryPolicy,
  RetryState,
  Step,
} from "../src/call/RetryPolicy.ts"
import { backoffMs, begin, endingError, initial, isTooLong, next } from "../src/call/RetryPolicy.ts"
import {
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  InternalServerError,
  OutcomeUnknownError,
  RateLimitError,
  UnavailableError,
  UnexpectedResponseError,
} from "../src/errors/AelystError.ts"
import { randomOf } from "./ledger.ts"

const attempts: [] = []
const rateLimited = new RateLimitError({ attempts, retryAfterMs: 2_000 })
const connection = new ConnectionError({ attempts, kind: "dns", code: "ENOTFOUND" })
const certificate = new ConnectionError({ attempts, kind: "certificate", code: "CERT_HAS_EXPIRED" })
const proxyAuth = new ConnectionError({ attempts, kind: "proxy_auth", code: "PROXY_AUTH" })
const lost = new OutcomeUnknownError({ attempts, code: "ECONNRESET" })
const serverError = new InternalServerError({ attempts, status: 503 })
const unreadable = new UnexpectedResponseError({
  attempts,
  status: 200,
  outcome: "unknown",
  reason: "unreadable",
  headers: {},
  excerpt: "",
})
const badRequest = new BadRequestError({ attempts, status: 400, exists: false })
const exists = new BadRequestError({ attempts, status: 409, exists: true })
const unauthorized = new AuthenticationError({ attempts })
const circuit = new UnavailableError({ attempts, reason: "circuit", retryAfterMs: 700 })
const closed = new UnavailableError({ attempts, reason: "closed" })

const policy = (over: Partial<RetryPolicy> = {}): RetryPolicy => ({
  delivery: "at-most-once",
  retries: 3,
  run: false,
  renewsToken: false,
  existing: "error",
  doubtDelayMs: 5_000,
  maxWaitMs: 60_000,
  deadlineAt: 60_000,
  ...over,
})
const natural = policy({ delivery: "natural-key" })
const after = (over: Partial<RetryState>): RetryState => ({ ...initial, ...over })
const failed = (
  error: CallError,
  over: Partial<RetryEvent & { readonly _tag: "Failed" }> = {},
): RetryEvent => ({ _tag: "Failed", error, random: 0.5, hasBudget: true, ...over })

const short = (step: Step): string => {
  switch (step._tag) {
    case "Wait":
      return `Wait ${step.ms} ${step.reason}`
    case "Queue":
      return `Queue ${step.ms}`
    case "Done":
      return `Done ${step.result}`
    case "Fail":
      return `Fail ${step.error._tag}`
    case "Send":
      return "Send"
  }
}

const due = (ms: number, over: Partial<RetryPolicy> = {}, state = initial) =>
  short(next(policy(over), state, { _tag: "ResendDue", error: connection, ms }, 0))
const asking = (retryAfterMs: number) =>
  failed(new InternalServerError({ attempts, status: 503, retryAfterMs }))
const opening = (ms: number, over: Partial<RetryPolicy> = {}, state = initial) =>
  short(next(policy(over), state, { _tag: "CircuitOpen", ms, attempts }, 0))

const table: ReadonlyArray<
  readonly [name: string, RetryPolicy, RetryState, CallError, expected: string]
> = [
  // at-most-once
  ["a 429", policy(), initial, rateLimited, "Queue 2000"],
  ["a connection error", policy(), initial, connection, "Wait 125 backoff"],
  ["a third connection error", policy(), after({ backoffs: 2 }), connection, "Wait 500 backoff"],
  ["a certificate error", policy(), initial, certificate, "Fail ConnectionError"],
  ["a proxy that asks for a password", policy(), initial, proxyAuth, "Fail ConnectionError"],
  ["a lost response", policy(), initial, lost, "Fail OutcomeUnknownError"],
  ["a 503", policy(), initial, serverError, "Fail InternalServerError"],
  ["an unreadable 200", policy(), initial, unreadable, "Fail UnexpectedResponseError"],
  ["a rejection", policy(), initial, badRequest, "Fail BadRequestError"],
  ["exists", policy(), initial, exists, "Fail BadRequestError"],
  ["a rejected token", policy(), initial, unauthorized, "Fail AuthenticationError"],
  ["the last 429", policy(), after({ resends: 3 }), rateLimited, "Fail RateLimitError"],
  ["the last connection", policy(), after({ resends: 3 }), connection, "Fail ConnectionError"],
  ["a lost response in a run", policy({ run: true }), initial, lost, "Fail OutcomeUnknownError"],
  ["an open circuit", policy(), initial, circuit, "Wait 700 backoff"],
  ["a closed client", policy(), initial, closed, "Fail UnavailableError"],
  // natural-key
  ["a lost response", natural, initial, lost, "Wait 5000 doubt"],
  ["a 503", natural, initial, serverError, "Wait 5000 doubt"],
  ["an unreadable 200", natural, initial, unreadable, "Wait 5000 doubt"],
  [
    "a second lost response",
    natural,
    after({ resends: 1, doubtResends: 1, doubt: "X" }),
    lost,
    "Fail OutcomeUnknownError",
  ],
  [
    "a 503 after a lost response",
    natural,
    after({ resends: 1, doubtResends: 1, doubt: "X" }),
    serverError,
    "Fail OutcomeUnknownError",
  ],
  ["a lost response after 429s", natural, after({ resends: 2 }), lost, "Wait 5000 doubt"],
  [
    "a lost response after the last resend",
    natural,
    after({ resends: 3 }),
    lost,
    "Fail OutcomeUnknownError",
  ],
  [
    "exists after doubt",
    natural,
    after({ resends: 1, doubtResends: 1, doubt: "X" }),
    exists,
    "Done exists_after_doubt",
  ],
  ["exists without doubt", natural, initial, exists, "Fail BadRequestError"],
  [
    "a rejection after doubt",
    natural,
    after({ doubt: "X" }),
    badRequest,
    "Fail OutcomeUnknownError",
  ],
  // runs
  [
    "the hundredth 429 of a row",
    policy({ run: true }),
    after({ resends: 99 }),
    rateLimited,
    "Queue 2000",
  ],
  [
    "the hundredth connection of a row",
    policy({ run: true }),
    after({ resends: 99 }),
    connection,
    "Wait 125 backoff",
  ],
  [
    "a row's lost response after many 429s",
    { ...natural, run: true },
    after({ resends: 50 }),
    lost,
    "Wait 5000 doubt",
  ],
  [
    "a row's third lost response",
    { ...natural, run: true },
    after({ resends: 2, doubtResends: 2, doubt: "X" }),
    lost,
    "Wait 5000 doubt",
  ],
  [
    "a row's fourth lost response",
    { ...natural, run: true },
    after({ resends: 3, doubtResends: 3, doubt: "X" }),
    lost,
    "Fail OutcomeUnknownError",
  ],
  // tokens from an effect
  [
    "a rejected token that can be renewed",
    policy({ renewsToken: true }),
    initial,
    unauthorized,
    "Queue 0",
  ],
  [
    "a rejected token that was renewed",
    policy({ renewsToken: true }),
    after({ renewed: true }),
    unauthorized,
    "Fail AuthenticationError",
  ],
  // retries 0 allows no resend, whatever the failure
  ...[rateLimited, connection, lost, unauthorized].map(
    (error) =>
      [
        `${error._tag} with retries 0`,
        { ...natural, retries: 0, run: true, renewsToken: true },
        initial,
        error,
        `Fail ${error._tag}`,
      ] as const,
  ),
]

describe("RetryPolicy.next", () => {
  for (const [name, given, state, error, expected] of table) {
    it(`returns ${expected} after ${name} under ${given.delivery}`, () => {
      assert.strictEqual(short(next(given, state, failed(error), 0)), expected)
    })
  }

  it("sends with a permit while time is left, else fails as not sent", () => {
    const permitted: RetryEvent = { _tag: "Permitted", roundTripMs: 0, attempts }
    assert.strictEqual(short(next(policy(), initial, permitted, 59_999)), "Send")
    assert.strictEqual(short(next(policy(), initial, permitted, 60_000)), "Fail UnavailableError")
    const inDoubt = after({ doubt: "X" })
    assert.strictEqual(
      short(next(policy(), inDoubt, permitted, 60_000)),
      "Fail OutcomeUnknownError",
    )
  })

  it("sends nothing if less time is left than the shortest round trip", () => {
    const permitted: RetryEvent = { _tag: "Permitted", roundTripMs: 50, attempts }
    assert.strictEqual(short(next(policy(), initial, permitted, 59_950)), "Send")
    const late = next(policy(), initial, permitted, 59_951)
    assert(late._tag === "Fail" && late.error._tag === "UnavailableError")
    assert.strictEqual(late.error.reason, "deadline")
    const inDoubt = after({ doubt: "X" })
    assert.strictEqual(
      short(next(policy(), inDoubt, permitted, 59_951)),
      "Fail OutcomeUnknownError",
    )
  })

  it("waits through a blip of the circuit, and fails at once in an outage", () => {
    assert.strictEqual(opening(5_000), "Wait 5000 circuit")
    assert.strictEqual(opening(5_001), "Fail UnavailableError")
    const inDoubt = after({ doubt: "X" })
    assert.strictEqual(opening(5_000, {}, inDoubt), "Wait 5000 circuit")
    assert.strictEqual(opening(5_001, {}, inDoubt), "Fail OutcomeUnknownError")
  })

  it("waits for the circuit no longer than maxWait and the deadline allow", () => {
    assert.strictEqual(opening(1_000, { maxWaitMs: 1_000 }), "Wait 1000 circuit")
    assert.strictEqual(opening(1_000, { maxWaitMs: 999 }), "Fail UnavailableError")
    assert.strictEqual(opening(1_000, { deadlineAt: 1_001 }), "Wait 1000 circuit")
    assert.strictEqual(opening(1_000, { deadlineAt: 1_000 }), "Fail UnavailableError")
  })

  it("says how long the circuit stays open, in full milliseconds", () => {
    const step = next(policy(), initial, { _tag: "CircuitOpen", ms: 7_000.2, attempts }, 0)
    assert(step._tag === "Fail" && step.error._tag === "UnavailableError")
    assert.deepInclude(step.error, { reason: "circuit", retryAfterMs: 7_001 })
  })

  it("lets a run wait for the circuit as long as it takes", () => {
    assert.strictEqual(opening(60_000, { run: true, maxWaitMs: 0 }), "Wait 60000 circuit")
  })

  it("never resends an attempt in doubt under at-most-once, in any state", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const step = next(
        policy({ retries: Math.floor(random() * 100), run: random() < 0.5 }),
        after({
          resends: Math.floor(random() * 10),
          doubtResends: Math.floor(random() * 3),
          doubt: random() < 0.5 ? "X" : undefined,
        }),
        failed([lost, serverError, unreadable][Math.floor(random() * 3)] ?? lost),
        0,
      )
      assert.strictEqual(step._tag, "Fail")
    }
  })

  it("agrees with isRetryable of the error, except in doubt and for a renewed token", () => {
    for (const error of [certificate, proxyAuth, badRequest, exists, closed]) {
      assert.isFalse(error.isRetryable)
      assert.strictEqual(next({ ...natural, run: true }, initial, failed(error), 0)._tag, "Fail")
    }
    for (const error of [rateLimited, connection, circuit]) {
      assert.isTrue(error.isRetryable)
      assert.notStrictEqual(next(policy(), initial, failed(error), 0)._tag, "Fail")
    }
  })

  it("fails instead of beginning a wait that ends after the deadline", () => {
    const late = policy({ delivery: "natural-key", deadlineAt: 1_000 })
    for (const error of [rateLimited, lost]) {
      assert.strictEqual(next(late, initial, failed(error), 0)._tag, "Fail")
    }
    assert.strictEqual(short(next(late, initial, failed(connection), 0)), "Wait 125 backoff")
    assert.strictEqual(next(late, initial, failed(connection), 900)._tag, "Fail")
  })

  it("fails at a Retry-After that is longer than maxWait", () => {
    const short60 = failed(new RateLimitError({ attempts, retryAfterMs: 60_001 }))
    assert.strictEqual(next(policy({ deadlineAt: 1e9 }), initial, short60, 0)._tag, "Fail")
  })

  it("waits for the longer of Retry-After and the doubt delay, if maxWait allows it", () => {
    assert.strictEqual(short(next(natural, initial, asking(1_000), 0)), "Wait 5000 doubt")
    assert.strictEqual(short(next(natural, initial, asking(30_000), 0)), "Wait 30000 doubt")
    const patient = { ...natural, deadlineAt: 1e9 }
    assert.strictEqual(short(next(patient, initial, asking(60_000), 0)), "Wait 60000 doubt")
    assert.strictEqual(short(next(patient, initial, asking(60_001), 0)), "Fail InternalServerError")
    assert.strictEqual(short(next(policy(), initial, asking(0), 0)), "Fail InternalServerError")
  })

  it("waits for a circuit no longer than maxWait", () => {
    const longer = new UnavailableError({ attempts, reason: "circuit", retryAfterMs: 60_001 })
    const step = next(policy({ deadlineAt: 1e9 }), initial, failed(longer), 0)
    assert.strictEqual(short(step), "Fail UnavailableError")
  })

  it("counts the wait for a 429 from the head of its response", () => {
    const soon = policy({ deadlineAt: 2_500 })
    const event = failed(rateLimited, { respondedAt: 400 })
    assert.strictEqual(short(next(soon, initial, event, 600)), "Queue 2000")
    assert.strictEqual(next(soon, initial, failed(rateLimited), 600)._tag, "Fail")
  })

  it("fails a single call without budget, and lets a row wait for it", () => {
    const poor = failed(connection, { hasBudget: false })
    assert.strictEqual(next(policy(), initial, poor, 0)._tag, "Fail")
    const step = next(policy({ run: true }), initial, poor, 0)
    assert.strictEqual(short(step), "Wait 125 backoff")
    assert(step._tag === "Wait")
    assert.strictEqual(step.resends, connection)
    // a resend after a 429 costs nothing: the API asked for it
    const free = failed(rateLimited, { hasBudget: false })
    assert.strictEqual(short(next(policy(), initial, free, 0)), "Queue 2000")
  })

  it("resends when the budget lets it, else a row waits and a single call fails", () => {
    assert.strictEqual(due(0), "Queue 0")
    assert.strictEqual(due(0, { run: true }), "Queue 0")
    assert.strictEqual(due(600), "Fail ConnectionError")
    assert.strictEqual(due(600, {}, after({ doubt: "X" })), "Fail OutcomeUnknownError")
    assert.strictEqual(due(600, { run: true }), "Wait 600 budget")
  })
})

const stateAfter = (given: RetryPolicy, state: RetryState, error: CallError): RetryState => {
  const step = next(given, state, failed(error), 0)
  if (step._tag !== "Queue" && step._tag !== "Wait") throw new Error(`ended with ${step._tag}`)
  return step.state
}

describe("RetryPolicy.next after a contact that exists", () => {
  const accepting = policy({ existing: "accept" })

  it("fails, or accepts it if the policy says so, whatever `retries` is", () => {
    assert.strictEqual(short(next(policy(), initial, failed(exists), 0)), "Fail BadRequestError")
    assert.strictEqual(short(next(accepting, initial, failed(exists), 0)), "Done existed")
    const never = policy({ existing: "accept", retries: 0 })
    assert.strictEqual(short(next(never, initial, failed(exists), 0)), "Done existed")
  })

  it("tells it apart after doubt", () => {
    const doubtful = after({ doubt: "ECONNRESET" })
    for (const one of [policy(), accepting]) {
      assert.strictEqual(short(next(one, doubtful, failed(exists), 0)), "Done exists_after_doubt")
    }
  })

  it("accepts no other rejection", () => {
    const step = next(accepting, initial, failed(badRequest), 0)
    assert.strictEqual(short(step), "Fail BadRequestError")
  })
})

describe("RetryPolicy's state", () => {
  it("keeps the first doubt until the end", () => {
    const first = stateAfter(natural, initial, serverError)
    assert.strictEqual(first.doubt, "HTTP_503")
    const later = stateAfter(natural, first, rateLimited)
    assert.strictEqual(later.doubt, "HTTP_503")
    assert.strictEqual(later.doubtResends, 1)
  })

  it("counts only backoffs and 429s in a row", () => {
    const two = stateAfter(policy(), stateAfter(policy(), initial, connection), connection)
    assert.deepStrictEqual([two.backoffs, two.rateLimits], [2, 0])
    const limited = stateAfter(policy(), two, rateLimited)
    assert.deepStrictEqual([limited.backoffs, limited.rateLimits], [0, 1])
  })

  it("does not count a renewed token as a resend", () => {
    const renewed = stateAfter(policy({ renewsToken: true }), initial, unauthorized)
    assert.deepStrictEqual([renewed.resends, renewed.renewed], [0, true])
  })
})

describe("begin", () => {
  const beginning: RetryEvent = { _tag: "BegunInDoubt" }

  it("waits doubtDelay before the first attempt of a call in doubt, under every delivery policy", () => {
    for (const one of [policy(), natural, policy({ run: true, retries: 0 })]) {
      const step = next(one, begin(true), beginning, 0)
      assert.isTrue(step._tag === "Wait" && step.ms === 5_000 && step.reason === "doubt")
    }
  })

  it("fails at once with the doubt if the wait does not fit", () => {
    const step = next(policy({ deadlineAt: 5_000 }), begin(true), beginning, 0)
    assert.isTrue(step._tag === "Fail" && step.error._tag === "OutcomeUnknownError")
  })

  it("counts the first attempt as the resend in doubt", () => {
    assert.strictEqual(next(natural, begin(true), failed(lost), 0)._tag, "Fail")
    assert.strictEqual(next(natural, begin(false), failed(lost), 0)._tag, "Wait")
  })
})

describe("isTooLong (D8)", () => {
  it("doubles the wait with each 429 in a row that has no Retry-After", () => {
    const patient = policy({ maxWaitMs: 4_000 })
    for (const [rateLimits, expected] of [
      [0, false],
      [2, false],
      [3, true],
    ] as const) {
      assert.strictEqual(isTooLong(patient, after({ rateLimits }), undefined, 0), expected)
    }
  })

  it("never waits with a maxWait of 0", () => {
    assert.isTrue(isTooLong(policy({ maxWaitMs: 0 }), initial, 0, 0))
  })
})

describe("endingError", () => {
  it("returns an OutcomeUnknownError with the newest error as its last after doubt", () => {
    const error = endingError(after({ doubt: "ECONNRESET" }), badRequest)
    assert.isTrue(error._tag === "OutcomeUnknownError" && error.last === badRequest)
  })

  it("keeps the wait that the newest error asks for", () => {
    assert.strictEqual(endingError(after({ doubt: "X" }), rateLimited).retryAfterMs, 2_000)
    assert.isUndefined(endingError(after({ doubt: "X" }), badRequest).retryAfterMs)
  })

  it("returns the error itself without doubt", () => {
    assert.strictEqual(endingError(initial, badRequest), badRequest)
  })
})

describe("backoffMs (F8)", () => {
  it("stays within [0, cap], with a mean within 5 % of half the cap", () => {
    const random = randomOf(8)
    for (const n of [0, 1, 2, 3, 6, 7, 50, 10_000]) {
      const cap = Math.min(20_000, 250 * 2 ** n)
      let sum = 0
      let most = 0
      const draws = 4_000
      for (let i = 0; i < draws; i++) {
        const ms = backoffMs(n, random())
        assert.isAtLeast(ms, 0)
        assert.isAtMost(ms, cap)
        sum += ms
        most = Math.max(most, ms)
      }
      assert.isBelow(Math.abs(sum / draws / (cap / 2) - 1), 0.05, `resend ${n}`)
      assert.isAbove(most, cap * 0.99)
    }
  })
})
