/**
 * Runs core's client against a sandbox in memory, on the test clock, so that minutes take milliseconds. The sandbox's ledger
 * shows which requests arrived. A door in front of it can be shut, like a host that is down.
 */
import type { ClientOptions, CreateOptions, Row, RowResult, RunOptions } from "@aelyst/core"
import { AelystClient, createMany, make as makeClient } from "@aelyst/core"
import { TransportProbe } from "@aelyst/core/transport"
import type { Sandbox, SandboxOptions, SandboxRequest } from "@aelyst/sandbox"
import { SandboxService, layerInProcess } from "@aelyst/sandbox/effect"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

/** How a single call ended. */
export interface Came {
  readonly to: string
  readonly tookMs: number
}

/** A sandbox, a client, and the door between them. */
export interface World {
  readonly sandbox: Sandbox
  readonly door: {
    /** Whether the host is down: every connection is then refused. */
    shut: boolean
    /** When connections were tried while it was shut, in milliseconds. */
    readonly attemptsAt: Array<number>
  }
  readonly create: (identifier: string, options?: CreateOptions) => Effect.Effect<Came>
  readonly run: (
    rows: ReadonlyArray<Row>,
    options?: RunOptions,
  ) => Effect.Effect<{
    readonly results: ReadonlyArray<RowResult>
    readonly ended: () => boolean
    readonly summary: Effect.Effect<Effect.Success<Running["summary"]>>
    readonly stop: Effect.Effect<void>
  }>
}

type Running = Effect.Success<ReturnType<typeof createMany>>

const shutDoor = (request: Parameters<HttpClient.HttpClient["execute"]>[0]) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    }),
  })

/** Creates a sandbox and a client, and passes both to `use`. */
export const inMemory = <A>(
  options: Omit<SandboxOptions, "clock">,
  client: ClientOptions,
  use: (world: World) => Effect.Effect<A>,
): Effect.Effect<A> =>
  Effect.gen(function* () {
    const sandbox = yield* SandboxService
    const inner = yield* HttpClient.HttpClient
    const clock = yield* Clock.Clock
    const door: World["door"] = { shut: false, attemptsAt: [] }
    const http = HttpClient.make((request, _url, _signal, fiber) => {
      if (!door.shut) return inner.execute(request)
      fiber.getRef(TransportProbe).watch()
      door.attemptsAt.push(clock.currentTimeMillisUnsafe())
      return Effect.fail(shutDoor(request))
    })
    const token = Redacted.make("sandbox_ok")
    const service = yield* Effect.orDie(makeClient({ token, ...client })).pipe(
      Effect.provideService(HttpClient.HttpClient, http),
    )
    return yield* use({
      sandbox,
      door,
      create: (identifier, call) =>
        Effect.suspend(() => {
          const began = clock.currentTimeMillisUnsafe()
          return service.create(identifier, { firstName: "Ana" }, call).pipe(
            Effect.match({
              onSuccess: ({ result }) => result,
              onFailure: ({ _tag }) => _tag,
            }),
            Effect.map((to) => ({ to, tookMs: clock.currentTimeMillisUnsafe() - began })),
          )
        }),
      run: Effect.fnUntraced(function* (rows, runOptions) {
        const run = yield* Effect.provideService(
          createMany(Stream.fromIterable(rows), runOptions),
          AelystClient,
          service,
        )
        const results: Array<RowResult> = []
        const fiber = yield* Effect.forkDetach(
          Stream.runForEach(run.results, (result) => Effect.sync(() => results.push(result))),
        )
        return {
          results,
          ended: () => fiber.pollUnsafe() !== undefined,
          summary: run.summary,
          stop: Fiber.interrupt(fiber),
        }
      }),
    })
  }).pipe(Effect.scoped, Effect.provide(layerInProcess({ maxRequests: 100_000, ...options })))

// responses arrive through promises, and must be read before the clock moves
const settle = Effect.promise(async () => {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve))
})

/** Advances the clock in steps; an event is late by at most one step. */
export const advance = (ms: number, stepMs = 10): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* settle
    for (let passed = 0; passed < ms; passed += stepMs) {
      yield* TestClock.adjust(Math.min(stepMs, ms - passed))
      yield* settle
    }
  })

/** Advances the clock until a test returns true, at most by `mostMs`. */
export const advanceUntil = (
  test: () => boolean,
  mostMs: number,
  stepMs = 10,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let passed = 0; !test() && passed < mostMs; passed += stepMs)
      yield* advance(stepMs, stepMs)
  })

/** Returns rows with different identifiers. */
export const rowsOf = (count: number): ReadonlyArray<Row> =>
  Array.from({ length: count }, (_, n) => ({
    identifier: `id:${n}`,
    contact: { firstName: `Ana ${n}` },
  }))

/** Counts the requests that got a response with a status. */
export const answered = (requests: ReadonlyArray<SandboxRequest>, status: number): number =>
  requests.filter((request) => request.status === status).length

/** Returns the differences between consecutive times. */
export const gapsOf = (times: ReadonlyArray<number>): ReadonlyArray<number> =>
  times.slice(1).map((at, n) => at - (times[n] ?? at))
