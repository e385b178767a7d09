import { afterAll, assert, beforeAll, beforeEach, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { Client } from "pg"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import type { Claim } from "../../src/Journal.ts"
import { statementsOf } from "../../src/PostgresStatements.ts"
import { facts, keyOf, otherFile, plan, ready, send, shown } from "../runs.ts"
import { reset, storeOn, tick } from "./postgres.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
beforeEach(() => reset(server))
afterAll(() => server[Symbol.asyncDispose]())

const day = 86_400_000
const reasonOf = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

/** A store with a planned run of so many rows. */
const planned = Effect.fnUntraced(function* (
  count: number,
  options: Parameters<typeof storeOn>[1] = {},
) {
  const runs = yield* storeOn(server.port, options)
  const { journal } = yield* runs.start(facts)
  yield* journal.plan(
    Stream.map(Stream.range(1, count), (n) => ({
      ...ready(n),
      payload: { person: `Canary ${n}` },
    })),
  )
  return { id: journal.run.id, journal, runs }
})

/** One connection of a process that is slow, with a transaction open. */
const slowProcess = Effect.acquireRelease(
  Effect.promise(async () => {
    const client = new Client({ connectionString: urlOf(server.port) })
    await client.connect()
    await client.query("BEGIN")
    return client
  }),
  (client) => Effect.promise(() => client.end()),
)

/** A contact as an import has it. */
const contactOf = (person: number) => ({
  identifier: keyOf(person),
  contact: {
    firstName: `Person ${person}`,
    lastName: "Nguyen",
    phone: `+60123${person + 100_000}`,
    email: `person${person}@example.test`,
    language: "en",
    countryCode: "MY",
    custom_fields: [{ name: "plan", value: "gold" }],
  },
})

/** Waits until a statement waits for a lock. */
const untilWaiting = Effect.promise(async () => {
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
  while ((await server.query(waiting)).length === 0) await sleep(20)
})

describe("PostgresStore", () => {
  it.effect("creates its tables once, however many processes start together", () =>
    Effect.gen(function* () {
      const stores = yield* Effect.all(Array.from({ length: 6 }, () => storeOn(server.port)))
      const started = yield* Effect.all(
        stores.map((store) => store.start(facts)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(new Set(started.map(({ journal }) => journal.run.id)).size, 1)
      const [found] = yield* Effect.promise(() =>
        server.query("SELECT count(*)::int AS n FROM aelyst_journal"),
      )
      assert.deepStrictEqual(found, { n: 1 })
    }),
  )

  it.effect("plans a run once, also if two processes do it at a time: the newest plan counts", () =>
    Effect.gen(function* () {
      const one = yield* storeOn(server.port)
      const other = yield* storeOn(server.port)
      const { journal: slow } = yield* one.start(facts)
      const { journal: fast } = yield* other.start(facts)
      const isLoading = yield* Deferred.make<void>()
      const mayContinue = yield* Deferred.make<void>()
      const halted = Stream.fromEffect(
        Effect.andThen(Deferred.succeed(isLoading, undefined), Deferred.await(mayContinue)),
      )
      const rows = Stream.concat(
        plan(2_500),
        Stream.map(halted, () => ready(2_501)),
      )
      const first = yield* Effect.forkChild(Effect.result(slow.plan(rows)))
      yield* Deferred.await(isLoading)
      assert.strictEqual((yield* fast.plan(plan(3))).total, 3)
      yield* Deferred.succeed(mayContinue, undefined)
      const ended = yield* Fiber.join(first)
      assert.strictEqual(ended._tag === "Failure" ? ended.failure.reason : "planned", "fenced")
      assert.deepStrictEqual(yield* shown(fast), ["1 planned", "2 planned", "3 planned"])
    }),
  )

  it.effect("gives out whole ranges, and names those that are free", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(25, { rangeRows: 10 })
      const free = Effect.map(runs.claimable(id), (ranges) =>
        ranges.map(({ from, to }) => `${from}-${to}`),
      )
      assert.deepStrictEqual(yield* free, ["1-10", "11-20", "21-30"])
      const claim = yield* journal.claim({ from: 12, to: 13, leaseMs: 5_000 })
      assert.deepInclude(claim, { from: 11, to: 20 })
      assert.deepStrictEqual(yield* free, ["1-10", "21-30"])
      assert.strictEqual(yield* reasonOf(journal.claim()), "claimed")
      // what the refused claim had taken meanwhile is free
      assert.deepStrictEqual(yield* free, ["1-10", "21-30"])
      for (let person = 11; person <= 20; person += 1) yield* send(journal, claim, person)
      yield* journal.release(claim)
      assert.deepStrictEqual(yield* free, ["1-10", "21-30"])
      const lapsing = yield* journal.claim({ from: 21, to: 30, leaseMs: 5_000 })
      yield* tick(server, 5_001)
      assert.deepStrictEqual(yield* free, ["1-10", "21-30"])
      const lapsed = yield* runs.claimable(id, 10, "lapsed")
      assert.deepStrictEqual(lapsed, [{ from: 21, to: 30, epoch: lapsing.epoch }])
    }),
  )

  it.effect("gives each range to one of many processes that claim at once", () =>
    Effect.gen(function* () {
      const { id } = yield* planned(60, { rangeRows: 10 })
      const stores = yield* Effect.all(Array.from({ length: 5 }, () => storeOn(server.port)))
      const claims = yield* Effect.forEach(
        stores,
        (store, index) =>
          Effect.flatMap(store.open(id), (journal) =>
            Effect.forEach([1, 11, 21, 31, 41, 51], (from) =>
              Effect.result(
                journal.claim({ from, to: from + 9, leaseMs: 5_000, owner: `${index}` }),
              ),
            ),
          ),
        { concurrency: "unbounded" },
      )
      const won = claims.flat().flatMap((one) => (one._tag === "Success" ? [one.success.from] : []))
      assert.sameMembers(won, [1, 11, 21, 31, 41, 51])
    }),
  )

  for (const [title, change, isRight] of [
    ["with the lock on the range", (text: string) => text, true],
    ["control: without it", (text: string) => text.replace("FOR SHARE", ""), false],
  ] as const) {
    const statements = statementsOf("(SELECT time FROM test_clock)", 200)
    const hashOf = Effect.promise(async () => {
      const [row] = await server.query("SELECT run, key FROM aelyst_row WHERE number = 1")
      return [row?.["run"], row?.["key"]]
    })

    it.live(`G4: finds an intent that was written while it took the range over, ${title}`, () =>
      Effect.gen(function* () {
        const { journal } = yield* planned(1)
        const stale = yield* journal.claim()
        const slow = yield* slowProcess
        const [run, key] = yield* hashOf
        const text = change(statements.intent)
        yield* Effect.promise(() => slow.query(text, [run, key, stale.epoch, 1]))
        const taking = yield* Effect.forkChild(Effect.exit(journal.claim()))
        yield* isRight ? untilWaiting : Fiber.await(taking)
        yield* Effect.promise(() => slow.query("COMMIT"))
        yield* Fiber.join(taking)
        assert.deepStrictEqual(yield* shown(journal), [isRight ? "1 planned?" : "1 sending"])
      }),
    )

    it.live(`G4: refuses an intent that waited for the newer claim, ${title}`, () =>
      Effect.gen(function* () {
        const { journal } = yield* planned(1)
        const stale = yield* journal.claim()
        const slow = yield* slowProcess
        const [run, key] = yield* hashOf
        yield* Effect.promise(() => slow.query(statements.take, [run, 1, 200, "new", 5_000]))
        const other = yield* slowProcess
        const text = change(statements.intent)
        const waking = other.query(text, [run, key, stale.epoch, 1])
        const written = Effect.promise(() => waking)
        yield* isRight ? untilWaiting : written
        yield* Effect.promise(() => slow.query("COMMIT"))
        assert.strictEqual((yield* written).rowCount, isRight ? 0 : 1)
      }),
    )
  }

  it.effect("keeps contacts encrypted, each bound to its row, until the rows end", () =>
    Effect.gen(function* () {
      const keys = [randomBytes(32), randomBytes(32)] as const
      const { id, journal } = yield* planned(4, { keys: [keys[0]] })
      const stored = Effect.promise(() =>
        server.query("SELECT * FROM aelyst_row WHERE payload IS NOT NULL ORDER BY number"),
      )
      const read = Effect.fnUntraced(function* (...given: ReadonlyArray<Uint8Array>) {
        const runs = yield* storeOn(server.port, { keys: given })
        return yield* Stream.runCollect(runs.payloads(id, { from: 3 }))
      })
      const bytes = JSON.stringify(yield* stored)
      for (const text of ["Canary", "person1", keyOf(1)]) {
        assert.notInclude(bytes, text)
        assert.notInclude(bytes, Buffer.from(text).toString("hex"))
        assert.notInclude(bytes, [...Buffer.from(text)].join())
      }
      assert.deepStrictEqual(yield* read(keys[1], keys[0]), [
        { number: 3, line: 4, payload: { person: "Canary 3" } },
        { number: 4, line: 5, payload: { person: "Canary 4" } },
      ])
      assert.strictEqual(yield* reasonOf(read(keys[1])), "unreadable")
      yield* Effect.promise(() =>
        server.query(
          "UPDATE aelyst_row SET payload = (SELECT payload FROM aelyst_row WHERE number = 1) WHERE number = 4",
        ),
      )
      assert.match(
        (yield* Effect.flip(read(keys[0]))).message,
        /the contact of a row cannot be decrypted \(row 4: it was changed or cut off\)/,
      )
      const claim = yield* journal.claim()
      yield* send(journal, claim, 1)
      yield* send(journal, claim, 2, "rejected")
      yield* send(journal, claim, 3, "not_sent")
      yield* send(journal, claim, 4, "unknown")
      const left = (yield* stored).map(({ number }) => number)
      assert.deepStrictEqual(left, [3, 4])
    }),
  )

  it.effect("stores nothing to send for rows that ended in an earlier run", () =>
    Effect.gen(function* () {
      const { journal, runs } = yield* planned(2)
      yield* send(journal, yield* journal.claim(), 1)
      const { journal: next } = yield* runs.start(otherFile("ff"))
      const rows = [1, 2].map((n) => ({ ...ready(n), payload: { person: n } }))
      yield* next.plan(Stream.fromIterable(rows), yield* runs.earlier(next.run))
      const left = yield* Stream.runCollect(runs.payloads(next.run.id))
      assert.deepStrictEqual(
        left.map(({ number }) => number),
        [2],
      )
    }),
  )

  it.effect("sends nothing of a paused run, and records what is in flight", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(30, { rangeRows: 10 })
      const claim = yield* journal.claim({ from: 1, to: 10, leaseMs: 5_000 })
      yield* journal.intent(claim, keyOf(1), 1)
      yield* runs.setStatus(id, "paused")
      assert.strictEqual(yield* reasonOf(journal.intent(claim, keyOf(2), 1)), "paused")
      assert.strictEqual(yield* reasonOf(journal.intent(claim, keyOf(1), 2)), "paused")
      assert.strictEqual(yield* reasonOf(journal.claim({ from: 11, to: 20 })), "paused")
      yield* journal.outcome(claim, keyOf(1), { outcome: "created" })
      assert.strictEqual((yield* runs.progress(id)).status, "paused")
      yield* runs.setStatus(id, "active")
      yield* send(journal, claim, 2)
    }),
  )

  it.effect("erases the contacts of a cancelled run, which stays cancelled", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(3)
      const claim = yield* journal.claim()
      yield* runs.setStatus(id, "cancelled")
      assert.deepStrictEqual(yield* Stream.runCollect(runs.payloads(id)), [])
      assert.strictEqual(yield* reasonOf(journal.intent(claim, keyOf(1), 1)), "cancelled")
      assert.strictEqual(yield* reasonOf(runs.setStatus(id, "active")), "cancelled")
      yield* runs.setStatus(id, "cancelled")
      assert.strictEqual((yield* runs.list)[0]?.state, "finished")
      const next = yield* runs.start(facts)
      assert.isTrue(next.isNew)
      assert.notStrictEqual(next.journal.run.id, id)
      assert.strictEqual(yield* reasonOf(runs.setStatus("r_ZZZZ", "paused")), "not_found")
    }),
  )

  it.effect("knows the counts, the pace and what is left at any time", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(40, { rangeRows: 10 })
      const start = yield* runs.progress(id)
      assert.deepInclude(start, { perSecond: 0, remainingMs: undefined, lastEndedAt: undefined })
      assert.deepStrictEqual(start.ranges, { total: 4, ended: 0, claimed: 0 })
      const sendAll = Effect.fnUntraced(function* (claim: Claim, count: number) {
        for (let person = claim.from; person < claim.from + count; person += 1) {
          yield* tick(server, 1_000)
          yield* send(journal, claim, person, person === 3 ? "rejected" : "created")
        }
      })
      const first = yield* journal.claim({ from: 1, to: 10, leaseMs: 60_000 })
      yield* sendAll(first, 10)
      yield* journal.release(first)
      const second = yield* journal.claim({ from: 11, to: 20, leaseMs: 60_000 })
      yield* sendAll(second, 5)
      yield* journal.intent(second, keyOf(16), 1)
      const { counts, ...now } = yield* runs.progress(id)
      const ended = { total: 40, created: 14, rejected: 1 }
      assert.deepInclude(counts, { ...ended, unknown: 0, inDoubt: 0, not_sent: 25 })
      assert.deepStrictEqual(counts, yield* journal.counts)
      assert.strictEqual(now.underWay, 1)
      assert.deepStrictEqual(now.ranges, { total: 4, ended: 1, claimed: 1 })
      assert.strictEqual(now.lastEndedAt, now.at)
      assert.closeTo(now.perSecond, 1, 0.1)
      assert.closeTo(Number(now.remainingMs), 25_000, 2_500)
      yield* tick(server, 60_001)
      const { lastEndedAt, perSecond, ...late } = yield* runs.progress(id)
      assert.deepStrictEqual([perSecond, lastEndedAt], [0, now.lastEndedAt])
      // its owner has lost the lease
      assert.strictEqual(late.underWay, 0)
      assert.deepInclude(late.counts, { ...ended, unknown: 1, inDoubt: 1, not_sent: 24 })
      yield* journal.resolve(16, "created").pipe(Effect.andThen(journal.release(second)))
      assert.deepInclude((yield* runs.progress(id)).counts, { created: 15, unknown: 0 })
    }),
  )

  it.effect("opens a range again when a person decides that a row of it is sent again", () =>
    Effect.gen(function* () {
      const runs = yield* storeOn(server.port)
      const { journal } = yield* runs.start({ ...facts, delivery: "report-only" })
      yield* journal.plan(plan(1))
      const claim = yield* journal.claim()
      yield* send(journal, claim, 1, "unknown")
      yield* journal.release(claim)
      assert.deepStrictEqual(yield* runs.claimable(journal.run.id), [])
      yield* journal.resolve(1, "send_again")
      assert.strictEqual((yield* runs.claimable(journal.run.id)).length, 1)
    }),
  )

  it.effect("refuses a decision about a row while a process sends its range", () =>
    Effect.gen(function* () {
      const { journal } = yield* planned(20, { rangeRows: 10 })
      const claim = yield* journal.claim({ from: 1, to: 10, leaseMs: 5_000 })
      yield* journal.intent(claim, keyOf(1), 1)
      assert.strictEqual(yield* reasonOf(journal.resolve(1, "rejected")), "claimed")
      yield* tick(server, 5_001)
      yield* journal.resolve(1, "rejected")
      assert.strictEqual(yield* reasonOf(journal.resolve(1, "created")), "wrong_state")
      assert.strictEqual(yield* reasonOf(journal.resolve(99, "created")), "wrong_state")
    }),
  )

  it.effect("finds approved runs whatever the facts of another one hold", () =>
    Effect.gen(function* () {
      const { id, runs } = yield* planned(1)
      // no text of Postgres can hold these
      yield* runs.start({ ...otherFile("fe"), options: { name: "\u0000\ud800" } })
      yield* runs.approve(id)
      assert.lengthOf(yield* runs.approved(facts.origin), 1)
    }),
  )

  it.effect("approves runs that are planned, for tokens of one class, until they have ended", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(1)
      const { journal: other } = yield* runs.start(otherFile("ff"))
      const unplanned = yield* Effect.flip(runs.approve(other.run.id))
      assert.deepInclude(unplanned, { reason: "not_planned", path: other.run.id })
      yield* runs.approve(id)
      const { approvedAt, at } = yield* runs.progress(id)
      assert.strictEqual(approvedAt, at)
      yield* tick(server, 1_000)
      yield* runs.approve(id, "rotated")
      assert.deepStrictEqual(yield* runs.approved(facts.origin), [
        { run: id, tokenClass: "rotated", approvedAt: at },
      ])
      assert.deepStrictEqual(yield* runs.approved("https://other.example.test"), [])
      yield* runs.end(id)
      assert.isUndefined((yield* runs.progress(id)).endedAt)
      const claim = yield* journal.claim()
      yield* send(journal, claim, 1)
      yield* journal.release(claim)
      yield* runs.setStatus(id, "paused")
      yield* runs.end(id)
      assert.isUndefined((yield* runs.progress(id)).endedAt)
      yield* runs.setStatus(id, "active")
      yield* runs.end(id)
      assert.strictEqual((yield* runs.progress(id)).endedAt, at + 1_000)
      assert.deepStrictEqual(yield* runs.approved(facts.origin), [])
      yield* tick(server, 1_000)
      yield* runs.approve(id)
      const again = yield* runs.progress(id)
      assert.deepInclude(again, { approvedAt: at + 2_000, endedAt: at + 2_000 })
    }),
  )

  it.effect("lets a range wait for longer each time, and parks it after five tries", () =>
    Effect.gen(function* () {
      const { id, runs } = yield* planned(1)
      yield* runs.approve(id)
      const free = Effect.map(runs.claimable(id), (ranges) => ranges.length)
      for (let tries = 1; tries <= 5; tries++) {
        assert.deepStrictEqual((yield* runs.progress(id)).parked, [])
        yield* runs.postpone(id, 1, "unknown", true)
        yield* tick(server, 5_000 * 2 ** (tries - 1) - 1)
        assert.strictEqual(yield* free, 0)
        yield* tick(server, 1)
        assert.strictEqual(yield* free, tries === 5 ? 0 : 1)
      }
      assert.deepStrictEqual((yield* runs.progress(id)).parked, [{ from: 1, reason: "unknown" }])
      yield* runs.end(id)
      assert.isDefined((yield* runs.progress(id)).endedAt)
      yield* runs.setStatus(id, "active")
      assert.deepInclude(yield* runs.progress(id), { parked: [], endedAt: undefined })
      assert.strictEqual(yield* free, 1)
    }),
  )

  it.effect("counts no try that says nothing about the range", () =>
    Effect.gen(function* () {
      const { id, runs } = yield* planned(1)
      for (let times = 0; times < 9; times++) yield* runs.postpone(id, 1, "not_sent", false)
      yield* tick(server, 4_999)
      assert.deepStrictEqual(yield* runs.claimable(id), [])
      yield* tick(server, 1)
      assert.lengthOf(yield* runs.claimable(id), 1)
    }),
  )

  it.effect("deletes runs that finished 30 days ago, but no run that is being sent", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(2)
      const claim = yield* journal.claim({ leaseMs: 40 * day })
      assert.strictEqual((yield* runs.list)[0]?.state, "running")
      assert.strictEqual(yield* reasonOf(runs.remove(id)), "locked")
      const { journal: next } = yield* runs.start(otherFile("ff"))
      assert.deepStrictEqual((yield* runs.earlier(next.run)).locked, [id])
      for (const person of [1, 2]) yield* send(journal, claim, person)
      yield* journal.release(claim)
      yield* runs.postpone(id, 1, "unknown", true)
      yield* tick(server, 30 * day)
      assert.deepStrictEqual(yield* runs.prune(), [])
      yield* tick(server, 1)
      assert.deepStrictEqual(yield* runs.prune(), [id])
      const left = yield* Effect.promise(() =>
        server.query(
          "SELECT run FROM aelyst_row UNION SELECT run FROM aelyst_range UNION SELECT run FROM aelyst_wait",
        ),
      )
      assert.deepStrictEqual(left, [])
    }),
  )

  it.effect("finds rows that contradict their attempts, and contacts that should be gone", () =>
    Effect.gen(function* () {
      const { journal } = yield* planned(4)
      const claim = yield* journal.claim()
      yield* send(journal, claim, 1)
      assert.deepStrictEqual((yield* journal.verify).problems, [])
      for (const damage of [
        "UPDATE aelyst_row SET state = 6 WHERE number = 1",
        "UPDATE aelyst_row SET payload = 'x' WHERE number = 1",
        "UPDATE aelyst_row SET attempts = 2 WHERE number = 2",
        "DELETE FROM aelyst_row WHERE number = 3",
        "UPDATE aelyst_row SET state = 2 WHERE number = 4",
        "UPDATE aelyst_range SET ended = true",
      ])
        yield* Effect.promise(() => server.query(damage))
      const { isSound, problems } = yield* journal.verify
      assert.isFalse(isSound)
      assert.deepStrictEqual(problems, [
        "row 1 has a state that does not follow from its attempts",
        "row 4 has a state that does not follow from its attempts",
        "row 1 has ended and its contact is still stored",
        "row 4 has ended and its contact is still stored",
        "row 2 has another number of attempts than it says",
        "row 4 is created without an attempt",
        "1 ranges have ended and have rows left to send",
        "4 rows were planned, 3 are there",
      ])
    }),
  )

  it.effect("is sound while a process sends", () =>
    Effect.gen(function* () {
      const { journal } = yield* planned(2_500)
      let claim = yield* journal.claim()
      const verified = yield* Effect.forkChild(journal.verify)
      for (let person = 2_500; person > 2_480; person -= 1) {
        yield* journal.release(claim)
        claim = yield* journal.claim()
        yield* send(journal, claim, person)
      }
      assert.deepStrictEqual((yield* Fiber.join(verified)).problems, [])
    }),
  )

  it.effect("names the privilege that the user of the database lacks", () =>
    Effect.gen(function* () {
      const { runs } = yield* planned(1)
      yield* runs.check
      yield* Effect.promise(() => server.query("CREATE ROLE reader LOGIN"))
      yield* Effect.promise(() =>
        server.query("GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO reader"),
      )
      const reader = yield* storeOn(server.port, { role: "reader" })
      const { detail, reason } = yield* Effect.flip(reader.check)
      assert.deepStrictEqual([reason, detail], ["denied", "UPDATE on aelyst_run"])
      yield* Effect.promise(() =>
        server.query("GRANT UPDATE ON ALL TABLES IN SCHEMA public TO reader"),
      )
      assert.strictEqual((yield* Effect.flip(reader.check)).detail, "USAGE on aelyst_epoch")
      yield* Effect.promise(() => server.query("GRANT USAGE ON SEQUENCE aelyst_epoch TO reader"))
      yield* reader.check
    }),
  )

  it.effect("begins nothing after a failed write, and records what was in flight", () =>
    Effect.gen(function* () {
      const { id, journal, runs } = yield* planned(3)
      const claim = yield* journal.claim()
      yield* journal.intent(claim, keyOf(1), 1)
      yield* Effect.promise(() => server.query("ALTER TABLE aelyst_range RENAME TO away"))
      const error = yield* Effect.flip(journal.intent(claim, keyOf(2), 1))
      assert.strictEqual(error.reason, "deleted")
      assert.strictEqual(error.path, "postgres")
      assert.notMatch(error.message, /127\.0\.0\.1|person/)
      assert.isUndefined(error.cause)
      assert.strictEqual(yield* journal.failed, error)
      yield* Effect.promise(() => server.query("ALTER TABLE away RENAME TO aelyst_range"))
      assert.strictEqual(yield* reasonOf(journal.intent(claim, keyOf(2), 1)), "deleted")
      assert.strictEqual(yield* reasonOf(journal.claim()), "deleted")
      yield* journal.outcome(claim, keyOf(1), { outcome: "created" })
      const again = yield* runs.open(id)
      yield* send(again, yield* again.claim(), 2)
    }),
  )

  it.live("works in the strictest isolation level", () =>
    Effect.gen(function* () {
      const settings = "-c default_transaction_isolation=serializable"
      const { id } = yield* planned(60, { rangeRows: 20, settings })
      const claims = yield* Effect.forEach(
        [1, 21, 41],
        (from) =>
          Effect.gen(function* () {
            const runs = yield* storeOn(server.port, { settings })
            const journal = yield* runs.open(id)
            const claim = yield* journal.claim({ from, to: from + 19, leaseMs: 60_000 })
            const people = Array.from({ length: 20 }, (_, index) => from + index)
            yield* Effect.forEach(people, (person) => send(journal, claim, person), {
              concurrency: 8,
              discard: true,
            })
            yield* journal.release(claim)
            return journal
          }),
        { concurrency: "unbounded" },
      )
      const counts = yield* Effect.forEach(claims, (journal) => journal.counts)
      assert.strictEqual(counts.at(-1)?.created, 60)
    }),
  )

  it.effect("refuses tables of a newer version", () =>
    Effect.gen(function* () {
      yield* planned(1)
      yield* Effect.promise(() => server.query("UPDATE aelyst_journal SET version = 99"))
      const runs = yield* storeOn(server.port)
      assert.strictEqual(yield* reasonOf(runs.list), "newer_version")
    }),
  )

  it.effect("takes 4 times the space of the rows alone at most, with their attempts", () =>
    Effect.gen(function* () {
      const rows = 2_000
      const size = Effect.promise(async () => {
        const [found] = await server.query(
          "SELECT pg_database_size(current_database())::float8 AS n",
        )
        return Number(found?.["n"])
      })
      const empty = yield* size
      yield* Effect.promise(() =>
        server.query(
          "CREATE TABLE test_rows AS SELECT value->>'identifier' AS identifier, value->'contact' AS contact FROM jsonb_array_elements($1)",
          [JSON.stringify(Array.from({ length: rows }, (_, index) => contactOf(index + 1)))],
        ),
      )
      const alone = (yield* size) - empty
      const before = yield* size
      const runs = yield* storeOn(server.port, { keys: [randomBytes(32)] })
      const { journal } = yield* runs.start(facts)
      yield* journal.plan(
        Stream.map(plan(rows), (row) =>
          row.state === "ready" ? { ...row, payload: contactOf(row.number) } : row,
        ),
      )
      yield* Effect.forEach(yield* runs.claimable(journal.run.id), ({ from, to }) =>
        Effect.gen(function* () {
          const claim = yield* journal.claim({ from, to, leaseMs: 60_000 })
          const people = Array.from({ length: to - from + 1 }, (_, index) => from + index)
          yield* Effect.forEach(people, (person) => send(journal, claim, person), {
            concurrency: 16,
            discard: true,
          })
          yield* journal.release(claim)
        }),
      )
      assert.deepInclude(yield* journal.counts, { total: rows, created: rows })
      assert.isBelow(((yield* size) - before) / alone, 4)
    }),
  )
})
