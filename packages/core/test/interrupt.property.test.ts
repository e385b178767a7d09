import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Random, Redacted, Result, Scheduler } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import type { AttemptRecord } from "../src/errors/AelystError.ts"
import { TransportProbe, abortable } from "../src/call/TransportProbe.ts"
import { parse } from "../src/call/ClientOptions.ts"
import * as Lane from "../src/call/SharedState.ts"
import { Hooks } from "../src/call/Hooks.ts"
import * as Ledger from "./ledger.ts"
import * as TestTracer from "./tracer.ts"

const token = Redacted.make("token-for-tests")

/** Gives a transport of which every request can be failed, as that of Node can. */
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

/** Plays some calls that share a lane, and interrupts each at a point drawn from the seed. */
const trial = (seed: number) =>
  Effect.gen(function* () {
    const random = Ledger.randomOf(seed)
    const keys = Array.from({ length: 20 }, (_, i) => `id:${i}`)
    const scripts = new Map(keys.map((key) => [key, Ledger.script(random)]))
    const server = Ledger.make((nth, key) => scripts.get(key)?.[nth] ?? { kind: "answer" }, {
      latencyMs: Math.floor(random() * 50),
      existing: "reject",
    })
    const settle = random() < 0.3 ? 2_000 : 0
    const delivery = random() < 0.5 ? "natural-key" : "at-most-once"
    const config = Result.getOrThrow(parse({ delivery, settle }))
    const lane = yield* Lane.make(config)
    const client = yield* Effect.provideService(
      AelystClient.makeWith(config, token, lane),
      HttpClient.HttpClient,
      random() < 0.5 ? abortableOf(server.client) : server.client,
    )
    const isTraced = random() < 0.3
    const { tracer } = TestTracer.make()
    const ends = new Map<number, ReadonlyArray<End>>()
    // the last call has the key of the first, and waits for it
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
    for (const fiber of fibers) {
      if (random() < 0.7) yield* TestClock.adjust(Math.floor(random() ** 3 * 8_000))
      const turns = Math.floor(random() * 60)
      for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
      if (random() < 0.9) yield* Fiber.interrupt(fiber)
    }
    // a fiber that yields at every other step takes more turns to its next wait than one move of the clock gives it
    for (let move = 0; move < 100; move++) {
      if (fibers.every((fiber) => fiber.pollUnsafe() !== undefined)) break
      yield* Ledger.pass("10 seconds")
    }
    const exits = yield* Effect.forEach(fibers, Fiber.await)
    return { calls, client, ends, exits, lane, server }
  })

describe("interruption (F17)", () => {
  it.effect(
    "by a callback, between a verified answer and its result, still tells of the contact",
    () =>
      Effect.gen(function* () {
        for (const [fault, outcome] of [
          [{ kind: "answer" }, "created"],
          [{ kind: "status", status: 500, commits: true }, "unknown"],
          [{ kind: "status", status: 400, commits: false }, "not_sent"],
        ] as const) {
          const server = Ledger.make(() => fault)
          const client = yield* Effect.provideService(
            AelystClient.make({ token }),
            HttpClient.HttpClient,
            server.client,
          )
          const told: Array<string> = []
          const fiber: Fiber.Fiber<unknown, unknown> = yield* client
            .create("id:5", { firstName: "Ana" })
            .pipe(
              Effect.provideService(Hooks, {
                onAttempt: () => fiber.interruptUnsafe(),
                onOutcome: (end) => told.push(end.outcome),
              }),
              Effect.forkChild,
            )
          assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
          assert.deepStrictEqual(told, [outcome])
        }
      }),
  )

  for (const batch of [0, 1, 2]) {
    // 3 batches of 60 trials with 21 calls each: 3,780 calls
    it.effect(
      `leaves nothing held and tells what became of the contact, batch ${batch + 1}`,
      () =>
        Effect.gen(function* () {
          const seen = new Map<string, number>()
          for (let seed = 1 + batch * 60; seed <= 60 + batch * 60; seed++) {
            const { calls, client, ends, exits, lane, server } = yield* trial(seed)
            const what = `seed ${seed}`
            assert.strictEqual(lane.locks.size, 0, what)
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
              const own = server.ledger.filter(({ key }) => key === calls[i])
              const created = own.filter((entry) => entry.created).length
              if (calls[i] === "id:0") continue
              if (interrupted) seen.set(end.outcome, (seen.get(end.outcome) ?? 0) + 1)
              const said = `${what} call ${i}: ${JSON.stringify(end)}`
              if (end.outcome === "created") assert.strictEqual(created, 1, said)
              if (end.outcome === "not_sent") assert.strictEqual(created, 0, said)
              if (end.outcome === "rejected") assert.strictEqual(created, 0, said)
              // interrupted on its way to the transport, which has reported nothing yet: nobody can know
              if (end.outcome === "unknown" && own.length > 0) {
                assert.isAbove(own.filter(({ arrived }) => arrived).length, 0, said)
              }
            }

            // the lane goes on as if nothing had been, once gate and circuit open again
            yield* Ledger.pass("2 minutes")
            const next = yield* Effect.forkChild(client.create("id:99", { firstName: "Ana" }))
            yield* Ledger.pass("3 minutes")
            assert.isTrue(Exit.isSuccess(yield* Fiber.await(next)), what)
            assert.strictEqual(server.ledger.length, requests + 1, what)
          }
          for (const outcome of ["not_sent", "unknown"]) {
            assert.isAbove(seen.get(outcome) ?? 0, 0, outcome)
          }
        }),
      20_000,
    )
  }
})
