import { assert, describe, it } from "@effect/vitest"
import { sendRange } from "@aelyst/import"
import type { JournalService } from "@aelyst/journal"
import { Sandbox } from "@aelyst/sandbox"
import { Deferred, Effect, Fiber } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, beforeEach } from "vitest"

import { judge, layerMachine, leaseMs, planRun, work } from "../../src/journal/Machines.ts"
import type { PostgresServer } from "../../src/shared/PostgresServer.ts"
import { startPostgres } from "../../src/shared/PostgresServer.ts"

let server: PostgresServer
let sandbox: Sandbox
beforeAll(async () => {
  server = await startPostgres()
  sandbox = await Sandbox.start({ limit: 1_000 })
})
beforeEach(async () => {
  sandbox.reset()
  sandbox.configure({ latencyMs: 0 })
  await server.query(
    "DROP TABLE IF EXISTS aelyst_journal, aelyst_run, aelyst_range, aelyst_wait, aelyst_row",
  )
  await server.query("DROP SEQUENCE IF EXISTS aelyst_epoch")
})
afterAll(async () => {
  await sandbox?.close()
  await server?.[Symbol.asyncDispose]()
})

const posts = () => sandbox.ledger().reduce((sum, entry) => sum + entry.posts, 0)
const untilPosts = async (count: number): Promise<void> => {
  while (posts() < count) await sleep(10)
}
const servers = () => ({ sandbox, port: server.port })
/** The most requests in flight of two machines. */
const inFlight = 16

const cut = () =>
  server.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
  )
const readOnly = async (isOn: boolean): Promise<void> => {
  await server.query(
    `BEGIN READ WRITE; ALTER DATABASE postgres SET default_transaction_read_only = ${isOn ? "on" : "off"}; COMMIT`,
  )
  await cut()
}

describe("G3, two machines and a database that fails", { timeout: 120_000 }, () => {
  const rows = 240
  const faults: ReadonlyArray<readonly [title: string, fault: () => Promise<void>]> = [
    [
      "crashes twice",
      async () => {
        for (const count of [40, 120]) {
          await untilPosts(count)
          await server.process.kill()
          await sleep(500)
          await server.process.restart()
        }
      },
    ],
    [
      "cuts all connections again and again",
      async () => {
        for (let count = 20; count < rows; count += 40) {
          await untilPosts(count)
          await cut()
        }
      },
    ],
    [
      "cannot be written for a while",
      async () => {
        await untilPosts(40)
        await readOnly(true)
        const before = posts()
        await sleep(500)
        assert.isAtMost(posts(), before + inFlight)
        await readOnly(false)
      },
    ],
  ]
  for (const [title, fault] of faults)
    it.live(`sends nothing that is not recorded, and ends every row, if it ${title}`, () =>
      Effect.gen(function* () {
        const id = yield* planRun(rows)
        const machines = [1, 2].map(() => Effect.provide(work(id), layerMachine(servers())))
        yield* Effect.all([...machines, Effect.promise(fault)], {
          concurrency: "unbounded",
          discard: true,
        })
        const { problems, states, twice, unexplained } = yield* judge(id, sandbox)
        assert.deepStrictEqual({ problems, unexplained }, { problems: [], unexplained: [] })
        const { created = 0, exists_after_doubt: doubted = 0 } = states
        assert.strictEqual(created + doubted, rows)
        assert.strictEqual(sandbox.contacts().length, rows)
        assert.isAtLeast(doubted, twice)
      }).pipe(Effect.provide(layerMachine(servers()))),
    )
})

/** A machine that stops at a point of its first attempt, and whose lease is not renewed. */
const paused = (
  at: "before" | "after",
  point: Deferred.Deferred<void>,
  go: Deferred.Deferred<void>,
) =>
  layerMachine(servers(), ({ intent }: JournalService) => {
    const pause = Effect.andThen(Deferred.succeed(point, undefined), Deferred.await(go))
    return {
      renew: () => Effect.never,
      intent: (...given) =>
        at === "before"
          ? Effect.andThen(pause, intent(...given))
          : Effect.tap(intent(...given), pause),
    }
  })

describe("G4, a process that is paused for longer than its lease", { timeout: 60_000 }, () => {
  for (const [title, at] of [
    ["before it records its attempt", "before"],
    ["between the record and the request", "after"],
  ] as const)
    it.live(`sends nothing when it wakes ${title}`, () =>
      Effect.gen(function* () {
        const id = yield* planRun(1)
        const point = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        const stale = yield* Effect.forkChild(
          Effect.result(sendRange(id, 1, 1, { leaseMs })).pipe(
            Effect.provide(paused(at, point, go)),
          ),
        )
        yield* Deferred.await(point)
        yield* work(id)
        assert.strictEqual(posts(), 1)
        yield* Deferred.succeed(go, undefined)
        const ended = yield* Fiber.join(stale)
        assert.strictEqual(posts(), 1)
        assert.strictEqual(
          ended._tag === "Failure" && "reason" in ended.failure && ended.failure.reason,
          "fenced",
        )
        const { problems, states, unexplained } = yield* judge(id, sandbox)
        assert.deepStrictEqual(
          { problems, states, unexplained },
          { problems: [], states: { created: 1 }, unexplained: [] },
        )
      }).pipe(Effect.provide(layerMachine(servers()))),
    )

  it.live("leaves its contact in doubt if its request was on the wire", () =>
    Effect.gen(function* () {
      const id = yield* planRun(1)
      sandbox.configure({ latencyMs: leaseMs * 3 })
      const frozen = layerMachine(servers(), () => ({ renew: () => Effect.never }))
      const stale = yield* Effect.forkChild(
        Effect.result(sendRange(id, 1, 1, { leaseMs })).pipe(Effect.provide(frozen)),
      )
      yield* Effect.promise(() => untilPosts(1))
      sandbox.configure({ latencyMs: 0 })
      yield* work(id)
      const ended = yield* Fiber.join(stale)
      assert.strictEqual(
        ended._tag === "Failure" && "reason" in ended.failure && ended.failure.reason,
        "fenced",
      )
      const { problems, states, twice, unexplained } = yield* judge(id, sandbox)
      assert.deepStrictEqual(
        { problems, states, twice, unexplained },
        { problems: [], states: { exists_after_doubt: 1 }, twice: 1, unexplained: [] },
      )
    }).pipe(Effect.provide(layerMachine(servers()))),
  )
})
