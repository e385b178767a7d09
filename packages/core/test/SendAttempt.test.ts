import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Redacted, Result, Tracer } from "effect"
import { TestClock } from "effect/testing"

import type { TokenSource } from "../src/call/Call.ts"
import { Call } from "../src/call/Call.ts"
import type { CreateOptions } from "../src/AelystClient.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import { parse, parseCall } from "../src/call/ClientOptions.ts"
import { DeadlineTimer } from "../src/call/DeadlineTimer.ts"
import { Hooks } from "../src/call/Hooks.ts"
import { noCounters } from "../src/call/Metrics.ts"
import { sendAttempt } from "../src/call/SendAttempt.ts"
import { Lifetime } from "../src/call/Lifetime.ts"
import * as SharedState from "../src/call/SharedState.ts"
import type { ContactInput } from "../src/contact/Contact.ts"
import { validate } from "../src/contact/Contact.ts"
import type { PacerObservation, Permit } from "../src/pacing/Pacer.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"
import * as RecordingTracer from "./tracer.ts"
import type { AttemptRecord } from "../src/types.ts"

const { failing, lost, ok, rateLimited, status, unreachable } = Scripted
const fixed = Redacted.make("token-for-tests")

/** The end of a permit, and its time from the start of the call. */
interface PermitEnd {
  readonly atMs: number
  readonly end: "abandoned" | "given back" | PacerObservation
}

interface Setup {
  readonly client?: ClientOptions
  readonly options?: CreateOptions
  readonly token?: TokenSource
  readonly identifier?: string
  readonly contact?: ContactInput
}

/** Creates a call over a scripted transport, and a permit that records its end. */
const make = (
  script: ReadonlyArray<Step>,
  {
    client = {},
    contact = { firstName: "Ana" },
    identifier = "id:5",
    options = {},
    token = fixed,
  }: Setup = {},
) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const config = Result.getOrThrow(parse(client))
    const sharedState = yield* SharedState.make(config)
    const timer = new DeadlineTimer()
    const lifetime = new Lifetime()
    const own = { counters: noCounters, lifetime, sharedState, timer }
    const state = { http: server.client, config, token, ...own }
    const valid = Result.getOrThrow(validate(identifier, contact))
    const call = yield* Effect.withFiber((fiber) =>
      Effect.sync(() => new Call(state, valid, Result.getOrThrow(parseCall(options)), fiber)),
    )
    const started = yield* Clock.currentTimeMillis
    const ends: Array<PermitEnd> = []
    const note = (end: PermitEnd["end"]) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        ends.push({ atMs: now - started, end })
      })
    const permit: Permit = {
      waitedMs: 0,
      minRoundTripMs: 0,
      observe: note,
      abandon: note("abandoned"),
      giveBack: note("given back"),
    }
    return { call, ends, permit, received: server.received, sharedState }
  })

const sending = (...[call, permit]: Parameters<typeof sendAttempt>) =>
  Effect.gen(() => sendAttempt(call, permit))

/** Sends one attempt and waits for its end. */
const play = (script: ReadonlyArray<Step>, setup?: Setup) =>
  Effect.gen(function* () {
    const made = yield* make(script, setup)
    const fiber = yield* Effect.forkChild(sending(made.call, made.permit))
    yield* TestClock.adjust("5 minutes")
    return { ...made, exit: yield* Fiber.await(fiber) }
  })

describe("sendAttempt", () => {
  it.effect("sends the documented request (W1, W2, W3)", () =>
    Effect.gen(function* () {
      const { received } = yield* play([ok], {
        identifier: "phone:+60123456789",
        contact: {
          firstName: "Muhammad ",
          customFields: { "Company Website": "https://example.com" },
        },
      })
      assert.strictEqual(received.length, 1)
      const [request] = received
      assert.strictEqual(request?.path, "/v1/contact/phone:+60123456789")
      assert.strictEqual(request?.authorization, "Bearer token-for-tests")
      assert.deepStrictEqual(JSON.parse(request?.body ?? ""), {
        firstName: "Muhammad ",
        phone: "+60123456789",
        custom_fields: [{ name: "Company Website", value: "https://example.com" }],
      })
    }),
  )

  it.effect("returns the verdict, the rate limit and the time of the head", () =>
    Effect.gen(function* () {
      const headers = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "9" }
      const { exit } = yield* play([{ ...ok, status: 201, headers, afterMs: 300 }])
      assert(Exit.isSuccess(exit))
      const { info, respondedAt, verdict } = exit.value
      assert.deepStrictEqual([info.limit, info.remaining, respondedAt], [10, 9, 300])
      assert(verdict._tag === "Success")
      assert.strictEqual(verdict.status, 201)
    }),
  )

  it.effect("records number, phase, times and status of the attempt, and reports it", () =>
    Effect.gen(function* () {
      const heard: Array<AttemptRecord> = []
      const { call, permit } = yield* make([{ ...rateLimited("1"), afterMs: 300 }]).pipe(
        Effect.provideService(Hooks, { onAttempt: (attempt) => void heard.push(attempt) }),
      )
      yield* TestClock.adjust("2 seconds")
      const fiber = yield* Effect.forkChild(sending(call, permit))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      const expected: AttemptRecord = {
        number: 1,
        phase: "answered",
        status: 429,
        rateLimited: true,
        startedAt: 2_000,
        waitedMs: 2_000,
        durationMs: 300,
      }
      assert.deepStrictEqual(call.record.attempts, [expected])
      assert.deepStrictEqual(heard, [expected])
    }),
  )

  it.effect("makes no request after the deadline of the call", () =>
    Effect.gen(function* () {
      const { call, ends, permit, received } = yield* make([ok], { options: { deadline: 1_000 } })
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(sending(call, permit))
      assert.deepInclude(error, { _tag: "UnavailableError", reason: "deadline" })
      assert.isEmpty(received)
      assert.isEmpty(call.record.attempts)
      // the call closes its ticket, which returns the permit
      assert.isEmpty(ends)
    }),
  )
})

describe("sendAttempt's permit", () => {
  it.effect("observes a 429 when its headers arrive, although the body stalls", () =>
    Effect.gen(function* () {
      const stalled: Step = {
        status: 429,
        headers: { "retry-after": "2", "x-ratelimit-limit": "10", "x-ratelimit-remaining": "0" },
        afterMs: 300,
        stallBody: true,
      }
      const { call, ends, exit } = yield* play([stalled])
      const end = {
        rateLimited: true,
        unavailable: false,
        tooLong: false,
        retryAfterMs: 2_000,
        limit: 10,
        remaining: 0,
      }
      assert.deepStrictEqual(ends, [{ atMs: 300, end }])
      assert(Exit.isSuccess(exit))
      assert.strictEqual(exit.value.respondedAt, 300)
      assert.deepInclude(call.record.attempts[0], { phase: "body", durationMs: 10_300 })
    }),
  )

  for (const [what, retryAfter, options] of [
    ["than maxWait", "61", {}],
    ["than the time left", "9", { deadline: 8_000 }],
    ["than a maxWait of 0", "0", { maxWait: 0 }],
  ] as const) {
    it.effect(`observes at once that a Retry-After is longer ${what}`, () =>
      Effect.gen(function* () {
        const { ends } = yield* play([rateLimited(retryAfter)], { options })
        assert.strictEqual(ends.length, 1)
        assert.strictEqual(ends[0]?.atMs, 0)
        assert.deepInclude(ends[0]?.end, { rateLimited: true, tooLong: true })
      }),
    )
  }

  for (const [code, retryAfter, expected] of [
    [503, "30", { unavailable: true, tooLong: false, retryAfterMs: 30_000 }],
    [500, "2", { unavailable: true, tooLong: false, retryAfterMs: 2_000 }],
    [503, "61", { unavailable: true, tooLong: true, retryAfterMs: 61_000 }],
    [503, "soon", { unavailable: false, tooLong: false }],
    [404, "30", { unavailable: false, tooLong: false, retryAfterMs: 30_000 }],
  ] as const) {
    it.effect(`observes at the headers of a ${code} with Retry-After ${retryAfter}`, () =>
      Effect.gen(function* () {
        const step = { ...failing(code, retryAfter), afterMs: 300, stallBody: true }
        const { ends } = yield* play([step])
        assert.deepStrictEqual(ends, [{ atMs: 300, end: { rateLimited: false, ...expected } }])
      }),
    )
  }

  it.effect("observes every other response as not rate limited", () =>
    Effect.gen(function* () {
      for (const step of [ok, status(400), status(401), status(503), status(302)]) {
        const { ends } = yield* play([step])
        const end = { rateLimited: false, unavailable: false, tooLong: false }
        assert.deepStrictEqual(ends, [{ atMs: 0, end }])
      }
    }),
  )

  it.effect(
    "gives the permit back if nothing was sent, and abandons it if the request may have left",
    () =>
      Effect.gen(function* () {
        const unsent = yield* play([unreachable])
        assert.deepStrictEqual(unsent.ends, [{ atMs: 0, end: "given back" }])
        assert.deepInclude(unsent.call.record.attempts[0], {
          phase: "connect",
          cause: "ECONNREFUSED",
        })
        const sent = yield* play([lost])
        assert.deepStrictEqual(sent.ends, [{ atMs: 0, end: "abandoned" }])
        assert.deepInclude(sent.call.record.attempts[0], { phase: "headers", cause: "ECONNRESET" })
      }),
  )
})

describe("sendAttempt's breaker", () => {
  for (const [what, step, isOpened] of [
    ["opens after a lost response", lost, true],
    ["opens after a failure to connect", unreachable, true],
    ["opens after a 500", status(500), true],
    ["stays closed after a 400", status(400), false],
    ["stays closed after a 429", rateLimited("1"), false],
  ] as const) {
    it.effect(`${what} as the fifth attempt in a row`, () =>
      Effect.gen(function* () {
        const { call, permit, sharedState } = yield* make([step])
        const { breaker } = sharedState
        for (let i = 0; i < 4; i++) {
          const state = breaker.enter(0)
          assert(state._tag !== "Open")
          breaker.recordFailure(0, state)
        }
        const entered = breaker.enter(0)
        assert(entered._tag !== "Open")
        call.breakerPermit = entered
        yield* sendAttempt(call, permit)
        assert.strictEqual(breaker.peek(0)._tag, isOpened ? "Open" : "Closed")
        // recorded once: the end of the call has nothing left to release
        assert.isUndefined(call.breakerPermit)
      }),
    )
  }
})

const interrupted = (step: Step) =>
  Effect.gen(function* () {
    const made = yield* make([step])
    const fiber = yield* Effect.forkChild(sending(made.call, made.permit))
    yield* TestClock.adjust("2 seconds")
    yield* Fiber.interrupt(fiber)
    return made.call.record
  })

describe("sendAttempt interrupted", () => {
  it.effect("keeps the head of a response whose body it was reading", () =>
    Effect.gen(function* () {
      for (const [code, outcome] of [
        [200, "unknown"],
        [400, "rejected"],
        [429, "rejected"],
        [500, "unknown"],
      ] as const) {
        const headers = { "x-request-id": "7" }
        const record = yield* interrupted({ status: code, headers, stallBody: true })
        assert.strictEqual(record.response?.status, code)
        assert.strictEqual(record.response?.headers["x-request-id"], "7")
        assert.strictEqual(record.outcome, outcome)
        // a status that means that nothing was created is the end of the attempt, whatever its body
        const phases = record.attempts.map(({ phase }) => phase)
        assert.deepStrictEqual(phases, outcome === "rejected" ? ["body"] : [])
      }
    }),
  )

  it.effect("is unknown without a response if the request may have left, else not_sent", () =>
    Effect.gen(function* () {
      const sent = yield* interrupted({ hangs: true, dispatched: true })
      assert.deepStrictEqual([sent.outcome, sent.response], ["unknown", undefined])
      const unsent = yield* interrupted({ hangs: true, dispatched: false })
      assert.deepStrictEqual([unsent.outcome, unsent.response], ["not_sent", undefined])
    }),
  )
})

describe("sendAttempt's token", () => {
  it.effect("fails as unavailable if the token effect fails, without a request", () =>
    Effect.gen(function* () {
      const failure = new Error("vault closed")
      const { call, ends, exit, received } = yield* play([ok], { token: Effect.fail(failure) })
      const error = Exit.findErrorOption(exit)
      assert(error._tag === "Some" && error.value._tag === "UnavailableError")
      assert.deepInclude(error.value, { reason: "token", outcome: "not_sent" })
      assert(error.value.cause !== undefined)
      assert.strictEqual(Redacted.value(error.value.cause), failure)
      assert.isEmpty(received)
      assert.isEmpty(ends)
      assert.isEmpty(call.record.attempts)
    }),
  )

  it.effect("dies if the token effect dies, without a request", () =>
    Effect.gen(function* () {
      const defect = new Error("a bug in the vault")
      const { exit, received } = yield* play([ok], { token: Effect.die(defect) })
      assert(Exit.isFailure(exit))
      assert.deepStrictEqual(Exit.findDefect(exit), Result.succeed(defect))
      assert.isEmpty(received)
    }),
  )

  it.effect("ends at the deadline of the call if the token effect takes too long", () =>
    Effect.gen(function* () {
      const { call, permit, received } = yield* make([ok], {
        options: { deadline: 7_000 },
        token: Effect.never,
      })
      const fiber = yield* Effect.forkChild(Effect.flip(sending(call, permit)))
      yield* TestClock.adjust(6_999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error, { _tag: "UnavailableError", reason: "deadline" })
      assert.isEmpty(received)
    }),
  )

  it.effect("counts the time of the token effect as wait, not as part of the attempt", () =>
    Effect.gen(function* () {
      const token = Effect.as(Effect.sleep("2 seconds"), Redacted.make("token-after-2-s"))
      const { call, received } = yield* play([{ ...ok, afterMs: 300 }], { token })
      assert.strictEqual(received[0]?.authorization, "Bearer token-after-2-s")
      assert.deepInclude(call.record.attempts[0], { waitedMs: 2_000, durationMs: 300 })
    }),
  )
})

describe("sendAttempt's traceparent", () => {
  it.effect("sends the traceparent of its span together with the headers of the call", () =>
    Effect.gen(function* () {
      const { spans, tracer } = RecordingTracer.make()
      const { received } = yield* Effect.provideService(
        play([ok], {
          client: { propagateTrace: true },
          options: { headers: { "x-request-id": "7" } },
        }),
        Tracer.Tracer,
        tracer,
      )
      const [span] = spans
      assert(span !== undefined)
      assert.strictEqual(span.name, "AelystClient.attempt")
      const headers = received[0]?.headers
      assert.strictEqual(headers?.["traceparent"], `00-${span.traceId}-${span.spanId}-01`)
      assert.strictEqual(headers?.["x-request-id"], "7")
    }),
  )

  it.effect("sends no traceparent by default", () =>
    Effect.gen(function* () {
      const { tracer } = RecordingTracer.make()
      const { received } = yield* Effect.provideService(play([ok]), Tracer.Tracer, tracer)
      assert.strictEqual(received.length, 1)
      assert.isUndefined(received[0]?.headers["traceparent"])
    }),
  )
})
