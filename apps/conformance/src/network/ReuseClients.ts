/** Runs clients against a server that closes their connections, and compares their results with its ledger. */
import { assert } from "@effect/vitest"

import type { Delivery } from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"

import * as Random from "../pacing/Random.ts"
import type { Child } from "./Child.ts"
import * as Children from "./Child.ts"
import type { Closing, Report } from "./closing-server.ts"
import type { Came, Creating as Client, Settings } from "./Creating.ts"
import * as Creating from "./Creating.ts"
import * as Gap from "./Gap.ts"
import { ok } from "./OddResponses.ts"

/** Starts the server. */
export const closing = (options: Closing) =>
  Effect.gen(function* () {
    const module = new URL("./closing-server.ts", import.meta.url)
    const server: Child<unknown> = yield* Children.start(module, { input: options })
    const port = yield* server.next
    return {
      baseUrl: `http://127.0.0.1:${String(port)}/v1`,
      // safe: the reply to every question is a report
      report: Effect.map(server.ask("report"), (report) => report as Report),
    }
  })

/** A client that sends again after each of its pauses. */
export interface ReuseClient {
  readonly create: Effect.Effect<Came>
  /** The results of its creates by identifier, without those that the open circuit stopped. */
  readonly came: Map<string, Came>
}

const clientOf = (name: string, baseUrl: string, settings: Settings) =>
  Effect.gen(function* () {
    const came = new Map<string, Came>()
    const renew = Creating.make(baseUrl, settings)
    let client: Client = yield* renew
    let count = 0
    const reused: ReuseClient = {
      came,
      create: Effect.gen(function* () {
        const identifier = `id:${name}-${count++}`
        const one = yield* client.create(identifier)
        if (one.to !== "UnavailableError") came.set(identifier, one)
        // several lost responses in a row opened the circuit, and the next create would not be sent
        else client = yield* renew
        return one
      }).pipe(Effect.provideService(Scope.Scope, yield* Effect.scope)),
    }
    return reused
  })

/** Creates clients, each with a separate connection. */
export const clientsOf = (
  count: number,
  baseUrl: string,
  settings: Settings = {},
): Effect.Effect<ReadonlyArray<ReuseClient>, never, Scope.Scope> =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => n),
    (n) => clientOf(String(n), baseUrl, settings),
  )

const random = Random.source(14)
/** Returns a random pause within 1.5 ms of the given one. */
const around = (ms: number) => ms + 3 * random() - 1.5

const all = <A>(
  clients: ReadonlyArray<ReuseClient>,
  each: (client: ReuseClient) => Effect.Effect<A>,
) => Effect.forEach(clients, each, { concurrency: "unbounded" })

/** Pauses each client separately, with a free event loop; after each pause it creates so many times. */
export const playFree = (
  clients: ReadonlyArray<ReuseClient>,
  pauses: ReadonlyArray<number>,
  times = 1,
) =>
  all(clients, (client) => {
    const create = Effect.repeat(client.create, { times: times - 1 })
    return Effect.gen(function* () {
      yield* create
      for (const pause of pauses) {
        yield* Gap.until(performance.now() + around(pause))
        yield* create
      }
    })
  })

/** Pauses all clients together, with a blocked event loop; then they create at once, so many times. */
const playBlocked = (
  clients: ReadonlyArray<ReuseClient>,
  pauses: ReadonlyArray<number>,
  times = 1,
) =>
  Effect.gen(function* () {
    const create = all(clients, (client) => Effect.repeat(client.create, { times: times - 1 }))
    yield* create
    for (const pause of pauses) {
      yield* Gap.block(performance.now() + around(pause))
      yield* create
    }
  })

/** Both ways to pause, by the state of the event loop. */
export const plays = { free: playFree, blocked: playBlocked } as const

/** Waits until the server has closed all connections, and creates again with each client. */
export const playClosed = (clients: ReadonlyArray<ReuseClient>, report: Effect.Effect<Report>) =>
  Effect.gen(function* () {
    yield* Effect.repeat(report, {
      schedule: Schedule.spaced("50 millis"),
      until: ({ open }) => open === 0,
    })
    yield* all(clients, (client) => client.create)
  })

/** Compares the clients' results with the server's report; returns how many were created and how many are in doubt. */
export const judge = (
  clients: ReadonlyArray<ReuseClient>,
  { keys }: Report,
  delivery: Delivery,
) => {
  const counts = { all: 0, created: 0, unknown: 0 }
  for (const { came } of clients) {
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

/** Unsolicited responses, and how often each is sent. */
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
