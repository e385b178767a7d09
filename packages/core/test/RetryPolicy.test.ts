import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"

import type { Failure } from "../src/call/ResponseVerdict.ts"
import { InternalServerError } from "../src/errors/AelystError.ts"
import type { CallState, Decision, RetryPolicy } from "../src/call/RetryPolicy.ts"
import { RetryBudget, advance, backoffMs, decide, initial } from "../src/call/RetryPolicy.ts"
import { randomOf } from "./ledger.ts"

const failure = (kind: Failure["kind"], resendable = true): Failure => ({
  _tag: "Failure",
  kind,
  resendable,
  outcome: kind === "connection" ? "not_sent" : kind === "in_doubt" ? "unknown" : "rejected",
  code: "CODE",
  toError: (attempts) => new InternalServerError({ attempts, status: 500 }),
})

const policy = (over: Partial<RetryPolicy> = {}): RetryPolicy => ({
  delivery: "at-most-once",
  retries: 3,
  run: false,
  renewsToken: false,
  ...over,
})
const natural = policy({ delivery: "natural-key" })
const after = (over: Partial<CallState>): CallState => ({ ...initial, ...over })

const short = (decision: Decision): string =>
  decision._tag === "Resend" ? decision.wait : decision._tag

const table: ReadonlyArray<
  readonly [what: string, RetryPolicy, CallState, Failure, expected: string]
> = [
  // at-most-once
  ["a 429", policy(), initial, failure("rate_limited"), "queue"],
  ["what never left", policy(), initial, failure("connection"), "backoff"],
  ["a certificate error", policy(), initial, failure("connection", false), "Fail"],
  ["a lost answer", policy(), initial, failure("in_doubt"), "Fail"],
  ["a refusal", policy(), initial, failure("refused", false), "Fail"],
  ["exists", policy(), initial, failure("exists", false), "Fail"],
  ["a refused token", policy(), initial, failure("unauthorized", false), "Fail"],
  ["the last 429", policy(), after({ resends: 3 }), failure("rate_limited"), "Fail"],
  ["the last connection", policy(), after({ resends: 3 }), failure("connection"), "Fail"],
  ["a lost answer in a run", policy({ run: true }), initial, failure("in_doubt"), "Fail"],
  // natural-key
  ["a lost answer", natural, initial, failure("in_doubt"), "doubt"],
  [
    "a second lost answer",
    natural,
    after({ resends: 1, doubtResends: 1, doubt: "X" }),
    failure("in_doubt"),
    "Fail",
  ],
  ["a lost answer after 429s", natural, after({ resends: 2 }), failure("in_doubt"), "doubt"],
  [
    "a lost answer after the last resend",
    natural,
    after({ resends: 3 }),
    failure("in_doubt"),
    "Fail",
  ],
  [
    "exists after doubt",
    natural,
    after({ resends: 1, doubtResends: 1, doubt: "X" }),
    failure("exists", false),
    "ExistsAfterDoubt",
  ],
  ["exists without doubt", natural, initial, failure("exists", false), "Fail"],
  ["a refusal after doubt", natural, after({ doubt: "X" }), failure("refused", false), "Fail"],
  // runs
  [
    "the hundredth 429 of a row",
    policy({ run: true }),
    after({ resends: 99 }),
    failure("rate_limited"),
    "queue",
  ],
  [
    "the hundredth connection of a row",
    policy({ run: true }),
    after({ resends: 99 }),
    failure("connection"),
    "backoff",
  ],
  [
    "a row's lost answer after many 429s",
    { ...natural, run: true },
    after({ resends: 50 }),
    failure("in_doubt"),
    "doubt",
  ],
  [
    "a row's third lost answer",
    { ...natural, run: true },
    after({ resends: 2, doubtResends: 2, doubt: "X" }),
    failure("in_doubt"),
    "doubt",
  ],
  [
    "a row's fourth lost answer",
    { ...natural, run: true },
    after({ resends: 3, doubtResends: 3, doubt: "X" }),
    failure("in_doubt"),
    "Fail",
  ],
  // tokens that are asked for
  [
    "a refused token that is asked for",
    policy({ renewsToken: true }),
    initial,
    failure("unauthorized", false),
    "queue",
  ],
  [
    "the token asked for again",
    policy({ renewsToken: true }),
    after({ renewed: true }),
    failure("unauthorized", false),
    "Fail",
  ],
  // retries 0 is none, for every kind of failure
  ...(["rate_limited", "connection", "in_doubt", "unauthorized"] as const).map(
    (kind) =>
      [
        `${kind} with retries 0`,
        { delivery: "natural-key", retries: 0, run: true, renewsToken: true },
        initial,
        failure(kind),
        "Fail",
      ] as const,
  ),
]

describe("decide", () => {
  for (const [what, given, state, failed, expected] of table) {
    it(`answers ${what} under ${given.delivery} with: ${expected}`, () => {
      assert.strictEqual(short(decide(given, state, failed)), expected)
    })
  }

  it("never resends what is in doubt under at-most-once, in any state", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const decision = decide(
        policy({ retries: Math.floor(random() * 100), run: random() < 0.5 }),
        after({
          resends: Math.floor(random() * 10),
          doubtResends: Math.floor(random() * 3),
          doubt: random() < 0.5 ? "X" : undefined,
        }),
        failure("in_doubt"),
      )
      assert.strictEqual(decision._tag, "Fail")
    }
  })
})

describe("advance", () => {
  const line: Decision = { _tag: "Resend", wait: "queue" }
  const backoff: Decision = { _tag: "Resend", wait: "backoff" }
  it("keeps the first doubt for ever", () => {
    const first = advance(initial, failure("in_doubt"), { _tag: "Resend", wait: "doubt" })
    assert.strictEqual(first.doubt, "CODE")
    const later = advance(first, { ...failure("rate_limited"), code: "HTTP_429" }, line)
    assert.strictEqual(later.doubt, "CODE")
    assert.strictEqual(later.doubtResends, 1)
  })
  it("counts backoffs in a row only", () => {
    const two = [1, 2].reduce((state) => advance(state, failure("connection"), backoff), initial)
    assert.strictEqual(two.backoffs, 2)
    assert.strictEqual(advance(two, failure("rate_limited"), line).backoffs, 0)
  })
  it("does not count a renewed token as a resend", () => {
    const renewed = advance(initial, failure("unauthorized", false), line)
    assert.deepStrictEqual([renewed.resends, renewed.renewed], [0, true])
  })
})

describe("backoffMs (F8)", () => {
  it.effect("stays within [0, cap] and has its mean within 5 % of the half", () =>
    Effect.gen(function* () {
      for (const n of [0, 1, 2, 3, 6, 7, 50, 10_000]) {
        const cap = Math.min(20_000, 250 * 2 ** n)
        let sum = 0
        let most = 0
        const draws = 4_000
        for (let i = 0; i < draws; i++) {
          const ms = yield* backoffMs(n)
          assert.isAtLeast(ms, 0)
          assert.isAtMost(ms, cap)
          sum += ms
          most = Math.max(most, ms)
        }
        assert.isBelow(Math.abs(sum / draws / (cap / 2) - 1), 0.05, `resend ${n}`)
        assert.isAbove(most, cap * 0.99)
      }
    }).pipe(Random.withSeed("backoff")),
  )
})

describe("RetryBudget (F8)", () => {
  it("allows twenty resends, then none until successes have paid for one", () => {
    const budget = new RetryBudget()
    for (let i = 0; i < 20; i++) assert.isTrue(budget.take())
    assert.isFalse(budget.take())
    for (let i = 0; i < 9; i++) budget.earn()
    assert.isFalse(budget.take())
    // ten successes and a hair: a tenth has no exact binary form
    budget.earn()
    budget.earn()
    assert.isTrue(budget.take())
    assert.isFalse(budget.take())
  })

  it("never goes below zero or above twenty, and bounds the resends of any sequence", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const budget = new RetryBudget()
      const share = random()
      let calls = 0
      let resends = 0
      let least = 20
      let excess = 0
      for (let i = 0; i < 500; i++) {
        calls += 1
        if (random() < share) budget.earn()
        else for (let k = 0; k < 3; k++) if (budget.take()) resends += 1
        least = Math.min(least, budget.left)
        excess = Math.max(excess, resends - calls * 0.1 - 20)
      }
      assert.isAtLeast(least, 0)
      assert.isAtMost(budget.left, 20)
      // amplification: (calls + resends) / calls <= 1.1 (+20)
      assert.isAtMost(excess, 0)
    }
  })
})
