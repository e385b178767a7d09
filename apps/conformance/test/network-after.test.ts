/** Network faults after the request may have left: N7 to N13, over real sockets, under both delivery policies. */
import { subscribe, unsubscribe } from "node:diagnostics_channel"

import type { ContactInput, Delivery } from "@aelyst/core"
import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

import type { Came } from "../src/network/Creating.ts"
import * as Creating from "../src/network/Creating.ts"
import type { Fault } from "../src/network/FaultProxy.ts"
import * as FaultProxy from "../src/network/FaultProxy.ts"
import type { Peer, Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { created } = RawServer
const ana = "email:ana@example.com"
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

/** Breaks the first response in the given way, and responds to every later request. */
const once =
  (breaks: (peer: Peer) => void | Promise<void>): Script =>
  async (peer) => {
    await peer.request()
    if (peer.index === 0) return breaks(peer)
    await peer.respond(200, created)
  }

/** Expects doubt after one request, or under `natural-key` a second request with a response. */
const assertDoubt = (
  came: Came,
  delivery: Delivery,
  posts: number,
  name = "OutcomeUnknownError",
) => {
  if (delivery === "at-most-once") {
    assert.strictEqual(came.to, name)
    assert.strictEqual(came.outcome, "unknown")
    assert.strictEqual(posts, 1)
  } else {
    assert.strictEqual(came.to, "created")
    assert.strictEqual(posts, 2)
  }
}

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
const json = JSON.stringify(created)

const silent = (peer: Peer) => peer.send(`${head}content-length: ${json.length}\r\n\r\n`)

/** Waits until undici has read the head of an answer. */
const headRead = Effect.callback<void>((resume) => {
  const name = "undici:request:headers"
  const onRead = () => {
    unsubscribe(name, onRead)
    resume(Effect.void)
  }
  subscribe(name, onRead)
  return Effect.sync(() => void unsubscribe(name, onRead))
})

const lost: Record<string, (peer: Peer) => void | Promise<void>> = {
  "N7, a reset after the request": (peer) => peer.reset(),
  "N8, a close after the request": (peer) => peer.end(),
  "N8, a close in the middle of the head": (peer) =>
    peer.send("HTTP/1.1 200 OK\r\ncont").then(() => peer.end()),
}
const cut: Record<string, (peer: Peer) => void | Promise<void>> = {
  "N13, a body shorter than its length": (peer) =>
    peer
      .send(`${head}content-length: ${json.length}\r\n\r\n${json.slice(0, 20)}`)
      .then(() => peer.end()),
  "N13, a body without its last chunk": (peer) =>
    peer
      .send(`${head}transfer-encoding: chunked\r\n\r\n14\r\n${json.slice(0, 20)}\r\n`)
      .then(() => peer.end()),
  "N13, half a body that ends with the connection": (peer) =>
    peer.send(`${head}connection: close\r\n\r\n${json.slice(0, 20)}`).then(() => peer.end()),
}

for (const delivery of policies) {
  for (const [name, breaks] of Object.entries(lost)) {
    it.live(
      `${name}, is ${delivery === "at-most-once" ? "never resent" : "resolved by a resend"} (${delivery})`,
      () =>
        Effect.gen(function* () {
          const server = yield* serve(once(breaks))
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          assertDoubt(yield* client.create(ana), delivery, server.requests.length)
        }),
    )
  }

  for (const [name, breaks] of Object.entries(cut)) {
    it.live(`${name}, does not count as a success (${delivery})`, () =>
      Effect.gen(function* () {
        const server = yield* serve(once(breaks))
        const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
        const came = yield* client.create(ana)
        assertDoubt(came, delivery, server.requests.length, "UnexpectedResponseError")
      }),
    )
  }

  it.live(`N12, a body that never arrives, is not a success and is not resent (${delivery})`, () =>
    Effect.gen(function* () {
      const server = yield* serve(once(silent))
      // the deadline of the body is that of the call
      const client = yield* Creating.make(`${server.origin}/v1`, { delivery, deadlineMs: 300 })
      const read = yield* Effect.forkChild(headRead, { startImmediately: true })
      const fiber = yield* Effect.forkChild(client.create(ana), { startImmediately: true })
      yield* Fiber.join(read)
      yield* client.advance(300)
      const came = yield* Fiber.join(fiber)
      assert.strictEqual(came.to, "UnexpectedResponseError")
      assert.strictEqual(came.outcome, "unknown")
      assert.deepInclude(came.attempts[0], { phase: "body", status: 200 })
      assert.strictEqual(server.requests.length, 1)
      yield* Effect.promise(() => server.connected(1).then((peer) => peer.closed))
    }),
  )
}

describe.concurrent("N11, a response head without an end", () => {
  const timeoutMs = 3_000
  const slow: Record<string, readonly [first: string, eachSecond: string]> = {
    "that never begins": ["", ""],
    "of one byte per second": ["HTTP/1.1 200 OK\r\nslow: ", "x"],
  }
  for (const delivery of policies) {
    for (const [name, [first, eachSecond]] of Object.entries(slow)) {
      it.live(`is in doubt at the deadline: a head ${name} (${delivery})`, () =>
        Effect.gen(function* () {
          let begin: ((peer: Peer) => void) | undefined
          const begun = new Promise<Peer>((resolve) => {
            begin = resolve
          })
          const server = yield* serve(once((peer) => peer.send(first).then(() => begin?.(peer))))
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery, timeoutMs })
          const fiber = yield* Effect.forkChild(client.create(ana), { startImmediately: true })
          const peer = yield* Effect.promise(() => begun)
          for (const second of [1, 2, 3]) {
            yield* Effect.promise(() => peer.send(eachSecond))
            yield* client.advance(second === 3 ? 999 : 1_000)
          }
          assert.strictEqual(fiber.pollUnsafe(), undefined)
          yield* client.advance(1)
          const came = yield* Fiber.join(fiber)
          assertDoubt(came, delivery, server.requests.length)
          assert.strictEqual(came.attempts[0]?.durationMs, timeoutMs)
          if (delivery === "at-most-once") assert.strictEqual(came.elapsedMs, timeoutMs)
        }),
      )
    }
  }
})

const sandboxOf = (existing: Existing) =>
  Effect.acquireRelease(
    Effect.promise(() => Sandbox.start({ limit: 100_000, existing, maxConnections: 1_000 })),
    (running) => Effect.promise(() => running.close()),
  )
const nth = (n: number) => `id:n${String(n).padStart(5, "0")}`

describe("N9, a reset at each byte of a request of 400", () => {
  const length = 400
  /** Returns a contact whose request has this length. */
  const contactOf = Effect.gen(function* () {
    const server = yield* serve(RawServer.creating)
    const client = yield* Creating.make(`${server.origin}/v1`)
    let size = 0
    const sizeOf = (contact: ContactInput) =>
      Effect.map(client.create(nth(size), contact), () => {
        const before = size
        size = server.peers[0]?.bytes().length ?? 0
        return size - before
      })
    // long enough for a content-length with three digits
    const firstName = "A".repeat(100)
    const short = yield* sizeOf({ firstName })
    const contact = { firstName: firstName + "A".repeat(length - short) }
    assert.strictEqual(yield* sizeOf(contact), length)
    return contact
  })

  const cases: ReadonlyArray<readonly [Delivery, Existing]> = [
    ["at-most-once", "duplicate"],
    ["natural-key", "reject"],
    ["natural-key", "merge"],
  ]
  for (const [delivery, existing] of cases) {
    const does =
      delivery === "at-most-once" ? "never lets it be sent again" : "ends with one contact"
    it.live(`${does} (${delivery}, ${existing})`, () =>
      Effect.gen(function* () {
        const sandbox = yield* sandboxOf(existing)
        const port = Number(new URL(sandbox.origin).port)
        const contact = yield* contactOf
        const workers = 32
        const resets = Effect.fnUntraced(function* (worker: number) {
          let fault: Fault | undefined
          let connections = 0
          const proxy = yield* Effect.acquireRelease(
            Effect.promise(() =>
              FaultProxy.start(port, () => {
                connections += 1
                // under natural-key the second connection works
                return connections > 1 && delivery === "natural-key" ? undefined : fault
              }),
            ),
            (running) => Effect.promise(() => running.close()),
          )
          const ends: Array<{ at: number; came: Came; connections: number }> = []
          for (let at = worker; at <= length; at += workers) {
            fault = { direction: "up", at, action: "reset" }
            connections = 0
            // a new client each time, because several failures in a row would open the circuit
            const came = yield* Creating.make(`${proxy.origin}/v1`, { delivery }).pipe(
              Effect.flatMap((client) => client.create(nth(at), contact)),
              Effect.scoped,
            )
            ends.push({ at, came, connections })
          }
          return ends
        }, Effect.scoped)
        const all = (yield* Effect.forEach(
          Array.from({ length: workers }, (_, worker) => worker),
          resets,
          { concurrency: "unbounded" },
        )).flat()
        assert.strictEqual(all.length, length + 1)
        const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry]))
        for (const { at, came, connections } of all) {
          const { posts, created: made } = ledger.get(nth(at)) ?? { posts: 0, created: 0 }
          const said = `at ${at}: ${came.to}, ${posts} posts, ${made} created`
          const doubtful = came.attempts.findIndex(({ phase }) => phase !== "connect")
          assert.strictEqual(connections, came.attempts.length, said)
          if (delivery === "at-most-once") {
            assert.strictEqual(came.outcome, doubtful === -1 ? "not_sent" : "unknown", said)
            if (doubtful !== -1) assert.strictEqual(doubtful, came.attempts.length - 1, said)
            // only a complete request can have been processed
            assert.isAtMost(posts, at === length ? 1 : 0, said)
          } else {
            assert.include(["created", "exists_after_doubt"], came.to, said)
            assert.strictEqual(made, 1, said)
          }
        }
      }),
    )
  }
})

describe("N10, a processed create whose response was lost", () => {
  const losses: ReadonlyArray<Fault> = [
    { direction: "down", at: 0, action: "reset" },
    { direction: "down", at: 0, action: "end" },
    { direction: "down", at: 60, action: "reset" },
  ]
  const setUp = Effect.fnUntraced(function* (existing: Existing, delivery: Delivery, fault: Fault) {
    const sandbox = yield* Effect.acquireRelease(
      Effect.promise(() => Sandbox.start({ limit: 1_000, existing })),
      (running) => Effect.promise(() => running.close()),
    )
    const port = Number(new URL(sandbox.origin).port)
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => FaultProxy.start(port, (n) => (n === 0 ? fault : undefined))),
      (running) => Effect.promise(() => running.close()),
    )
    const client = yield* Creating.make(`${proxy.origin}/v1`, { delivery })
    const came = yield* client.create(ana)
    return { came, entry: sandbox.ledger()[0], contacts: sandbox.contacts().length }
  })

  for (const fault of losses) {
    const how = `${fault.action} at byte ${fault.at}`
    for (const existing of ["reject", "merge", "duplicate"] as const) {
      it.live(
        `ends in doubt with one contact, sent once, under at-most-once (${existing}, ${how})`,
        () =>
          Effect.gen(function* () {
            const { came, entry, contacts } = yield* setUp(existing, "at-most-once", fault)
            assert.strictEqual(came.to, "OutcomeUnknownError")
            assert.strictEqual(came.attempts.length, 1)
            assert.deepStrictEqual([entry?.posts, entry?.created, contacts], [1, 1, 1])
          }),
      )
    }

    for (const existing of ["reject", "reject=409", "reject=object"] as const) {
      it.live(
        `ends as exists_after_doubt under natural-key, if the API rejects a second create (${existing}, ${how})`,
        () =>
          Effect.gen(function* () {
            const { came, entry } = yield* setUp(existing, "natural-key", fault)
            assert.strictEqual(came.to, "exists_after_doubt")
            assert.deepStrictEqual([entry?.posts, entry?.created], [2, 1])
          }),
      )
    }

    it.live(
      `ends with one contact under natural-key, if the API merges a second create (${how})`,
      () =>
        Effect.gen(function* () {
          const { came, entry, contacts } = yield* setUp("merge", "natural-key", fault)
          assert.strictEqual(came.to, "created")
          assert.deepStrictEqual([entry?.posts, entry?.created, contacts], [2, 1, 1])
        }),
    )
  }
})
