import { Runs } from "@aelyst/journal"
import type { RowRecord } from "@aelyst/journal"
import { Deferred, Effect, Logger, Redacted, Schedule, Stream } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"

import { approved, office } from "../../../../apps/conformance/src/imports/Plan.ts"
import { urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { ImportWorkflow } from "../../src/ImportWorkflow.ts"
import { posts, rangeRows, surroundings } from "../database.ts"

const { approve, run, sandbox, server, url, worker } = surroundings()

const logs = () => {
  const logged: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => {
    logged.push([message].flat().join(" "))
  })
  return { logged, logger: Logger.layer([logger]) }
}

const statusOf = (id: string) =>
  run(Effect.flatMap(ImportWorkflow, (workflow) => workflow.status(id)))

const rowsOf = (id: string) =>
  run(
    Effect.flatMap(Runs, (runs) => runs.open(id)).pipe(
      Effect.flatMap((journal) => Stream.runCollect(journal.rows())),
      Effect.scoped,
    ),
  )

const statesOf = (rows: ReadonlyArray<RowRecord>) => [...new Set(rows.map(({ state }) => state))]

/** Runs a worker that may send nothing, since another has the rows, until so many alarms would be due; returns what it logs. */
const silence = async (change: (id: string) => Promise<unknown>) => {
  const id = await approve(5)
  const { logged, logger } = logs()
  const stop = Deferred.makeUnsafe<void>()
  const held = Effect.flatMap(Runs, (runs) => runs.open(id)).pipe(
    Effect.flatMap((journal) => journal.claim({ leaseMs: 600_000 })),
    Effect.scoped,
  )
  await run(held)
  await change(id)
  const working = worker(
    { untilIdle: false, alarmMs: 300, stop: Deferred.await(stop) },
    {},
    { logger },
  )
  for (let looks = 0; looks < 100 && logged.length === 0; looks++) await sleep(20)
  Effect.runSync(Deferred.succeed(stop, undefined))
  assert.strictEqual(await working, "stopped")
  assert.strictEqual(posts(sandbox()), 0)
  return logged.map((line) => line.replace(id, "<run>"))
}

const pause = (id: string) => run(Effect.flatMap(ImportWorkflow, (all) => all.pause(id)))

describe("work", () => {
  it("sends every row of an approved import once, and ends it", async () => {
    const id = await approve(190)
    const counted: Array<string> = []
    const end = await worker({
      onRow: (of, { outcome }) => Effect.sync(() => void counted.push(`${of} ${outcome}`)),
    })
    assert.strictEqual(end, "idle")
    const { counts, parked, ranges, step } = await statusOf(id)
    assert.strictEqual(step, "ended")
    assert.deepInclude(counts, { total: 190, created: 190, not_sent: 0 })
    assert.deepStrictEqual([ranges.total, ranges.ended, parked], [4, 4, []])
    assert.strictEqual(posts(sandbox()), 190)
    assert.deepStrictEqual([...new Set(counted)], [`${id} created`])
    assert.lengthOf(counted, 190)
    // what was stored of the contacts is gone
    const [left] = await server().query("SELECT count(payload) AS n FROM aelyst_row")
    assert.strictEqual(Number(left?.["n"]), 0)
  })

  it("sends nothing of an import that is not approved, or of another account", async () => {
    const id = await approve(10)
    assert.strictEqual(await worker({ tokenClass: "other" }), "idle")
    assert.strictEqual(posts(sandbox()), 0)
    assert.strictEqual((await statusOf(id)).step, "running")
  })

  it("shares an import among several workers, and none of its rows is sent twice", async () => {
    const id = await approve(450)
    await Promise.all([worker(), worker(), worker()])
    assert.deepInclude((await statusOf(id)).counts, { created: 450 })
    assert.strictEqual(posts(sandbox()), 450)
  })

  it("is stopped in order: requests under way end, and its ranges are free at once", async () => {
    const id = await approve(100)
    const stop = Deferred.makeUnsafe<void>()
    let seen = 0
    const end = await worker({
      stop: Deferred.await(stop),
      leaseMs: 600_000,
      concurrency: 4,
      onRow: () =>
        Effect.suspend(() =>
          ++seen === 20 ? Deferred.succeed(stop, undefined) : Effect.succeed(false),
        ),
    })
    assert.strictEqual(end, "stopped")
    const stopped = await rowsOf(id)
    assert.isBelow(stopped.filter(({ state }) => state === "created").length, 100)
    assert.sameMembers(statesOf(stopped), ["created", "planned"])
    assert.isFalse(stopped.some(({ doubt }) => doubt))
    assert.strictEqual(await worker(), "idle")
    assert.deepInclude((await statusOf(id)).counts, { created: 100 })
    assert.strictEqual(posts(sandbox()), 100)
  })

  it("takes over the rows of a worker that died before it has ended its own", async () => {
    // two minutes for a range
    sandbox().configure({ latencyMs: 5_000 })
    const id = await approve(2 * rangeRows)
    const dead = Effect.flatMap(Runs, (runs) => runs.open(id)).pipe(
      Effect.flatMap((journal) => journal.claim({ from: 1, to: rangeRows, leaseMs: 1_000 })),
      Effect.scoped,
    )
    await run(dead)
    const stop = Deferred.makeUnsafe<void>()
    const working = worker({ ranges: 1, concurrency: 2, stop: Deferred.await(stop) })
    const sent = () =>
      sandbox()
        .ledger()
        .map(({ key }) => Number(/\d+/.exec(key)?.[0]))
    while (!sent().includes(1)) await sleep(20)
    const own = sent().filter((row) => row > rangeRows).length
    Effect.runSync(Deferred.succeed(stop, undefined))
    assert.strictEqual(await working, "stopped")
    assert.isAtLeast(own, 1)
    assert.isBelow(own, rangeRows)
    sandbox().configure({ latencyMs: 0 })
  })

  it("ends if the API rejects its token, and leaves the rows for others", async () => {
    const id = await approve(20)
    sandbox().fail({ status: 401, times: 1 })
    assert.strictEqual(await worker({ concurrency: 1 }), "unauthorized")
    assert.strictEqual((await statusOf(id)).step, "running")
    assert.strictEqual(await worker(), "idle")
    assert.deepInclude((await statusOf(id)).counts, { created: 20 })
  })

  it("lets a range wait whose rows cannot be ended, while others pass, and parks it", async () => {
    const id = await approve(110)
    const poison = "email:row7@import.example"
    sandbox().fail({ match: { identifier: poison }, status: 500, times: 1_000 })
    const working = worker({ retries: 0 })
    while ((await statusOf(id)).counts.created < 109) await sleep(50)
    // it waits for five seconds, then for ten, and so on: time passes in the table only
    while ((await statusOf(id)).parked.length === 0) {
      await sleep(50)
      await server().query("UPDATE aelyst_wait SET due = 0")
    }
    assert.strictEqual(await working, "idle")
    const parked = await statusOf(id)
    assert.strictEqual(parked.step, "ended")
    assert.deepStrictEqual(parked.parked, [{ from: 1, reason: "unknown" }])
    assert.deepInclude(parked.counts, { created: 109, inDoubt: 1 })
    sandbox().clearFaults()
    await run(Effect.flatMap(ImportWorkflow, ({ resume }) => resume(id)))
    assert.strictEqual(await worker(), "idle")
    const { counts, step } = await statusOf(id)
    assert.strictEqual(step, "ended")
    assert.deepInclude(counts, { not_sent: 0, inDoubt: 0 })
    assert.strictEqual(counts.created + counts.exists_after_doubt, 110)
  })

  it("leaves an import to others whose key it does not have, says so once, and counts nothing", async () => {
    const key = Buffer.alloc(32, 7).toString("base64")
    const planner = office(url(), { encryptionKeys: [key], rangeRows })
    const id = await planner.runPromise(approved(120, sandbox().origin))
    await planner.dispose()
    const plain = await approve(20)
    const { logged, logger } = logs()
    assert.strictEqual(await worker({}, {}, { logger }), "idle")
    assert.lengthOf(logged, 1)
    assert.match(
      logged[0] ?? "",
      new RegExp(`^the contacts of ${id} are encrypted with the key [0-9a-f]{8}`),
    )
    assert.strictEqual((await statusOf(plain)).step, "ended")
    assert.deepStrictEqual(await server().query("SELECT * FROM aelyst_wait"), [])
    const { ranges } = await statusOf(id)
    assert.deepStrictEqual(ranges, { total: 3, ended: 0, claimed: 0 })
    assert.strictEqual(await worker({}, {}, { encryptionKeys: [key] }), "idle")
    assert.strictEqual((await statusOf(id)).step, "ended")
    assert.strictEqual(sandbox().contacts().length, 120)
  })

  it("tries an import again that it could not read, and says so when it can", async () => {
    const key = Buffer.alloc(32, 7).toString("base64")
    const planner = office(url(), { encryptionKeys: [key], rangeRows })
    const id = await planner.runPromise(approved(5, sandbox().origin))
    await planner.dispose()
    const { logged, logger } = logs()
    const stop = Deferred.makeUnsafe<void>()
    const working = worker(
      { untilIdle: false, sealedMs: 500, stop: Deferred.await(stop) },
      {},
      { logger },
    )
    while (logged.length === 0) await sleep(20)
    // the same file is planned again, without a key, once the worker has let go of the range that it could not read
    const removed = Effect.flatMap(ImportWorkflow, (all) =>
      Effect.andThen(
        all.pause(id),
        Effect.retry(all.remove(id), {
          while: ({ reason }) => reason === "locked",
          schedule: Schedule.spaced("20 millis"),
        }),
      ),
    )
    await run(removed)
    assert.strictEqual(await approve(5), id)
    while ((await statusOf(id)).step !== "ended") await sleep(50)
    Effect.runSync(Deferred.succeed(stop, undefined))
    assert.strictEqual(await working, "stopped")
    assert.match(logged[0] ?? "", /which this worker does not have.* tries again every 0\.5 s/)
    assert.include(logged, `this worker can read the contacts of ${id} now, and sends them`)
    assert.strictEqual(posts(sandbox()), 5)
  })

  it("gives the alarm if no row of an import ends, although it could be sent", async () => {
    const [first] = await silence(() => Promise.resolve())
    assert.strictEqual(first, "no row of <run> has ended for 0 min")
  })

  it("gives no alarm for an import that is paused", async () => {
    assert.deepStrictEqual(await silence(pause), [])
  })

  it("says once that it lacks a privilege, and continues when it has it", async () => {
    const id = await approve(5)
    await server().query("CREATE ROLE sender LOGIN")
    await server().query(
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO sender",
    )
    await server().query("GRANT USAGE ON SEQUENCE aelyst_epoch TO sender")
    await server().query("REVOKE UPDATE ON aelyst_row FROM sender")
    const { logged, logger } = logs()
    const working = worker(
      { pollMs: 20, leaseMs: 1_000 },
      { url: Redacted.make(urlOf(server().port, "sender")) },
      { logger },
    )
    while (logged.length === 0) await sleep(20)
    await sleep(500)
    await server().query("GRANT UPDATE ON aelyst_row TO sender")
    assert.strictEqual(await working, "idle")
    assert.deepInclude((await statusOf(id)).counts, { created: 5 })
    assert.lengthOf(logged, 1)
    assert.match(logged[0] ?? "", /lacks a privilege \(42501\)\. The worker continues .+ Grant /)
    assert.deepStrictEqual(await server().query("SELECT * FROM aelyst_wait"), [])
  })

  it("forgets an import whose run was removed", async () => {
    const id = await approve(5)
    await run(Effect.flatMap(Runs, (runs) => runs.remove(id)))
    assert.strictEqual(await worker(), "idle")
    assert.deepStrictEqual(await server().query("SELECT * FROM aelyst_run"), [])
  })
})
