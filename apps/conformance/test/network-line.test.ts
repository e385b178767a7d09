/** Network faults of the line and of a whole server: N18 and N19, over real sockets; the ledger is the judge. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { AttemptRecord, Delivery, Row, RowResult, RunSummary } from "@aelyst/core"
import { AelystClient, createMany, isAelystError } from "@aelyst/core"
import type { FaultSpec, SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

import * as Children from "../src/network/Child.ts"
import * as Creating from "../src/network/Creating.ts"
import * as FaultProxy from "../src/network/FaultProxy.ts"
import * as RawServer from "../src/network/RawServer.ts"
import { rowsOf } from "../src/server/Virtual.ts"

const { creating } = RawServer
const nth = (n: number) => `id:${n}`

/** The attempts of a row. */
const attemptsOf = (row: RowResult): ReadonlyArray<AttemptRecord> =>
  "value" in row ? row.value.attempts : row.error.attempts

/** Under at-most-once the server may do what it likes; natural-key trusts the identifier to be unique. */
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

/** Holds every row to what the server made of it: each is typed, each is counted once, and none is made twice. */
const judge = (
  results: ReadonlyArray<RowResult>,
  summary: RunSummary,
  rows: ReadonlyArray<Row>,
  madeOf: (identifier: string) => number,
) => {
  const total = rows.length
  assert.deepStrictEqual(
    results.map(({ index }) => index).toSorted((a, b) => a - b),
    Array.from({ length: total }, (_, n) => n),
  )
  assert.deepInclude(summary, { total, stopped: "completed" })
  for (const row of results) {
    const made = madeOf(rows[row.index]?.identifier ?? "")
    const said = `${row.index}: ${row.outcome}, ${made} created`
    if (row.outcome === "created" || row.outcome === "exists_after_doubt") {
      assert.strictEqual(made, 1, said)
    } else {
      assert.isTrue("error" in row && isAelystError(row.error), said)
      assert.isAtMost(made, row.outcome === "unknown" ? 1 : 0, said)
    }
  }
  const { created, exists_after_doubt: existed, unknown, not_sent: unsent } = summary
  assert.strictEqual(created + existed + unknown + unsent, total)
}

describe("N18, a line that carries byte by byte", () => {
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

  it.live("is in doubt where the answer is corrupted", () =>
    Effect.gen(function* () {
      const server = yield* serve
      const whole = yield* Creating.make(`${server.origin}/v1`)
      yield* whole.create("email:length@example.com")
      const length = server.peers[0]?.socket.bytesWritten ?? 0
      assert.isAbove(length, 100)
      const lanes = 16
      const corrupt = Effect.fnUntraced(function* (lane: number) {
        let at = lane
        const proxy = yield* proxied(() =>
          FaultProxy.start(server.port, () => ({ direction: "down", at, action: "corrupt" })),
        )
        for (; at < length; at += lanes) {
          const times = { timeoutMs: 300, deadlineMs: 500 }
          const came = yield* Creating.make(`${proxy.origin}/v1`, times).pipe(
            Effect.flatMap((client) => client.create(nth(at))),
            Effect.scoped,
          )
          assert.strictEqual(came.outcome, "unknown", `at ${at}`)
        }
      }, Effect.scoped)
      yield* Effect.forEach(
        Array.from({ length: lanes }, (_, lane) => lane),
        corrupt,
        { concurrency: "unbounded" },
      )
      assert.strictEqual(server.requests.length, 1 + length)
      assert.strictEqual(new Set(server.requests.map(({ path }) => path)).size, 1 + length)
    }),
  )
})

describe.concurrent("N18, a line of 56 kbit/s that loses segments", () => {
  const total = 300
  // each has a retry budget of its own, and a run that has spent it pauses for 20 s
  const clients = 5
  for (const loss of [0.01, 0.1, 0.3]) {
    for (const [delivery, existing] of cases) {
      it.live(
        `makes no contact twice and accounts for each of ${total}, where ${100 * loss} % are lost (${delivery}, ${existing})`,
        () =>
          Effect.gen(function* () {
            const sandbox = yield* Effect.acquireRelease(
              Effect.promise(() => Sandbox.start({ limit: 100_000, existing })),
              (running) => Effect.promise(() => running.close()),
            )
            const line = {
              delayMs: [50, 150],
              kbitPerSecond: 56,
              loss,
              scale: 0.1,
              seed: 18,
            } as const
            const proxy = yield* proxied(() =>
              FaultProxy.startLine(Number(new URL(sandbox.origin).port), line),
            )
            const runs = yield* Effect.forEach(
              Array.from({ length: clients }, (_, n) => n),
              (n) =>
                Effect.gen(function* () {
                  // 1.5 s of the line: some answers come too late
                  const client = yield* Creating.make(`${proxy.origin}/v1`, { timeoutMs: 150 })
                  const rows = rowsOf(total).filter((_, index) => index % clients === n)
                  const run = yield* createMany(Stream.fromIterable(rows), {
                    delivery,
                    concurrency: 2,
                  }).pipe(Effect.provideService(AelystClient, client.service))
                  const results = yield* Stream.runCollect(run.results)
                  return { rows, results, summary: yield* run.summary }
                }),
              { concurrency: "unbounded" },
            )
            const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry]))
            for (const { rows, results, summary } of runs) {
              judge(results, summary, rows, (key) => ledger.get(key)?.created ?? 0)
            }
            for (const { key, created, posts } of ledger.values()) {
              assert.isAtMost(created, 1, key)
              assert.isAtMost(posts, delivery === "at-most-once" ? 1 : 4, key)
            }
            const doubted = runs
              .flatMap(({ results }) => results)
              .filter((row) => attemptsOf(row).some(({ status }) => status === undefined))
            // the line did make answers too late
            if (loss === 0.3) assert.isAbove(doubted.length, 0)
          }),
      )
    }
  }
})

describe.concurrent("N19, a server that is killed in the middle of a run, and started anew", () => {
  const total = 120
  const concurrency = 8
  // this one is created at once, and not answered before the server dies
  const held = nth(30)
  const holds = { delayMs: 60_000, match: { identifier: held } }
  for (const [delivery, existing] of cases) {
    it.live(`loses no row and doubles none (${delivery}, ${existing})`, () =>
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
        let server = yield* start(0, [holds])
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
        // what was written outlived them
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
