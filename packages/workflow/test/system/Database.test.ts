import { Deferred, Effect, Exit, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"

import * as Database from "../../src/Database.ts"
import { ImportWorkflow } from "../../src/ImportWorkflow.ts"
import { rangeRows, surroundings } from "../database.ts"

const { approve, run, url, worker } = surroundings()

const statusOf = (id: string) =>
  run(Effect.flatMap(ImportWorkflow, (workflow) => workflow.status(id)))

const created = async (id: string): Promise<number> => (await statusOf(id)).counts.created

/** Locks the first ranges in a transaction, and is silent from then on, as a process that is frozen; returns how to end it. */
const freeze = async (ranges: number, options: Partial<Database.DatabaseOptions>) => {
  const controller = new AbortController()
  const locked = Deferred.makeUnsafe<void>()
  const hold = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const lock = Effect.gen(function* () {
      yield* sql`SELECT 1 FROM aelyst_range WHERE first <= ${(ranges - 1) * rangeRows + 1} FOR UPDATE`
      yield* Deferred.succeed(locked, undefined)
      return yield* Effect.never
    })
    yield* sql.withTransaction(lock)
  })
  const program = Effect.provide(hold, Database.layer({ url: Redacted.make(url()), ...options }))
  const ended = Effect.runPromiseExit(program, { signal: controller.signal })
  await Promise.race([Effect.runPromise(Deferred.await(locked)), ended])
  return async () => {
    controller.abort()
    await ended
  }
}

const without = { lockTimeout: 0, idleInTransaction: 0 }

describe("a session that is frozen within a transaction", () => {
  it("is ended by the server, and its ranges are sent", async () => {
    const id = await approve(3 * rangeRows)
    const thaw = await freeze(3, { idleInTransaction: "1 second" })
    assert.strictEqual(await worker(), "idle")
    assert.strictEqual(await created(id), 3 * rangeRows)
    await thaw()
  })

  it("does not hold up the ranges that it has not locked", async () => {
    const id = await approve(6 * rangeRows)
    const thaw = await freeze(4, without)
    const working = worker({ pollMs: 100 }, { lockTimeout: "300 millis" })
    while ((await created(id)) < 2 * rangeRows) await sleep(50)
    assert.strictEqual((await statusOf(id)).ranges.ended, 2)
    await thaw()
    assert.strictEqual(await working, "idle")
    assert.strictEqual(await created(id), 6 * rangeRows)
  })

  it("would hold up all of them without the guards", async () => {
    const id = await approve(6 * rangeRows)
    const thaw = await freeze(4, without)
    const working = worker({ pollMs: 100 }, without)
    await sleep(3_000)
    assert.strictEqual(await created(id), 0)
    await thaw()
    assert.strictEqual(await working, "idle")
    assert.strictEqual(await created(id), 6 * rangeRows)
  })
})

describe("Database", () => {
  it("fails at once if the database cannot be reached, without its URL", async () => {
    const nowhere = Redacted.make("postgres://ana:canary_pw@127.0.0.1:1/app")
    const exit = await Effect.runPromiseExit(
      Effect.provide(SqlClient.SqlClient, Database.layer({ url: nowhere })),
    )
    assert.isTrue(Exit.isFailure(exit))
    assert.notInclude(String(exit), "canary_pw")
  })
})
