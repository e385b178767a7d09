import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import * as Metrics from "../src/call/Metrics.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const { lost, ok, rateLimited, unreachable } = Scripted
const token = Redacted.make("token-for-tests")

/** Plays one call against a script. */
const play = (script: ReadonlyArray<Step>, options: ClientOptions = {}) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const client = yield* Effect.provideService(
      AelystClient.make({ token, ...options }),
      HttpClient.HttpClient,
      server.client,
    )
    const fiber = yield* Effect.forkChild(
      Effect.exit(client.create("email:ana@example.com", { firstName: "Ana" })),
    )
    yield* TestClock.adjust("5 minutes")
    yield* Fiber.join(fiber)
  })

const fresh = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

describe("Metrics", () => {
  const counts = Effect.map(Metric.snapshot, (snapshots) =>
    Object.fromEntries(
      snapshots.flatMap((snapshot) => {
        const { attributes = {}, id } = snapshot
        const name = [id, ...Object.values(attributes)].join(" ")
        if (snapshot.type === "Counter") return [[name, Number(snapshot.state.count)]]
        return snapshot.type === "Histogram" ? [[name, snapshot.state.count]] : []
      }),
    ),
  )
  it.effect("counts attempts by outcome, 429s, and waits by reason", () =>
    fresh(
      Effect.gen(function* () {
        yield* Effect.provide(
          play([unreachable, rateLimited("1"), lost, ok], {
            delivery: "natural-key",
            settle: "1 second",
          }),
          Metrics.layer,
        )
        assert.deepStrictEqual(yield* counts, {
          "aelyst_attempts_total created": 1,
          "aelyst_attempts_total not_sent": 1,
          "aelyst_attempts_total rejected": 1,
          "aelyst_attempts_total unknown": 1,
          aelyst_rate_limited_total: 1,
          "aelyst_wait_milliseconds queue": 4,
          "aelyst_wait_milliseconds backoff": 1,
          "aelyst_wait_milliseconds doubt": 1,
          "aelyst_wait_milliseconds settle": 1,
        })
      }),
    ),
  )

  const create = Effect.flatMap(AelystClient.AelystClient, (client) =>
    client.create("email:ana@example.com", { firstName: "Ana" }),
  )
  const client = Layer.unwrap(
    Effect.sync(() =>
      AelystClient.layer({ token }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, Scripted.make([ok]).client)),
      ),
    ),
  )

  for (const [place, program] of [
    ["around the calls", create.pipe(Effect.provide(Metrics.layer), Effect.provide(client))],
    ["around calls and client", create.pipe(Effect.provide(client), Effect.provide(Metrics.layer))],
    ["to the client", create.pipe(Effect.provide(Layer.provide(client, Metrics.layer)))],
    [
      "to the client and around the calls",
      create.pipe(
        Effect.provide(Metrics.layer),
        Effect.provide(Layer.provide(client, Metrics.layer)),
      ),
    ],
    ["next to the client", create.pipe(Effect.provide(Layer.provideMerge(client, Metrics.layer)))],
  ] as const) {
    it.effect(`counts each call once if its layer is provided ${place}`, () =>
      fresh(
        Effect.gen(function* () {
          yield* program
          assert.deepStrictEqual(yield* counts, {
            "aelyst_attempts_total created": 1,
            "aelyst_wait_milliseconds queue": 1,
          })
        }),
      ),
    )
  }

  it.effect("counts nothing without its layer", () =>
    fresh(
      Effect.gen(function* () {
        yield* play([rateLimited("1"), ok])
        assert.deepStrictEqual(yield* counts, {})
      }),
    ),
  )
})
