import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Random, Redacted, Result, Scheduler, Scope } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import { TransportProbe, abortable } from "../src/call/TransportProbe.ts"
import { parse } from "../src/call/ClientOptions.ts"
import * as SharedState from "../src/call/SharedState.ts"
import { Hooks } from "../src/call/Hooks.ts"
import * as Ledger from "./ledger.ts"
import * as TestTracer from "./tracer.ts"
import type { AttemptRecord } from "../src/types.ts"

const token = Redacted.make("token-for-tests")

/** Returns a transport that can fail each of its requests, as the one for Node does. */
const abortableOf = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  abortable(
    HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
      (prepared) =>
        Effect.flatMapEager(prepared, (request) =>
          Effect.withFiber((fiber) => {
            const probe = fiber.getRef(TransportProbe)
            return Effect.callback((resume) => {
              const sending = Effect.runForkWith(fiber.context)(client.execute(request))
              probe.watch(() => {
                const reason = new HttpClientError.TransportError({ request })
                resume(Effect.fail(new HttpClientError.HttpClientError({ reason })))
                sending.interruptUnsafe()
              })
              sending.addObserver(resume)
              return Fiber.interrupt(sending)
            })
          }),
        ),
      Effect.succeed,
    ),
  )

interface End {
  readonly outcome: string
  readonly attempts: ReadonlyArray<AttemptRecord>
}

/** Plays some calls that share their state; interrupts each, or closes their client, at a point drawn from the seed. */
const trial = (seed: number, closes = false) =>
  Effect.gen(function* () {
    const random = Ledger.randomOf(seed)
    const keys = Array.from({ length: 20 }, (_, i) => `id:${i}`)
    const scripts = new Map(keys.map((key) => [key, Ledger.script(random)]))
    const server = Ledger.make((nth, key) => scripts.get(key)?.[nth] ?? { kind: "respond" }, {
      latencyMs: Math.floor(random() * 50),
      existing: "reject",
    })
    const settle = random() < 0.3 ? 2_000 : 0
    const delivery = random() < 0.5 ? "natural-key" : "at-most-once"
    const config = Result.getOrThrow(parse({ delivery, settle }))
    const sharedState = yield* SharedState.make(config)
    const scope = yield* Scope.make()
    const client = yield* Effect.provideService(
      Scope.provide(AelystClient.makeWith(config, token, sharedState), scope),
      HttpClient.HttpClient,
      random() < 0.5 ? abortableOf(server.client) : server.client,
    )
    const isTraced = random() < 0.3
    const { tracer } = TestTracer.make()
    const ends = new Map<number, ReadonlyArray<End>>()
    // the last call has the key of the first and waits for it
    const calls = [...keys, "id:0"]
    const fibers = yield* Effect.forEach(calls, (key, i) =>
      client.create(key, { firstName: "Ana" }, { timeout: "3 seconds" }).pipe(
        Effect.provideService(Hooks, {
          onOutcome: (end) => {
            ends.set(i, [...(ends.get(i) ?? []), end])
          },
        }),
        // a fiber that yields this often can be interrupted nearly anywhere
        Effect.provideService(Scheduler.MaxOpsBeforeYield, 3 + Math.floor(random() * 60)),
        (create) => (isTraced ? Effect.withTracer(create, tracer) : create),
        Random.withSeed(seed),
        Effect.forkChild,
      ),
    )
    for (const fiber of closes ? [] : fibers) {
      if (random() < 0.7) yield* TestClock.adjust(Math.floor(random() ** 3 * 8_000))
      const yields = Math.floor(random() * 60)
      for (let i = 0; i < yields; i++) yield* Effect.yieldNow
      if (random() < 0.9) yield* Fiber.interrupt(fiber)
    }
    if (closes) {
      yield* TestClock.adjust(Math.floor(random() ** 3 * 10_000))
      const yields = Math.floor(random() * 600)
      for (let i = 0; i < yields; i++) yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.void)
      for (let i = 0; i < 1_000; i++) yield* Effect.yieldNow
      // without a move of the clock
      for (const fiber of fibers) assert.isDefined(fiber.pollUnsafe(), `seed ${seed}`)
    }
    // a fiber that yields at every other step needs more than one move of the clock to reach its next wait
    for (let move = 0; move < 100; move++) {
      if (fibers.every((fiber) => fiber.pollUnsafe() !== undefined)) break
      yield* Ledger.advance("10 seconds")
    }
    const exits = yield* Effect.forEach(fibers, Fiber.await)
    return { calls, client, ends, exits, sharedState, server }
  })

describe("interruption (F17)", () => {
  it.effect(
    "still reports the contact when a callback interrupts between a verified response and its result",
    () =>
      Effect.gen(function* () {
        for (const [fault, outcome] of [
          [{ kind: "respond" }, "created"],
          [{ kind: "status", status: 500, commits: true }, "unknown"],
          [{ kind: "status", status: 400, commits: false }, "rejected"],
        ] as const) {
          const server = Ledger.make(() => fault)
          const client = yield* Effect.provideService(
            AelystClient.make({ token }),
            HttpClient.HttpClient,
            server.client,
          )
          const heard: Array<string> = []
          const fiber: Fiber.Fiber<unknown, unknown> = yield* client
            .create("id:5", { firstName: "Ana" })
            .pipe(
              Effect.provideService(Hooks, {
                onAttempt: () => fiber.interruptUnsafe(),
                onOutcome: (end) => void heard.push(end.outcome),
              }),
              Effect.forkChild,
            )
          assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
          assert.deepStrictEqual(heard, [outcome])
        }
      }),
  )

  for (const batch of [0, 1, 2]) {
    // 3 batches of 60 trials with 21 calls each: 3,780 calls
    it.effect(
      `releases everything and reports the outcome for the contact, batch ${batch + 1}`,
      () =>
        Effect.gen(function* () {
          const seen = new Map<string, number>()
          for (let seed = 1 + batch * 60; seed <= 60 + batch * 60; seed++) {
            const { calls, client, ends, exits, sharedState, server } = yield* trial(seed)
            const what = `seed ${seed}`
            assert.strictEqual(sharedState.locks.size, 0, what)
            assert.strictEqual(server.inFlight, 0, what)
            const { inFlight, waiting } = yield* client.rateLimit
            assert.deepStrictEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 }, what)

            const requests = server.ledger.length
            for (const [i, exit] of exits.entries()) {
              const [end, ...more] = ends.get(i) ?? []
              const interrupted = Exit.hasInterrupts(exit)
              if (end === undefined) {
                // only a call that was interrupted before it began has no end
                assert.isTrue(interrupted, what)
                continue
              }
              assert.isEmpty(more, what)
              const sent = server.ledger.filter(({ key }) => key === calls[i])
              const created = sent.filter((entry) => entry.created).length
              if (calls[i] === "id:0") continue
              if (interrupted) seen.set(end.outcome, (seen.get(end.outcome) ?? 0) + 1)
              const report = `${what} call ${i}: ${JSON.stringify(end)}`
              if (end.outcome === "created") assert.strictEqual(created, 1, report)
              if (end.outcome === "not_sent") assert.strictEqual(created, 0, report)
              if (end.outcome === "rejected") assert.strictEqual(created, 0, report)
              // a call interrupted before the transport has reported anything stays unknown
              if (end.outcome === "unknown" && sent.length > 0) {
                assert.isAbove(sent.filter(({ arrived }) => arrived).length, 0, report)
              }
            }

            // once the gate opens and the circuit closes, a later call succeeds as usual
            yield* Ledger.advance("2 minutes")
            const next = yield* Effect.forkChild(client.create("id:99", { firstName: "Ana" }))
            yield* Ledger.advance("3 minutes")
            assert.isTrue(Exit.isSuccess(yield* Fiber.await(next)), what)
            assert.strictEqual(server.ledger.length, requests + 1, what)
          }
          for (const outcome of ["not_sent", "unknown"]) {
            assert.isAbove(seen.get(outcome) ?? 0, 0, outcome)
          }
        }),
    )
  }
})

describe("closing the client", () => {
  it.effect(
    "ends every call at once, without interrupting its caller, and says whether the contact may exist",
    () =>
      Effect.gen(function* () {
        const seen = new Map<string, number>()
        for (let seed = 1; seed <= 60; seed++) {
          const { calls, client, ends, exits, sharedState, server } = yield* trial(seed, true)
          assert.strictEqual(sharedState.locks.size, 0, `seed ${seed}`)
          assert.strictEqual(server.inFlight, 0, `seed ${seed}`)
          const { inFlight, waiting } = yield* client.rateLimit
          assert.deepStrictEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 }, `seed ${seed}`)
          for (const [i, exit] of exits.entries()) {
            const report = `seed ${seed} call ${i}: ${JSON.stringify(exit)}`
            const [end, ...more] = ends.get(i) ?? []
            assert.isEmpty(more, report)
            const error = Exit.findErrorOption(exit)
            assert.isTrue(Exit.isSuccess(exit) || error._tag === "Some", report)
            const outcome = Exit.isSuccess(exit) ? exit.value.outcome : undefined
            assert.strictEqual(
              end?.outcome,
              error._tag === "Some" ? error.value.outcome : outcome,
              report,
            )
            if (calls[i] === "id:0") continue
            const sent = server.ledger.filter(({ key }) => key === calls[i])
            const created = sent.filter((entry) => entry.created).length
            if (end?.outcome === "created") assert.strictEqual(created, 1, report)
            if (end?.outcome === "not_sent") assert.strictEqual(created, 0, report)
            if (error._tag === "None") continue
            const { value } = error
            const isClosed = value._tag === "UnavailableError" && value.reason === "closed"
            const isInDoubt = value._tag === "OutcomeUnknownError" && value.code === "CLOSED"
            if (isClosed || isInDoubt) seen.set(value._tag, (seen.get(value._tag) ?? 0) + 1)
          }
          const late = yield* Effect.flip(client.create("id:99", { firstName: "Ana" }))
          assert.deepInclude(late, { _tag: "UnavailableError", reason: "closed" })
        }
        for (const tag of ["UnavailableError", "OutcomeUnknownError"]) {
          assert.isAbove(seen.get(tag) ?? 0, 20, tag)
        }
      }),
  )
})
