/** Network faults after the request may have left: N7 to N13, over real sockets, under both delivery policies. */
import type { Delivery } from "@aelyst/core"
import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

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

/** Breaks the first answer in the given way, and answers every later request. */
const once =
  (breaks: (peer: Peer) => void | Promise<void>): Script =>
  async (peer) => {
    await peer.request()
    if (peer.index === 0) return breaks(peer)
    await peer.answer(200, created)
  }

/** What a lost answer has to come to: doubt and one request, or under `natural-key` a second one that is answered. */
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

/** Holds a time to the deadline of 400 ms; how late a timer may fire on a busy machine is nobody's promise. */
const assertAtDeadline = (ms: number) => {
  assert.isAtLeast(ms, 399)
  assert.isBelow(ms, 3_000)
}

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
const json = JSON.stringify(created)

const silent = (peer: Peer) => peer.send(`${head}content-length: ${json.length}\r\n\r\n`)

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
      `${name}, is ${delivery === "at-most-once" ? "never sent again" : "settled by asking again"} (${delivery})`,
      () =>
        Effect.gen(function* () {
          const server = yield* serve(once(breaks))
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          assertDoubt(yield* client.create(ana), delivery, server.requests.length)
        }),
    )
  }

  for (const [name, breaks] of Object.entries(cut)) {
    it.live(`${name}, is no success (${delivery})`, () =>
      Effect.gen(function* () {
        const server = yield* serve(once(breaks))
        const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
        const came = yield* client.create(ana)
        assertDoubt(came, delivery, server.requests.length, "UnexpectedResponseError")
      }),
    )
  }

  it.live(`N11, an answer that never begins, is in doubt at the deadline (${delivery})`, () =>
    Effect.gen(function* () {
      const server = yield* serve(once(() => undefined))
      const client = yield* Creating.make(`${server.origin}/v1`, { delivery, timeoutMs: 400 })
      const came = yield* client.create(ana)
      assertDoubt(came, delivery, server.requests.length)
      assertAtDeadline(came.attempts[0]?.durationMs ?? 0)
    }),
  )

  it.live(`N12, a body that never comes, is in doubt (${delivery})`, () =>
    Effect.gen(function* () {
      const server = yield* serve(once(silent))
      const client = yield* Creating.make(`${server.origin}/v1`, { delivery, deadlineMs: 300 })
      const came = yield* client.create(ana)
      // the body had all the time that the call had
      assert.strictEqual(came.outcome, "unknown")
      assert.strictEqual(server.requests.length, 1)
      yield* Effect.promise(() => server.connected(1).then((peer) => peer.closed))
    }),
  )
}

it.live("N11, a head that comes byte by byte, is in doubt at the deadline", () =>
  Effect.gen(function* () {
    const server = yield* serve(async (peer) => {
      await peer.request()
      const drip = setInterval(() => void peer.send("x"), 30)
      void peer.closed.then(() => clearInterval(drip))
      await peer.send("HTTP/1.1 200 OK\r\nslow: ")
    })
    const client = yield* Creating.make(`${server.origin}/v1`, { timeoutMs: 400 })
    const came = yield* client.create(ana)
    assertDoubt(came, "at-most-once", server.requests.length)
    assertAtDeadline(came.elapsedMs)
  }),
)

it.live(
  "N9, a reset at any byte of the request, never lets it be sent again",
  () =>
    Effect.gen(function* () {
      const server = yield* serve(RawServer.creating)
      const probe = yield* Creating.make(`${server.origin}/v1`)
      yield* probe.create("email:length@example.com")
      const length = server.peers[0]?.bytes().length ?? 0
      assert.isAbove(length, 200)
      let at = 0
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() =>
          FaultProxy.start(server.port, () => ({ direction: "up", at, action: "reset" })),
        ),
        (running) => Effect.promise(() => running.close()),
      )
      for (at = 0; at <= length; at += 3) {
        // a client of its own each time: a row of failures would open the circuit
        const client = yield* Creating.make(`${proxy.origin}/v1`)
        const before = proxy.connections()
        const came = yield* client.create(`email:n${String(at).padStart(5, "0")}@example.com`)
        const doubtful = came.attempts.findIndex(({ phase }) => phase !== "connect")
        assert.strictEqual(came.outcome, doubtful === -1 ? "not_sent" : "unknown", `at ${at}`)
        if (doubtful !== -1) assert.strictEqual(doubtful, came.attempts.length - 1, `at ${at}`)
        assert.strictEqual(proxy.connections() - before, came.attempts.length, `at ${at}`)
      }
      const keys = server.requests.map(({ path }) => path)
      assert.strictEqual(new Set(keys).size, keys.length)
    }),
  20_000,
)

describe("N10, a create that was processed and whose answer was lost", () => {
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
      it.live(`is one contact in doubt, sent once, under at-most-once (${existing}, ${how})`, () =>
        Effect.gen(function* () {
          const { came, entry, contacts } = yield* setUp(existing, "at-most-once", fault)
          assert.strictEqual(came.to, "OutcomeUnknownError")
          assert.strictEqual(came.attempts.length, 1)
          assert.deepStrictEqual([entry?.posts, entry?.created, contacts], [1, 1, 1])
        }),
      )
    }

    it.live(
      `exists after the doubt under natural-key, where the API refuses a second (${how})`,
      () =>
        Effect.gen(function* () {
          const { came, entry } = yield* setUp("reject", "natural-key", fault)
          assert.strictEqual(came.to, "exists_after_doubt")
          assert.deepStrictEqual([entry?.posts, entry?.created], [2, 1])
        }),
    )

    it.live(`is one contact under natural-key, where the API merges a second (${how})`, () =>
      Effect.gen(function* () {
        const { came, entry, contacts } = yield* setUp("merge", "natural-key", fault)
        assert.strictEqual(came.to, "created")
        assert.deepStrictEqual([entry?.posts, entry?.created, contacts], [2, 1, 1])
      }),
    )
  }
})
