/** Clients that come back to a server which closes their connections, and what is held to its ledger afterwards. */
import { assert } from "@effect/vitest"

import type { Delivery } from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

import * as Random from "../pacing/Random.ts"
import type { Child } from "./Child.ts"
import * as Children from "./Child.ts"
import type { Closing, Report } from "./closing-server.ts"
import type { Came, Creating as Client, Settings } from "./Creating.ts"
import * as Creating from "./Creating.ts"
import * as Gap from "./Gap.ts"
import { ok } from "./OddAnswers.ts"

/** Starts the server. */
export const closing = (options: Closing) =>
  Effect.gen(function* () {
    const module = new URL("./closing-server.ts", import.meta.url)
    const server: Child<unknown> = yield* Children.start(module, { input: options })
    const port = yield* server.next
    return {
      baseUrl: `http://127.0.0.1:${String(port)}/v1`,
      // safe: it answers every question with its report
      report: Effect.map(server.ask("report"), (report) => report as Report),
    }
  })

/** A client that comes back to the server after given pauses. */
export interface Lane {
  readonly create: Effect.Effect<Came>
  /** What its creates came to, by identifier; those that the open circuit kept back are not among them. */
  readonly came: Map<string, Came>
}

const laneOf = (name: string, baseUrl: string, settings: Settings) =>
  Effect.gen(function* () {
    const came = new Map<string, Came>()
    const renew = Creating.make(baseUrl, settings)
    let client: Client = yield* renew
    let count = 0
    const lane: Lane = {
      came,
      create: Effect.gen(function* () {
        const identifier = `id:${name}-${count++}`
        const one = yield* client.create(identifier)
        if (one.to !== "UnavailableError") came.set(identifier, one)
        // a row of lost answers opened the circuit, and the next would not be sent
        else client = yield* renew
        return one
      }).pipe(Effect.provideService(Scope.Scope, yield* Effect.scope)),
    }
    return lane
  })

/** Makes clients, each with a connection of its own. */
export const lanesOf = (
  count: number,
  baseUrl: string,
  settings: Settings = {},
): Effect.Effect<ReadonlyArray<Lane>, never, Scope.Scope> =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => n),
    (n) => laneOf(String(n), baseUrl, settings),
  )

const random = Random.source(14)
/** Gives a pause around the given one, within 1.5 ms. */
const around = (ms: number) => ms + 3 * random() - 1.5

const all = <A>(lanes: ReadonlyArray<Lane>, each: (lane: Lane) => Effect.Effect<A>) =>
  Effect.forEach(lanes, each, { concurrency: "unbounded" })

/** Each lane pauses for itself, and the event loop is free. */
export const playFree = (lanes: ReadonlyArray<Lane>, pauses: ReadonlyArray<number>) =>
  all(lanes, (lane) =>
    Effect.gen(function* () {
      yield* lane.create
      for (const pause of pauses) {
        yield* Gap.until(performance.now() + around(pause))
        yield* lane.create
      }
    }),
  )

/** All lanes pause together, while the event loop is blocked, and then send at once. */
const playBlocked = (lanes: ReadonlyArray<Lane>, pauses: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    yield* all(lanes, (lane) => lane.create)
    for (const pause of pauses) {
      yield* Gap.block(performance.now() + around(pause))
      yield* all(lanes, (lane) => lane.create)
    }
  })

/** Both ways to pause, by what the event loop does meanwhile. */
export const plays = { free: playFree, blocked: playBlocked } as const

/** Holds what the clients were told to what the server knows; gives how many were created, and how many are in doubt. */
export const judge = (lanes: ReadonlyArray<Lane>, { keys }: Report, delivery: Delivery) => {
  const counts = { all: 0, created: 0, unknown: 0 }
  for (const { came } of lanes) {
    for (const [identifier, { to, outcome, attempts }] of came) {
      const { posts, made } = keys[identifier] ?? { posts: 0, made: 0 }
      const said = `${identifier}: ${to}, ${posts} posts, ${made} created`
      counts.all += 1
      assert.isAtMost(made, 1, said)
      assert.isAtMost(posts, delivery === "at-most-once" ? 1 : 2, said)
      assert.isAtMost(posts, attempts.length, said)
      if (outcome === "created") {
        counts.created += 1
        assert.strictEqual(made, 1, said)
      } else {
        counts.unknown += 1
        assert.deepStrictEqual([to, outcome], ["OutcomeUnknownError", "unknown"], said)
      }
    }
  }
  return counts
}

/** Answers that nobody asked for, and how often each is sent. */
export const strays: Readonly<Record<string, readonly [bytes: string, creates: number]>> = {
  "a 200": [ok, 1_000],
  "a 408": [
    "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    1_000,
  ],
  "a 100": ["HTTP/1.1 100 Continue\r\n\r\n", 200],
  "half a head": ["HTTP/1.1 200 OK\r\ncontent-", 200],
  "bytes that are no HTTP": ["hello", 200],
}
