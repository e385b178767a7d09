import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Result } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { expectTypeOf } from "vitest"

import type { LayerOptions } from "../src/AelystClient.ts"
import { layer, make } from "../src/AelystClient.ts"
import { ConfigurationError, parse } from "../src/call/ClientOptions.ts"
import type { SharedStateOptions } from "../src/call/SharedState.ts"
import * as SharedState from "../src/call/SharedState.ts"
import * as Pacer from "../src/pacing/Pacer.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const { lost, ok } = Scripted
const token = Redacted.make("token-for-tests")
const ana = { firstName: "Ana" }

/** Creates one client for each set of options, over one scripted transport, in a context with a shared state. */
const clientsOf = (
  script: ReadonlyArray<Step>,
  options: ReadonlyArray<Partial<LayerOptions>>,
  shared: SharedStateOptions = {},
) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const clients = yield* Effect.forEach(options, (more) => make({ token, ...more })).pipe(
      Effect.provide(SharedState.layerSharedState(shared)),
      Effect.provideService(HttpClient.HttpClient, server.client),
    )
    return { clients, received: server.received }
  })

describe("SharedState.make", () => {
  it.effect("passes the ceiling and the size of the queue to its pacer", () =>
    Effect.gen(function* () {
      const config = Result.getOrThrow(parse({ rateLimit: { perSecond: 2 }, maxQueue: 1 }))
      const shared = yield* SharedState.make(config)
      const first = shared.pacer.openUnsafe()
      assert.isTrue(Result.isSuccess(first))
      const second = shared.pacer.openUnsafe()
      assert.strictEqual(Result.isFailure(second) && second.failure.reason, "queue")
    }),
  )

  it.effect("shares nothing with another state", () =>
    Effect.gen(function* () {
      const config = Result.getOrThrow(parse({}))
      const [one, other] = [yield* SharedState.make(config), yield* SharedState.make(config)]
      one.locks.enter("key")
      one.budget.ask(one.budget.enter(), 0)
      assert.deepStrictEqual([one.locks.size, other.locks.size], [1, 0])
      assert.deepStrictEqual([one.budget.left, other.budget.left], [19, 20])
    }),
  )

  it.effect(
    "keeps the state of the pacer in the store of the context, under a hash of the token",
    () =>
      Effect.gen(function* () {
        const keys: Array<string> = []
        const memory = Pacer.memoryStore()
        const store = Layer.succeed(Pacer.PacerStore, {
          modify: (key, f) => {
            keys.push(key)
            return memory.modify(key, f)
          },
        })
        const server = Scripted.make([{ ...ok, headers: { "x-ratelimit-limit": "7" } }])
        const clientOf = (secret: string, baseUrl?: string) => {
          const live = make({ token: Redacted.make(secret), baseUrl })
          expectTypeOf<Effect.Services<typeof live>>().not.toExtend<Pacer.PacerStore>()
          return Effect.provide(live, store).pipe(
            Effect.provideService(HttpClient.HttpClient, server.client),
          )
        }
        const first = yield* clientOf("token-number-1")
        yield* first.create("id:5", ana)
        assert.deepStrictEqual(
          [...new Set(keys)].map((key) => /^aelyst:pacer:6:[0-9a-f]{64}$/.test(key)),
          [true],
        )
        // a client of another process, say
        assert.strictEqual((yield* (yield* clientOf("token-number-1")).rateLimit).limit, 7)
        assert.notStrictEqual((yield* (yield* clientOf("token-number-2")).rateLimit).limit, 7)
        const elsewhere = yield* clientOf("token-number-1", "https://api.example.com")
        assert.notStrictEqual((yield* elsewhere.rateLimit).limit, 7)
        assert.strictEqual(new Set(keys).size, 3)
      }),
  )
})

describe("layerSharedState", () => {
  it.effect("lets clients with one token share what the pacer learns", () =>
    Effect.gen(function* () {
      const script = [{ ...ok, headers: { "x-ratelimit-limit": "7" } }]
      const { clients } = yield* clientsOf(script, [
        { retries: 0 },
        { delivery: "natural-key" },
        { token: Redacted.make("token-of-another") },
        { baseUrl: "https://api.example.com" },
      ])
      yield* Effect.forEach(clients.slice(0, 1), ({ create }) => create("id:5", ana))
      const limits = yield* Effect.forEach(clients, ({ rateLimit }) => rateLimit)
      assert.deepStrictEqual(
        limits.map(({ limit }) => limit === 7),
        [true, true, false, false],
      )
    }),
  )

  it.effect("sends one request at a time for a key, whichever client sends it", () =>
    Effect.gen(function* () {
      const script = [{ ...ok, afterMs: 1_000 }]
      const { clients, received } = yield* clientsOf(script, [{ retries: 0 }, {}])
      const creating = Effect.forEach(clients, ({ create }) => create("id:5", ana), {
        concurrency: "unbounded",
      })
      const fiber = yield* Effect.forkChild(creating)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      const [first, second] = received
      assert.isAtLeast((second?.atMs ?? 0) - (first?.atMs ?? 0), 1_000)
    }),
  )

  it.effect("opens the circuit of all clients after failures of one", () =>
    Effect.gen(function* () {
      const { clients, received } = yield* clientsOf([lost], [{}, { deadline: "900 millis" }])
      const creating = Effect.forEach([0, 0, 0, 0, 0, 1], (at) =>
        Effect.flatMap(Effect.fromNullishOr(clients[at]), ({ create }) =>
          Effect.flip(create("id:5", ana)),
        ),
      )
      const fiber = yield* Effect.forkChild(creating)
      yield* TestClock.adjust("10 seconds")
      const errors = yield* Fiber.join(fiber)
      assert.strictEqual(received.length, 5)
      assert.deepInclude(errors.at(-1), { _tag: "UnavailableError", reason: "circuit" })
    }),
  )

  it.effect("counts a token effect as one token if it is the same value", () =>
    Effect.gen(function* () {
      const script = [{ ...ok, headers: { "x-ratelimit-limit": "7" } }]
      const secret = Effect.succeed(token)
      const options = [{ token: secret }, { token: secret }, { token: Effect.succeed(token) }]
      const { clients } = yield* clientsOf(script, options)
      yield* Effect.forEach(clients.slice(0, 1), ({ create }) => create("id:5", ana))
      const limits = yield* Effect.forEach(clients, ({ rateLimit }) => rateLimit)
      assert.deepStrictEqual(
        limits.map(({ limit }) => limit === 7),
        [true, true, false],
      )
    }),
  )

  it.effect("applies its ceiling to all clients together", () =>
    Effect.gen(function* () {
      const { clients, received } = yield* clientsOf([ok], [{}, {}], {
        rateLimit: { perSecond: 2 },
      })
      const creating = Effect.forEach(
        clients.flatMap(({ create }, at) => [1, 2].map((n) => create(`id:${at}-${n}`, ana))),
        (one) => one,
        { concurrency: "unbounded" },
      )
      const fiber = yield* Effect.forkChild(creating)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      const times = received.map(({ atMs }) => atMs)
      assert.strictEqual(times.length, 4)
      assert.isAtLeast((times[2] ?? 0) - (times[0] ?? 0), 1_000)
    }),
  )

  for (const [option, shared, client] of [
    ["maxQueue", { maxQueue: 0 }, {}],
    // safe: what a caller without types may pass
    ["retries", { retries: 1 } as object, {}],
    ["rateLimit", {}, { rateLimit: { perSecond: 5 } }],
    ["maxQueue", {}, { maxQueue: 5 }],
  ] as const) {
    it.effect(
      `fails with a ConfigurationError that names a wrong ${option}: ${JSON.stringify([shared, client])}`,
      () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(clientsOf([ok], [client], shared))
          assert.instanceOf(error, ConfigurationError)
          assert.strictEqual(error.option, option)
        }),
    )
  }

  it("adds no requirement to a client", () => {
    expectTypeOf(layer({ token })).toExtend<Layer.Layer<never, unknown, HttpClient.HttpClient>>()
  })
})
