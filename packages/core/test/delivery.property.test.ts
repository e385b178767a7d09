import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Random, Redacted } from "effect"
import { HttpClient } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import type { AelystError } from "../src/errors/AelystError.ts"
import { parseRetryAfter } from "../src/errors/RetryAfter.ts"
import type { Entry, Existing, Fault } from "./ledger.ts"
import * as Ledger from "./ledger.ts"
import type { CreatedResult, Delivery } from "../src/types.ts"

const token = Redacted.make("token-for-tests")

/** The end that a call reported. */
type Ended =
  | { readonly result: CreatedResult }
  | { readonly outcome: AelystError["outcome"]; readonly exists: boolean }
  | { readonly broken: string }

interface Trial {
  readonly seed: number
  readonly delivery: Delivery
  readonly existing: Existing
  readonly deadlineMs: number
  readonly script: ReadonlyArray<Fault>
  readonly entries: ReadonlyArray<Entry>
  readonly contacts: number
  readonly tookMs: number
  readonly ended: Ended
}

type Create = (
  http: HttpClient.HttpClient,
  trial: Pick<Trial, "delivery" | "deadlineMs"> & { readonly retries: number },
) => Effect.Effect<{ readonly result: CreatedResult }, AelystError | string>

const ours: Create = (http, { delivery, deadlineMs, retries }) =>
  Effect.flatMap(
    Effect.provideService(
      AelystClient.make({ token, delivery, retries }).pipe(Effect.orDie),
      HttpClient.HttpClient,
      http,
    ),
    (client) =>
      client.create(
        "id:5",
        { firstName: "Ana" },
        { deadline: deadlineMs, timeout: Duration.seconds(5) },
      ),
  ).pipe(Effect.scoped)

const endedOf = (
  exit: Exit.Exit<{ readonly result: CreatedResult }, AelystError | string>,
): Ended => {
  if (Exit.isSuccess(exit)) return { result: exit.value.result }
  const error = Exit.findErrorOption(exit)
  if (error._tag === "None") return { broken: "a defect or an interruption" }
  if (typeof error.value === "string") return { broken: error.value }
  const { value } = error
  return {
    outcome: value.outcome,
    exists: value._tag === "BadRequestError" && value.exists,
  }
}

/** Plays many calls at once in one virtual time, each with its own server and client. */
const play = (
  seeds: ReadonlyArray<number>,
  delivery: Delivery,
  existing: Existing,
  create: Create,
) =>
  Effect.gen(function* () {
    const fibers = yield* Effect.forEach(seeds, (seed) =>
      Effect.gen(function* () {
        const random = Ledger.randomOf(seed)
        const script = Ledger.script(random)
        const server = Ledger.make((nth) => script[nth] ?? { kind: "respond" }, {
          existing,
          latencyMs: Math.floor(random() * 300),
          reports: random() < 0.8,
        })
        const deadlineMs = Ledger.pick(random, [2_000, 10_000, 60_000, 120_000])
        const retries = Ledger.pick(random, [0, 1, 3, 3, 8])
        const started = yield* Clock.currentTimeMillis
        const exit = yield* Effect.exit(create(server.client, { delivery, deadlineMs, retries }))
        const tookMs = (yield* Clock.currentTimeMillis) - started
        return {
          seed,
          delivery,
          existing,
          deadlineMs,
          script,
          entries: server.ledger,
          contacts: server.contacts("id:5"),
          tookMs,
          ended: endedOf(exit),
        } satisfies Trial
      }).pipe(Random.withSeed(seed), Effect.forkChild),
    )
    yield* Ledger.advance("5 minutes")
    return yield* Fiber.joinAll(fibers)
  })

/** Returns the wait that the server asked for with a 429, in milliseconds. */
const askedMs = ({ fault }: Entry, inARow: number): number => {
  if (fault.kind !== "rateLimit") return 0
  const named = parseRetryAfter(fault.retryAfter, undefined, 0)
  return named === undefined ? Math.min(60_000, 1_000 * 2 ** (inARow - 1)) : Math.max(100, named)
}

/** Lists every promise that a trial broke. */
const broken = (trial: Trial): ReadonlyArray<string> => {
  const { delivery, existing, entries, contacts, ended } = trial
  const found: Array<string> = []
  const arrived = entries.filter((entry) => entry.arrived)
  const rateLimited = arrived.filter(({ fault }) => fault.kind === "rateLimit").length
  const created = entries.filter((entry) => entry.created).length
  if (delivery === "at-most-once") {
    if (created > 1) found.push(`${created} creates`)
    if (arrived.length > 1 + rateLimited)
      found.push(`${arrived.length} posts, ${rateLimited} of them rate limited`)
  } else if (existing !== "duplicate" && contacts > 1) found.push(`${contacts} contacts`)
  if (delivery === "natural-key") {
    const doubted = arrived.filter(({ fault }) => fault.kind !== "rateLimit").length
    if (doubted > 2) found.push(`${doubted} posts that may have been processed`)
  }

  let inARow = 0
  for (const [i, entry] of entries.entries()) {
    inARow = entry.fault.kind === "rateLimit" ? inARow + 1 : 0
    const next = entries[i + 1]
    const asked = askedMs(entry, inARow)
    if (next !== undefined && next.atMs - entry.atMs < asked) {
      found.push(`resent after ${next.atMs - entry.atMs} ms instead of ${asked}`)
    }
  }
  // timers count whole milliseconds
  if (trial.tookMs > trial.deadlineMs + 2)
    found.push(`took ${trial.tookMs} of ${trial.deadlineMs} ms`)

  if ("broken" in ended) found.push(ended.broken)
  else if ("result" in ended) {
    if (contacts === 0) found.push(`${ended.result} without a contact`)
  } else if (ended.outcome !== "unknown" && created > 0 && !ended.exists) {
    found.push(`${ended.outcome} although there is a contact`)
  }
  return found
}

const check = (trials: ReadonlyArray<Trial>) => {
  for (const trial of trials) {
    assert.deepStrictEqual(
      broken(trial),
      [],
      `seed ${trial.seed}, ${trial.existing}: ${JSON.stringify(trial.script)}`,
    )
  }
}

const perTest = 500
const seedsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i)

/** Creates a client with a way to resend that the checker must catch. */
const naive =
  (shouldResend: (status: number | undefined) => boolean, pauseMs: number): Create =>
  (http) =>
    Effect.gen(function* () {
      for (let attempt = 0; ; attempt++) {
        const status = yield* http.post("https://api.aelyst.ai/v1/contact/id:5").pipe(
          Effect.map((response): number | undefined => response.status),
          Effect.timeout("5 seconds"),
          Effect.catch(() => Effect.undefined),
        )
        if (status === 200) return { result: "created" as const }
        if (attempt === 3 || !shouldResend(status)) return yield* Effect.fail("gave up")
        yield* Effect.sleep(pauseMs)
      }
    })

const creates = (trials: ReadonlyArray<Trial>) =>
  trials.flatMap(broken).filter((what) => what.endsWith(" creates")).length

describe("delivery (F6, F7)", () => {
  // 10 tests of 500 scripts: 5,000 trials under at-most-once
  for (const [n, existing] of (
    [
      "duplicate",
      "duplicate",
      "duplicate",
      "duplicate",
      "reject",
      "reject",
      "reject",
      "merge",
      "merge",
      "merge",
    ] as const
  ).entries()) {
    it.effect(
      `never creates twice under at-most-once when the server would ${existing}, batch ${n + 1}`,
      () =>
        Effect.map(
          play(seedsFrom(1 + n * perTest, perTest), "at-most-once", existing, ours),
          (trials) => {
            check(trials)
            assert.isAtLeast(trials.filter(({ entries }) => entries.length > 1).length, 50)
            assert.isAtLeast(trials.filter(({ contacts }) => contacts === 1).length, 100)
          },
        ),
    )
  }

  for (const existing of ["reject", "merge"] as const) {
    it.effect(`leaves one contact under natural-key when the server would ${existing}`, () =>
      Effect.map(play(seedsFrom(100_001, perTest), "natural-key", existing, ours), (trials) => {
        check(trials)
        const settled = trials.filter(
          ({ ended }) => "result" in ended && ended.result === "exists_after_doubt",
        )
        if (existing === "reject") assert.isAtLeast(settled.length, 10)
      }),
    )
  }

  for (const delivery of ["at-most-once", "natural-key"] as const) {
    it.effect(
      `keeps its promise under ${delivery} for calls that share a client, a pacer and a circuit`,
      () =>
        Effect.gen(function* () {
          const existing = delivery === "at-most-once" ? "duplicate" : "reject"
          const runs = yield* Effect.forEach(seedsFrom(200_001, 50), (seed) =>
            Effect.gen(function* () {
              const random = Ledger.randomOf(seed)
              const keys = Array.from({ length: 20 }, (_, i) => `id:${i}`)
              const scripts = new Map(keys.map((key) => [key, Ledger.script(random)]))
              const server = Ledger.make(
                (nth, key) => scripts.get(key)?.[nth] ?? { kind: "respond" },
                { existing, latencyMs: 20 },
              )
              const client = yield* Effect.provideService(
                AelystClient.make({ token, delivery }),
                HttpClient.HttpClient,
                server.client,
              )
              const exits = yield* Effect.forEach(
                // each key twice: the second call waits for the first
                [...keys, ...keys],
                (key) => Effect.exit(client.create(key, { firstName: "Ana" })),
                { concurrency: "unbounded" },
              )
              return { seed, keys, server, exits }
            }).pipe(Random.withSeed(seed), Effect.forkChild),
          )
          yield* Ledger.advance("10 minutes")
          for (const run of runs) {
            const { seed, keys, server, exits } = yield* Fiber.join(run)
            assert.strictEqual(server.inFlight, 0)
            for (const [i, key] of keys.entries()) {
              const arrived = server.ledger.filter((entry) => entry.key === key && entry.arrived)
              const ended = [exits[i], exits[i + keys.length]].map((exit) =>
                exit === undefined ? { broken: "no end" } : endedOf(exit),
              )
              const certain = ended.filter((end) => "result" in end).length
              const maybe = ended.filter(
                (end) => "outcome" in end && end.outcome === "unknown",
              ).length
              const what = `seed ${seed}, ${key}`
              assert.isEmpty(
                ended.filter((end) => "broken" in end),
                what,
              )
              // two calls create at most two contacts if the server allows duplicates, else one
              const { length: created } = arrived.filter((entry) => entry.created)
              assert.isAtMost(created, delivery === "at-most-once" ? certain + maybe : 1, what)
              if (delivery === "at-most-once") assert.isAtLeast(created, certain, what)
            }
          }
        }),
    )
  }

  it.effect("doubles contacts under natural-key if the server allows duplicates (control)", () =>
    Effect.map(play(seedsFrom(100_001, 300), "natural-key", "duplicate", ours), (trials) => {
      assert.isAtLeast(trials.filter(({ contacts }) => contacts > 1).length, 5)
    }),
  )

  it.effect("catches a client that resends after a 500 (control)", () =>
    Effect.map(
      play(
        seedsFrom(1, 300),
        "at-most-once",
        "duplicate",
        naive((status) => (status ?? 0) >= 500, 1_000),
      ),
      (trials) => {
        assert.isAtLeast(creates(trials), 3)
      },
    ),
  )

  it.effect("catches a client that resends after a lost response (control)", () =>
    Effect.map(
      play(
        seedsFrom(1, 300),
        "at-most-once",
        "duplicate",
        naive((status) => status === undefined, 1_000),
      ),
      (trials) => {
        assert.isAtLeast(creates(trials), 3)
      },
    ),
  )

  it.effect("catches a client that ignores Retry-After (control)", () =>
    Effect.map(
      play(
        seedsFrom(1, 300),
        "at-most-once",
        "reject",
        naive((status) => status === 429, 50),
      ),
      (trials) => {
        const early = trials.flatMap(broken).filter((what) => what.startsWith("resent after"))
        assert.isAtLeast(early.length, 20)
      },
    ),
  )
})
