import { assert, describe, it } from "@effect/vitest"
import type { LogLevel } from "effect"
import {
  Clock,
  Duration,
  Effect,
  Exit,
  Fiber,
  Logger,
  Option,
  Random,
  Redacted,
  References,
  Scope,
} from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import type { CreateOptions } from "../src/AelystClient.ts"
import * as AelystClient from "../src/AelystClient.ts"
import type { CreateResult } from "../src/call/Call.ts"
import type { AelystError } from "../src/errors/AelystError.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import { Hooks } from "../src/call/Hooks.ts"
import * as Ledger from "./ledger.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"
import { rounding, vectors } from "./vectors.ts"

const { failing, lost, ok, rateLimited, status, unreachable } = Scripted
const token = Redacted.make("token-for-tests")

interface Played {
  readonly exit: Exit.Exit<CreateResult, AelystError>
  /** When the server saw each request, in milliseconds from the start. */
  readonly sends: ReadonlyArray<number>
  readonly endedMs: number
}

/** Plays one call against a script in virtual time. */
const play = (
  script: ReadonlyArray<Step>,
  options: ClientOptions = {},
  call: CreateOptions = {},
  reports = true,
) =>
  Effect.gen(function* () {
    const server = Scripted.make(script, { reports })
    const client = yield* AelystClient.make({ token, ...options }).pipe(
      Effect.provideService(HttpClient.HttpClient, server.client),
    )
    const started = yield* Clock.currentTimeMillis
    let endedMs = Number.NaN
    const fiber = yield* client.create("email:ana@example.com", { firstName: "Ana" }, call).pipe(
      Effect.onExit(() =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          endedMs = now - started
        }),
      ),
      Effect.forkChild,
    )
    yield* TestClock.adjust("10 minutes")
    const exit = yield* Fiber.await(fiber)
    const sends = server.received.map(({ atMs }) => atMs - started)
    return { exit, sends, endedMs } satisfies Played
  })

const errorOf = ({ exit }: Played): AelystError | undefined =>
  Exit.isSuccess(exit) ? undefined : Option.getOrUndefined(Exit.findErrorOption(exit))

/** Describes the outcome of a call in a few words. */
const verdict = (played: Played): string => {
  if (Exit.isSuccess(played.exit)) return played.exit.value.result
  const value = errorOf(played)
  if (value === undefined) return "interrupted"
  const last =
    value._tag === "OutcomeUnknownError" && value.last !== undefined
      ? ` last ${value.last._tag}`
      : ""
  return `${value._tag} ${value.outcome}${last}`
}

describe("create", () => {
  for (const vector of vectors) {
    it.effect(vector.name, () =>
      Effect.gen(function* () {
        const played = yield* play(
          vector.script,
          vector.options,
          vector.call,
          vector.blind !== true,
        )
        assert.strictEqual(verdict(played), vector.result)
        if (vector.retryAfterMs !== undefined) {
          assert.strictEqual(errorOf(played)?.retryAfterMs, vector.retryAfterMs)
        }
        assert.strictEqual(played.sends.length, vector.sends, `sends at ${played.sends.join(", ")}`)
        const gaps = played.sends.slice(1).map((at, i) => at - (played.sends[i] ?? 0))
        for (const [i, least] of (vector.least ?? []).entries()) {
          assert.isAtLeast(gaps[i] ?? Number.NaN, least, `before resend ${i + 1}`)
        }
        for (const [i, most] of (vector.most ?? []).entries()) {
          assert.isAtMost(gaps[i] ?? Number.NaN, most + rounding, `before resend ${i + 1}`)
        }
      }),
    )
  }

  it.effect("records every attempt with its phase, status and cause", () =>
    Effect.gen(function* () {
      const { exit } = yield* play([unreachable, rateLimited("1"), ok])
      assert(Exit.isSuccess(exit))
      assert.deepStrictEqual(
        exit.value.attempts.map(({ number, phase, status: code, cause }) => ({
          number,
          phase,
          status: code,
          cause,
        })),
        [
          { number: 1, phase: "connect", status: undefined, cause: "ECONNREFUSED" },
          { number: 2, phase: "answered", status: 429, cause: undefined },
          { number: 3, phase: "answered", status: 200, cause: undefined },
        ],
      )
      assert.isAtLeast(exit.value.attempts[2]?.waitedMs ?? 0, 1_000)
    }),
  )

  it.effect("ends within its deadline, whatever the server does", () =>
    Effect.gen(function* () {
      for (const script of [
        [unreachable],
        [rateLimited("5")],
        [rateLimited()],
        [{ hangs: true, dispatched: true } as const],
      ]) {
        const { endedMs } = yield* play(
          script,
          { retries: 100 },
          { deadline: "20 seconds", timeout: "5 minutes" },
        )
        assert.isAtMost(endedMs, 20_000)
      }
    }),
  )

  it.effect("starts no attempt that has no time to be answered", () =>
    Effect.gen(function* () {
      for (const [script, options, call, expected, sends] of [
        // nothing is known of the round trip: 50 ms are assumed
        [[ok], {}, { deadline: 49 }, "UnavailableError not_sent", 0],
        [[ok], {}, { deadline: 50 }, "created", 1],
        // the 429 took 400 ms, and 300 ms are left after its wait
        [
          [{ ...rateLimited("1"), afterMs: 400 }, ok],
          {},
          { deadline: 1_750 },
          "UnavailableError not_sent",
          1,
        ],
        [
          [{ ...status(503), afterMs: 400 }, ok],
          { delivery: "natural-key" },
          { deadline: 5_700 },
          "OutcomeUnknownError unknown last UnavailableError",
          1,
        ],
      ] as const) {
        const played = yield* play(script, options, call)
        assert.strictEqual(verdict(played), expected)
        assert.strictEqual(played.sends.length, sends)
      }
    }),
  )

  it.effect("sends the headers of the caller with every attempt of this call only", () =>
    Effect.gen(function* () {
      const server = Scripted.make([lost, ok, ok])
      const client = yield* AelystClient.make({
        token,
        delivery: "natural-key",
        doubtDelay: 1_000,
      }).pipe(Effect.provideService(HttpClient.HttpClient, server.client))
      const headers = { "X-Request-Id": "abc", traceparent: "00-1-2-01" }
      const fiber = yield* Effect.forkChild(
        client.create("id:5", { firstName: "Ana" }, { headers }),
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      yield* client.create("id:6", { firstName: "Ana" })
      assert.deepStrictEqual(
        server.received.map((request) => request.headers["x-request-id"]),
        ["abc", "abc", undefined],
      )
      assert.strictEqual(server.received[0]?.headers["traceparent"], "00-1-2-01")
      for (const { authorization } of server.received) {
        assert.strictEqual(authorization, "Bearer token-for-tests")
      }
    }),
  )

  it.effect("sends one request at a time for a key; the second call waits", () =>
    Effect.gen(function* () {
      const server = Scripted.make([{ ...ok, afterMs: 1_000 }])
      const client = yield* AelystClient.make({ token }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
      )
      const both = yield* Effect.all(
        [
          client.create("email:ana@example.com", { firstName: "Ana" }),
          client.create("email:ana@EXAMPLE.com", { firstName: "Ana" }),
        ],
        { concurrency: "unbounded" },
      ).pipe(Effect.forkChild)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(both)
      const [first, second] = server.received
      assert.isAtLeast((second?.atMs ?? 0) - (first?.atMs ?? 0), 1_000)
    }),
  )

  it.effect("releases the key of a call that was interrupted in flight", () =>
    Effect.gen(function* () {
      const server = Scripted.make([{ hangs: true, dispatched: true }, ok])
      const client = yield* AelystClient.make({ token }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
      )
      const create = client.create("email:ana@example.com", { firstName: "Ana" })
      const first = yield* Effect.forkChild(create)
      yield* TestClock.adjust("1 second")
      const second = yield* Effect.forkChild(create)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("10 seconds")
      const result = yield* Fiber.join(second)
      assert.strictEqual(result.result, "created")
    }),
  )

  it.effect("renews the token after a 401, but only once", () =>
    Effect.gen(function* () {
      const server = Scripted.make([status(401), ok, status(401)])
      let reads = 0
      const client = yield* AelystClient.make({
        token: Effect.sync(() => {
          reads += 1
          return Redacted.make(`token-number-${reads}`)
        }),
      }).pipe(Effect.provideService(HttpClient.HttpClient, server.client))
      const create = client.create("email:ana@example.com", { firstName: "Ana" })
      const run = yield* Effect.forkChild(Effect.andThen(create, Effect.flip(create)))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(run)
      assert.strictEqual(error._tag, "AuthenticationError")
      assert.deepStrictEqual(
        server.received.map(({ authorization }) => authorization),
        [1, 2, 3, 4].map((n) => `Bearer token-number-${n}`),
      )
    }),
  )

  it.effect("opens the circuit after five failures in a row and closes it after one trial", () =>
    Effect.gen(function* () {
      const server = Scripted.make([lost, lost, lost, lost, lost, ok])
      const client = yield* AelystClient.make({ token, maxWait: 0 }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
      )
      const create = client.create("email:ana@example.com", { firstName: "Ana" })
      const attempt = Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.result(create))
        yield* TestClock.adjust("200 millis")
        return yield* Fiber.join(fiber)
      })
      for (let i = 0; i < 5; i++) yield* attempt
      const open = yield* attempt
      assert(open._tag === "Failure" && open.failure._tag === "UnavailableError")
      assert.strictEqual(open.failure.reason, "circuit")
      assert.isAbove(Duration.toMillis(open.failure.retryAfter ?? Duration.zero), 0)
      assert.strictEqual(server.received.length, 5)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* attempt)._tag, "Success")
      assert.strictEqual((yield* attempt)._tag, "Success")
    }),
  )
})

/** Plays one call, and returns the lines that it logs. */
const logged = (level: LogLevel.LogLevel, ...played: Parameters<typeof play>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatStructured, (line) => {
      lines.push(`${line.level} ${String(line.message)} ${JSON.stringify(line.annotations)}`)
    })
    yield* play(...played).pipe(
      Effect.provideService(References.MinimumLogLevel, level),
      Effect.provideService(Random.Random, {
        nextDoubleUnsafe: () => 0.5,
        nextIntUnsafe: () => 0,
      }),
      Effect.provide(Logger.layer([logger])),
    )
    return lines
  })

describe("create's debug log", () => {
  const script = [unreachable, rateLimited("1"), lost, ok]
  const options: ClientOptions = { delivery: "natural-key", settle: "2 seconds" }

  it.effect("has a line for each wait and each resend, with reason, milliseconds and number", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* logged("Debug", script, options), [
        'DEBUG waiting {"reason":"backoff","ms":125,"resend":1}',
        'DEBUG resending {"resend":1,"waitedMs":125}',
        'DEBUG waiting {"reason":"queue","ms":1050,"resend":2}',
        'DEBUG resending {"resend":2,"waitedMs":1050}',
        'DEBUG waiting {"reason":"doubt","ms":5000,"resend":3}',
        'DEBUG resending {"resend":3,"waitedMs":5000}',
        'DEBUG waiting {"reason":"settle","ms":2000,"resend":0}',
      ])
    }),
  )

  it.effect("is empty above the level Debug", () =>
    Effect.gen(function* () {
      assert.isEmpty(yield* logged("Info", script, options))
    }),
  )
})

/** Sends one create, then two more at once; returns the first one's error and when the server saw each. */
const three = (first: Step, options: ClientOptions = {}) =>
  Effect.gen(function* () {
    const server = Scripted.make([first, ok])
    const client = yield* AelystClient.make({ token, ...options }).pipe(
      Effect.provideService(HttpClient.HttpClient, server.client),
    )
    const create = (n: number) => client.create(`id:${n}`, { firstName: "Ana" })
    const started = yield* Clock.currentTimeMillis
    const failed = yield* Effect.forkChild(Effect.flip(create(0)))
    yield* TestClock.adjust(0)
    const others = yield* Effect.forkChild(
      Effect.all([create(1), create(2)], { concurrency: "unbounded" }),
    )
    yield* TestClock.adjust("5 minutes")
    yield* Fiber.join(others)
    const error = yield* Fiber.join(failed)
    return { error, sends: server.received.map(({ atMs }) => atMs - started), client }
  })

describe("create, after a Retry-After", () => {
  it.effect("waits for the Retry-After of a 503 with every create, and learns no limit (R15)", () =>
    Effect.gen(function* () {
      const { client, error, sends } = yield* three(failing(503, "30"))
      assert.strictEqual(error._tag, "InternalServerError")
      assert.strictEqual(error.retryAfterMs, 30_000)
      assert.strictEqual(sends.length, 3)
      for (const at of sends.slice(1)) {
        assert.isAtLeast(at, 30_000)
        assert.isAtMost(at, 30_250)
      }
      assert.strictEqual((yield* client.rateLimit).limit, 10)
    }),
  )

  for (const [what, step, options] of [
    ["a 429 beyond maxWait", rateLimited("3600"), {}],
    ["a 429 beyond the time left", rateLimited("20"), { deadline: "10 seconds" }],
    ["a 503 beyond maxWait", failing(503, "3600"), {}],
    ["a 503 beyond the time left", failing(503, "20"), { deadline: "10 seconds" }],
  ] as const) {
    it.effect(`fails only the create that got ${what}, and holds up the others for a window`, () =>
      Effect.gen(function* () {
        const { error, sends } = yield* three(step, options)
        const asked = "headers" in step ? Number(step.headers?.["retry-after"]) * 1000 : undefined
        assert.strictEqual(error.retryAfterMs, asked)
        assert.strictEqual(error.attempts.length, 1)
        assert.strictEqual(sends.length, 3)
        for (const at of sends.slice(1)) {
          assert.isAtLeast(at, 1_000)
          assert.isAtMost(at, 1_250)
        }
      }),
    )
  }
})

describe("create, and the retry budget", () => {
  it.effect("sends at most 20 requests more than calls while all of them fail (F8)", () =>
    Effect.gen(function* () {
      let others = 0
      // every fifth key answers, so that the circuit stays closed
      const server = Ledger.make((_, key) =>
        Number(key.slice(3)) % 5 === 0
          ? { kind: "rateLimit", retryAfter: "0" }
          : { kind: "unreachable" },
      )
      const client = yield* AelystClient.make({ token, rateLimit: false }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
      )
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 100 }, (_, i) => i),
          (i) => {
            others += i % 5 === 0 ? 0 : 1
            return Effect.result(client.create(`id:${i}`, { firstName: "Ana" }))
          },
          { concurrency: 4 },
        ),
      )
      yield* Ledger.advance("10 minutes")
      yield* Fiber.join(fiber)
      const sent = server.ledger.filter(({ fault }) => fault.kind === "unreachable")
      assert.isAtMost(sent.length, others + 20)
    }),
  )

  it.effect("pays for no resend that is aborted before it is sent (V11)", () =>
    Effect.gen(function* () {
      // an answered create after each lost one keeps the circuit closed
      const server = Scripted.make([
        ...Array.from({ length: 80 }, (_, i) => [lost, ok][i % 2] ?? ok),
        lost,
        ok,
      ])
      const client = yield* AelystClient.make({ token, delivery: "natural-key" }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
      )
      const create = (key: string) => client.create(`id:${key}`, { firstName: "Ana" })
      for (let n = 0; n < 40; n++) {
        const aborted = yield* Effect.forkChild(create(`aborted-${n}`))
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.interrupt(aborted)
        const answered = yield* Effect.forkChild(create(`answered-${n}`))
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(answered)
      }
      const last = yield* Effect.forkChild(create("last"))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(last)).result, "created")
    }),
  )
})

/** Opens the circuit for a second: five creates fail. */
const open = (create: (key: string) => Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(
      Effect.forEach([1, 2, 3, 4, 5], (i) => create(`opens-${i}`)),
    )
    yield* Ledger.advance("250 millis")
    yield* Fiber.join(fiber)
  })

describe("create, while the circuit is open", () => {
  const down: Ledger.Fault = { kind: "status", status: 500, commits: false }
  const created: Ledger.Fault = { kind: "respond" }

  /** Creates a client of a server that answers 500 until it is `up`. */
  const startDown = (options: ClientOptions = {}, latencyMs = 50) =>
    Effect.gen(function* () {
      const state = { up: false }
      const server = Ledger.make(() => (state.up ? created : down), { latencyMs })
      const client = yield* AelystClient.make({ token, ...options }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
      )
      const create = (key: string, call?: CreateOptions) =>
        Effect.result(client.create(`id:${key}`, { firstName: "Ana" }, call))
      return { client, create, server, state }
    })

  it.effect("loses few of 200 creates to 1.5 s of 500s, and returns the outcome of each (U0)", () =>
    Effect.gen(function* () {
      const { create, server, state } = yield* startDown()
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 200 }, (_, i) => `${i}`),
          (key) => Effect.map(create(key), (result) => [key, result] as const),
          { concurrency: 10 },
        ),
      )
      yield* Ledger.advance("1500 millis")
      state.up = true
      yield* Ledger.advance("2 minutes")
      const results = yield* Fiber.join(fiber)
      const succeeded = results.filter(([, { _tag }]) => _tag === "Success")
      assert.isAtLeast(succeeded.length, 185)
      for (const [key, result] of results) {
        const isCreated = result._tag === "Success"
        assert.strictEqual(server.contacts(`id:${key}`), isCreated ? 1 : 0)
        if (!isCreated) assert.strictEqual(result.failure._tag, "InternalServerError")
      }
    }),
  )

  it.effect("sends waiting creates in their order, after one trial", () =>
    Effect.gen(function* () {
      const { create, server, state } = yield* startDown({ rateLimit: { perSecond: 5 } })
      yield* open(create)
      state.up = true
      const keys = Array.from({ length: 12 }, (_, i) => `waits-${i}`)
      const fibers = yield* Effect.forEach(keys, (key) => Effect.forkChild(create(key)))
      yield* Ledger.advance("1 second")
      const late = yield* Effect.forkChild(create("comes-late"))
      yield* Ledger.advance("1 minute")
      for (const fiber of [...fibers, late]) {
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "Success")
      }
      const sent = server.ledger.slice(5)
      assert.deepStrictEqual(
        sent.map(({ key }) => key.replace("id:", "")),
        [...keys, "comes-late"],
      )
      // the second one goes when the trial has been answered
      assert.isAtLeast((sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0), 50)
    }),
  )

  it.effect("refuses a create when maxQueue creates wait for the circuit", () =>
    Effect.gen(function* () {
      const { create, state } = yield* startDown({ maxQueue: 3 })
      yield* open(create)
      const waiting = yield* Effect.forEach(["1", "2", "3"], (key) => Effect.forkChild(create(key)))
      yield* Ledger.advance(0)
      const refused = yield* create("4")
      assert(refused._tag === "Failure" && refused.failure._tag === "UnavailableError")
      assert.strictEqual(refused.failure.reason, "queue")
      state.up = true
      yield* Ledger.advance("10 seconds")
      for (const fiber of waiting) assert.strictEqual((yield* Fiber.join(fiber))._tag, "Success")
    }),
  )

  it.effect("fails at once with the time until the next trial in an outage", () =>
    Effect.gen(function* () {
      const { create, server } = yield* startDown()
      yield* open(create)
      // trials after 1, 2 and 4 s fail; the next one is 8 s away
      const patient = yield* Effect.forkChild(create("patient"))
      yield* Effect.forkChild(Effect.forEach([1, 2, 3], (i) => create(`trial-${i}`)))
      yield* Ledger.advance("8 seconds")
      const ended = yield* Fiber.join(patient)
      assert(ended._tag === "Failure")
      const sent = server.ledger.length
      const failed = yield* create("late")
      assert(failed._tag === "Failure" && failed.failure._tag === "UnavailableError")
      assert.strictEqual(failed.failure.reason, "circuit")
      assert.approximately(failed.failure.retryAfterMs ?? 0, 7_500, 1_000)
      assert.strictEqual(server.ledger.length, sent)
    }),
  )

  it.effect(
    "fails at once a create that cannot wait until its deadline or longer than maxWait",
    () =>
      Effect.gen(function* () {
        const { create } = yield* startDown()
        yield* open(create)
        for (const call of [{ deadline: "500 millis" }, { maxWait: "500 millis" }] as const) {
          const failed = yield* create("hurries", call)
          assert(failed._tag === "Failure" && failed.failure._tag === "UnavailableError")
          assert.strictEqual(failed.failure.reason, "circuit")
        }
      }),
  )

  it.effect("leaves nothing behind when a create that waits is interrupted", () =>
    Effect.gen(function* () {
      const { client, create, state } = yield* startDown({ maxQueue: 1 })
      yield* open(create)
      const waiting = yield* Effect.forkChild(create("1"))
      yield* Ledger.advance(0)
      yield* Fiber.interrupt(waiting)
      state.up = true
      const next = yield* Effect.forkChild(create("1"))
      yield* Ledger.advance("2 seconds")
      assert.strictEqual((yield* Fiber.join(next))._tag, "Success")
      assert.deepInclude(yield* client.rateLimit, { waiting: 0, inFlight: 0 })
    }),
  )
})

describe("create, in doubt from the start", () => {
  const table: ReadonlyArray<readonly [string, ReadonlyArray<Step>, string, number]> = [
    ["creates the contact", [ok], "created", 1],
    ["reads exists as after doubt", [status(409)], "exists_after_doubt", 1],
    [
      "stays in doubt after a rejection",
      [status(400)],
      "OutcomeUnknownError unknown last BadRequestError",
      1,
    ],
    [
      "stays in doubt after a 401",
      [status(401)],
      "OutcomeUnknownError unknown last AuthenticationError",
      1,
    ],
    [
      "stays in doubt after a 5xx",
      [status(503)],
      "OutcomeUnknownError unknown last InternalServerError",
      1,
    ],
    ["resends no second attempt in doubt", [lost, ok], "OutcomeUnknownError unknown", 1],
    ["resends what provably did not leave", [unreachable, status(409)], "exists_after_doubt", 2],
    ["resends after a 429", [rateLimited("1"), status(409)], "exists_after_doubt", 2],
  ]
  for (const [what, script, expected, sends] of table) {
    it.effect(`${what}, after doubtDelay`, () =>
      Effect.gen(function* () {
        for (const delivery of ["at-most-once", "natural-key"] as const) {
          const played = yield* play(script, {}, { delivery, doubt: true })
          assert.strictEqual(verdict(played), expected, delivery)
          assert.strictEqual(played.sends.length, sends)
          assert.isAtLeast(played.sends[0] ?? 0, 5_000)
        }
      }),
    )
  }

  it.effect("fails at once if doubtDelay does not fit the deadline", () =>
    Effect.gen(function* () {
      const played = yield* play([ok], {}, { deadline: "5 seconds", doubt: true })
      assert.strictEqual(verdict(played), "OutcomeUnknownError unknown last UnavailableError")
      assert.deepStrictEqual([played.sends.length, played.endedMs], [0, 0])
    }),
  )

  for (const [existing, contacts, result] of [
    ["reject", 1, "exists_after_doubt"],
    ["merge", 1, "created"],
    ["duplicate", 2, "created"],
  ] as const) {
    it.effect(`ends with ${result} on a server that answers a repeat by ${existing}`, () =>
      Effect.gen(function* () {
        const server = Ledger.make(
          (nth) => (nth === 0 ? { kind: "reset", commits: true } : { kind: "respond" }),
          { existing },
        )
        const client = yield* AelystClient.make({ token }).pipe(
          Effect.provideService(HttpClient.HttpClient, server.client),
        )
        const first = yield* Effect.flip(client.create("id:5", { firstName: "Ana" }))
        assert.strictEqual(first.outcome, "unknown")
        const second = client.create("id:5", { firstName: "Ana" }, { doubt: true })
        const fiber = yield* Effect.forkChild(second)
        yield* Ledger.advance("1 minute")
        assert.strictEqual((yield* Fiber.join(fiber)).result, result)
        assert.strictEqual(server.contacts("id:5"), contacts)
      }),
    )
  }

  it.effect("reports unknown when it is interrupted or closed before its first attempt", () =>
    Effect.gen(function* () {
      const server = Scripted.make([ok])
      const outcomes: Array<string> = []
      const onOutcome = ({ outcome }: { readonly outcome: string }) => void outcomes.push(outcome)
      const scope = yield* Scope.make()
      const client = yield* AelystClient.make({ token }).pipe(
        Effect.provideService(HttpClient.HttpClient, server.client),
        Scope.provide(scope),
      )
      const create = (id: string) =>
        Effect.forkChild(
          Effect.provideService(
            Effect.result(client.create(id, { firstName: "Ana" }, { doubt: true })),
            Hooks,
            { onOutcome },
          ),
        )
      const interrupted = yield* create("id:5")
      const closed = yield* create("id:6")
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(interrupted)
      yield* Scope.close(scope, Exit.void)
      const end = yield* Fiber.join(closed)
      assert.isTrue(end._tag === "Failure" && end.failure._tag === "OutcomeUnknownError")
      assert.deepStrictEqual(outcomes, ["unknown", "unknown"])
      assert.isEmpty(server.received)
    }),
  )
})
