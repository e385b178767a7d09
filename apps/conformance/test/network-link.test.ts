/** Network faults of the link and of a whole server: N18 and N19, over real sockets; the ledger shows what arrived. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { Delivery } from "@aelyst/core"
import { AelystClient, createMany } from "@aelyst/core"
import type { FaultSpec, SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"

import * as Children from "../src/network/Child.ts"
import * as Creating from "../src/network/Creating.ts"
import * as FaultProxy from "../src/network/FaultProxy.ts"
import { judge } from "../src/network/Judge.ts"
import * as Ports from "../src/network/Ports.ts"
import * as RawServer from "../src/network/RawServer.ts"
import { rowsOf } from "../src/server/Virtual.ts"

const { creating } = RawServer
const nth = (n: number) => `id:${n}`

/** The treatments of existing contacts per policy: natural-key trusts the identifier to be unique. */
const cases: ReadonlyArray<readonly [Delivery, "reject" | "merge" | "duplicate"]> = [
  ["at-most-once", "duplicate"],
  ["natural-key", "reject"],
  ["natural-key", "merge"],
]

const proxied = <A extends FaultProxy.FaultProxy>(start: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(start), (running) => Effect.promise(() => running.close()))

const serve = Effect.acquireRelease(
  Effect.promise(() => RawServer.start(creating)),
  (server) => Effect.promise(() => server.close()),
)

describe("N18, a link that carries one byte at a time", () => {
  for (const direction of ["up", "down"] as const) {
    it.live(`creates each contact once (${direction})`, () =>
      Effect.gen(function* () {
        const server = yield* serve
        const proxy = yield* proxied(() =>
          FaultProxy.start(server.port, () => ({ direction, at: 0, action: "trickle" })),
        )
        const client = yield* Creating.make(`${proxy.origin}/v1`)
        for (let n = 0; n < 5; n++) {
          assert.strictEqual((yield* client.create(nth(n))).to, "created")
        }
        assert.strictEqual(server.requests.length, 5)
      }),
    )
  }

  it.live("is in doubt if the response is corrupted", () =>
    Effect.gen(function* () {
      const server = yield* serve
      const whole = yield* Creating.make(`${server.origin}/v1`)
      yield* whole.create("email:length@example.com")
      const length = server.peers[0]?.socket.bytesWritten ?? 0
      assert.isAbove(length, 100)
      const workers = 16
      const corrupt = Effect.fnUntraced(function* (worker: number) {
        let at = worker
        let corrupted = 0
        const proxy = yield* proxied(() =>
          FaultProxy.start(server.port, () => ({ direction: "down", at, action: "corrupt" })),
        )
        for (; at < length; at += workers) {
          const came = yield* Effect.gen(function* () {
            const client = yield* Creating.make(`${proxy.origin}/v1`)
            const fiber = yield* Effect.forkChild(client.create(nth(at)), {
              startImmediately: true,
            })
            // a response without an end is ended by its deadline, after it was forwarded
            yield* Effect.promise(() => proxy.corrupted(++corrupted))
            yield* client.advance(60_000)
            return yield* Fiber.join(fiber)
          }).pipe(Effect.scoped)
          assert.strictEqual(came.outcome, "unknown", `at ${at}`)
        }
      }, Effect.scoped)
      yield* Effect.forEach(
        Array.from({ length: workers }, (_, worker) => worker),
        corrupt,
        { concurrency: "unbounded" },
      )
      assert.strictEqual(server.requests.length, 1 + length)
      assert.strictEqual(new Set(server.requests.map(({ path }) => path)).size, 1 + length)
    }),
  )
})

describe.concurrent("N19, a server that is killed during a run and restarted", () => {
  const total = 120
  const concurrency = 8
  // created at once, but the server dies before its response
  const held = nth(30)
  const holds = { delayMs: 60_000, match: { identifier: held } }
  for (const [delivery, existing] of cases) {
    it.live(`loses no row and creates none twice (${delivery}, ${existing})`, () =>
      Effect.gen(function* () {
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "aelyst-restart-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true })),
        )
        const data = join(folder, "contacts.jsonl")
        const start = (port: number, faults: ReadonlyArray<FaultSpec>) =>
          Effect.gen(function* () {
            const input: SandboxOptions = { limit: 10_000, data, existing, port, faults }
            const module = new URL("../src/network/sandbox-process.ts", import.meta.url)
            const child = yield* Children.start<number>(module, { input })
            return { child, port: yield* child.next }
          })
        let server = yield* start(yield* Effect.promise(Ports.own), [holds])
        const client = yield* Creating.make(`http://127.0.0.1:${server.port}/v1`)
        const run = yield* createMany(Stream.fromIterable(rowsOf(total)), {
          delivery,
          concurrency,
        }).pipe(Effect.provideService(AelystClient, client.service))
        let count = 0
        const results = yield* run.results.pipe(
          Stream.tap(() =>
            Effect.gen(function* () {
              count += 1
              if (count !== 40) return
              yield* server.child.kill
              server = yield* start(server.port, [])
            }),
          ),
          Stream.runCollect,
        )
        const summary = yield* run.summary
        yield* server.child.kill
        // stored contacts survived the kill
        const kept = Sandbox.inProcess({ data, existing })
        const keys = kept.contacts().map(({ key }) => key)
        yield* Effect.promise(() => kept.close())
        judge(results, summary, rowsOf(total), (key) => keys.filter((one) => one === key).length)
        assert.strictEqual(new Set(keys).size, keys.length)
        assert.strictEqual(summary.not_sent, 0)
        assert.isAtMost(summary.unknown, delivery === "at-most-once" ? concurrency : 0)
        const state = { reject: "exists_after_doubt", merge: "created", duplicate: "unknown" }[
          existing
        ]
        assert.strictEqual(results.find(({ index }) => nth(index) === held)?.outcome, state)
        assert.isTrue(keys.includes(held))
      }),
    )
  }
})
