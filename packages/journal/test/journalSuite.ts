/** The tests of every store. A store runs them with the runs of a new place, and with a way to advance its clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { JournalService, RunsService } from "../src/Journal.ts"
import type { JournalError } from "../src/JournalError.ts"
import { contentOf, facts, keyOf, otherFile, plan, ready, rowKey, send, shown } from "./runs.ts"

export interface Store {
  /** The runs of a new, empty place. */
  readonly runs: Effect.Effect<RunsService, never, Scope.Scope>
  /** Lets the time pass that leases are measured by. */
  readonly advance: (ms: number) => Effect.Effect<void>
}

const planned = (count: number) =>
  Effect.fnUntraced(function* (runs: RunsService) {
    const { journal } = yield* runs.start(facts)
    yield* journal.plan(plan(count))
    return journal
  })

const reasonOf = <A, E extends { readonly reason: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

const reason = (result: Result.Result<void, JournalError>) =>
  Result.isFailure(result) ? result.failure.reason : "done"

/** Registers the tests of a store. */
export const journalSuite = ({ advance, runs: place }: Store): void => {
  /** A test with one planned run. */
  const withRun = (
    title: string,
    count: number,
    body: (journal: JournalService) => Effect.Effect<void, unknown, Scope.Scope>,
  ) => it.effect(title, () => Effect.flatMap(Effect.flatMap(place, planned(count)), body))
  const withRuns = (
    title: string,
    body: (runs: RunsService) => Effect.Effect<void, unknown, Scope.Scope>,
  ) => it.effect(title, () => Effect.flatMap(place, body))

  describe("runs", () => {
    withRuns("finds the run of an input again, planned or not", (runs) =>
      Effect.gen(function* () {
        const first = yield* Effect.scoped(runs.start(facts))
        const second = yield* Effect.scoped(
          Effect.tap(runs.start(facts), ({ journal }) => journal.plan(plan(3))),
        )
        const third = yield* runs.start(facts)
        assert.match(first.journal.run.id, /^r_[0-9A-HJKMNP-TV-Z]{4}$/)
        assert.strictEqual(second.journal.run.id, first.journal.run.id)
        assert.strictEqual(third.journal.run.id, first.journal.run.id)
        assert.deepStrictEqual([first.isNew, second.isNew, third.isNew], [true, true, false])
        const { createdAt: _createdAt, id: _id, plannedAt, ...kept } = third.journal.run
        assert.deepStrictEqual(kept, facts)
        assert.isNumber(plannedAt)
      }),
    )

    withRuns("keeps inputs, mappings, origins and accounts apart", (runs) =>
      Effect.gen(function* () {
        const others = [
          facts,
          otherFile("ff"),
          { ...facts, input: { ...facts.input, mapping: "firstName=2" } },
          { ...facts, origin: "http://127.0.0.1:4242" },
          { ...facts, tokenClass: "account-2" },
        ]
        const ids = yield* Effect.forEach(others, (one) =>
          Effect.map(Effect.scoped(runs.start(one)), ({ journal }) => journal.run.id),
        )
        assert.strictEqual(new Set(ids).size, others.length)
      }),
    )

    withRuns("starts a fresh run on demand, and finds that one from then on", (runs) =>
      Effect.gen(function* () {
        const id = Effect.fnUntraced(function* (fresh: boolean) {
          return (yield* Effect.scoped(runs.start(facts, { fresh }))).journal.run.id
        })
        const first = yield* id(true)
        const second = yield* id(true)
        assert.notStrictEqual(second, first)
        assert.strictEqual(yield* id(false), second)
        const entries = yield* runs.list
        assert.sameMembers(
          entries.map((entry) => entry.id),
          [first, second],
        )
      }),
    )

    withRuns("opens a run by its ID, and refuses others", (runs) =>
      Effect.gen(function* () {
        const { id } = (yield* Effect.scoped(runs.start(facts))).journal.run
        const opened = yield* Effect.scoped(runs.open(id.toLowerCase()))
        assert.strictEqual(opened.run.id, id)
        assert.strictEqual(yield* reasonOf(Effect.scoped(runs.open("r_ZZZZ"))), "not_found")
      }),
    )

    withRuns("lists, removes and prunes runs", (runs) =>
      Effect.gen(function* () {
        const ids: Array<string> = []
        for (const [index, sha256] of ["01", "02", "03"].entries()) {
          const { journal } = yield* Effect.scoped(
            Effect.tap(runs.start(otherFile(sha256)), ({ journal: started }) =>
              Effect.gen(function* () {
                if (index === 0) return
                yield* started.plan(plan(1))
                const claim = yield* started.claim()
                if (index === 1) yield* send(started, claim, 1)
              }),
            ),
          )
          ids.push(journal.run.id)
        }
        const states = (yield* runs.list).map((entry) => [entry.id, entry.state])
        assert.sameDeepMembers(states, [
          [ids[0], "unplanned"],
          [ids[1], "finished"],
          [ids[2], "unfinished"],
        ])
        assert.deepStrictEqual(yield* runs.prune({ olderThanMs: 1e12 }), [])
        assert.deepStrictEqual(yield* runs.prune({ olderThanMs: -1e15 }), ids.slice(1, 2))
        yield* runs.remove(String(ids[2]))
        assert.deepStrictEqual(
          (yield* runs.list).map((entry) => entry.id),
          [ids[0]],
        )
        assert.strictEqual(yield* reasonOf(runs.remove(String(ids[2]))), "not_found")
      }),
    )
  })

  describe("plan", () => {
    withRuns("counts what is not sent, and the second row with a key as a duplicate", (runs) =>
      Effect.gen(function* () {
        const { journal } = yield* runs.start(facts)
        const counts = yield* journal.plan(
          Stream.make(
            ready(1),
            { state: "invalid" } as const,
            ready(1, 3),
            { state: "duplicate" } as const,
            ready(2, 5),
            { state: "foreign" } as const,
          ),
        )
        assert.deepInclude(counts, {
          total: 5,
          not_sent: 2,
          invalid: 1,
          duplicate: 2,
          foreign: 1,
          unknown: 0,
        })
        assert.deepStrictEqual(yield* shown(journal), ["1 planned", "5 planned"])
        assert.strictEqual(yield* reasonOf(journal.plan(plan(1))), "already_planned")
      }),
    )

    withRuns("writes all rows or none", (runs) =>
      Effect.gen(function* () {
        const { journal } = yield* runs.start(facts)
        const broken = Stream.concat(plan(1_200), Stream.fail("unreadable" as const))
        assert.strictEqual(yield* Effect.flip(journal.plan(broken)), "unreadable")
        assert.deepStrictEqual(yield* shown(journal), [])
        assert.strictEqual(yield* reasonOf(journal.claim()), "not_planned")
        const counts = yield* journal.plan(plan(2))
        assert.strictEqual(counts.total, 2)
      }),
    )

    withRuns("refuses numbers that do not rise", (runs) =>
      Effect.gen(function* () {
        const { journal } = yield* runs.start(facts)
        const exit = yield* Effect.exit(journal.plan(Stream.make(ready(2), ready(1))))
        assert.match(String(exit), /row numbers must be integers that rise \(got 1 after 2\)/)
        assert.deepStrictEqual(yield* shown(journal), [])
      }),
    )
  })

  describe("rows", () => {
    withRun("records an intent, then the outcome and the attempts", 2, (journal) =>
      Effect.gen(function* () {
        const claim = yield* journal.claim()
        yield* journal.intent(claim, keyOf(1), 1)
        assert.deepStrictEqual(yield* shown(journal), ["1 sending", "2 planned"])
        yield* journal.intent(claim, keyOf(1), 2)
        yield* journal.outcome(claim, keyOf(1), {
          outcome: "rejected",
          status: 400,
          code: "API_REJECTED",
          attempts: [
            { number: 1, phase: "connect", cause: "ECONNREFUSED" },
            { number: 2, phase: "answered", status: 400 },
          ],
        })
        const [row] = yield* journal.lookup([rowKey(1)])
        assert.deepInclude(row, {
          number: 1,
          line: 2,
          state: "rejected",
          doubt: false,
          attempts: 2,
          status: 400,
          code: "API_REJECTED",
        })
        const attempts = yield* Stream.runCollect(journal.attempts())
        assert.deepStrictEqual(
          attempts.map(({ attempt, cause, outcome, phase, sequence, status }) => ({
            attempt,
            cause,
            outcome,
            phase,
            sequence,
            status,
          })),
          [
            {
              attempt: 1,
              sequence: 1,
              phase: "connect",
              status: undefined,
              cause: "ECONNREFUSED",
              outcome: "rejected",
            },
            {
              attempt: 2,
              sequence: 2,
              phase: "answered",
              status: 400,
              cause: undefined,
              outcome: "rejected",
            },
          ],
        )
      }),
    )

    withRun("refuses what is out of order", 3, (journal) =>
      Effect.gen(function* () {
        const claim = yield* journal.claim()
        const intent = (person: number, attempt: number) =>
          Effect.result(journal.intent(claim, keyOf(person), attempt))
        const outcome = (person: number, end: "created" | "not_sent") =>
          Effect.result(journal.outcome(claim, keyOf(person), { outcome: end }))
        const steps = [
          yield* intent(1, 2),
          yield* outcome(1, "created"),
          yield* intent(1, 1),
          yield* intent(1, 1),
          yield* outcome(1, "created"),
          yield* outcome(1, "created"),
          yield* intent(1, 1),
          yield* intent(2, 1),
          yield* outcome(2, "not_sent"),
          yield* intent(2, 1),
          yield* intent(9, 1),
        ]
        assert.deepStrictEqual(steps.map(reason), [
          "wrong_state",
          "wrong_state",
          "done",
          "wrong_state",
          "done",
          "wrong_state",
          "wrong_state",
          "done",
          "done",
          "done",
          "wrong_state",
        ])
        assert.deepStrictEqual(yield* shown(journal), ["1 created", "2 sending", "3 planned"])
      }),
    )

    withRun("keeps a doubt, whatever comes later", 3, (journal) =>
      Effect.gen(function* () {
        const claim = yield* journal.claim()
        for (const person of [1, 2, 3]) {
          yield* journal.intent(claim, keyOf(person), 1)
          yield* journal.outcome(claim, keyOf(person), { outcome: "not_sent", doubt: true })
        }
        assert.deepInclude(yield* journal.counts, {
          unknown: 3,
          inDoubt: 3,
          not_sent: 0,
          total: 3,
        })
        yield* send(journal, claim, 1)
        yield* send(journal, claim, 2, "exists_after_doubt")
        yield* journal.outcome(claim, keyOf(3), { outcome: "invalid" })
        assert.deepStrictEqual(yield* shown(journal), [
          "1 created?",
          "2 exists_after_doubt?",
          "3 unknown?",
        ])
      }),
    )

    withRun("never keeps a text that is not a code", 1, (journal) =>
      Effect.gen(function* () {
        const claim = yield* journal.claim()
        yield* journal.intent(claim, keyOf(1), 1)
        yield* journal.outcome(claim, keyOf(1), {
          outcome: "rejected",
          code: "ana@example.com exists",
          attempts: [{ number: 1, phase: "headers", cause: "phone +60123 is wrong" }],
        })
        assert.strictEqual((yield* journal.lookup([rowKey(1)]))[0]?.code, "OTHER")
        const [attempt] = yield* Stream.runCollect(journal.attempts())
        assert.strictEqual(attempt?.cause, "OTHER")
      }),
    )

    withRun("finds rows by key and content", 2, (journal) =>
      Effect.gen(function* () {
        const found = yield* journal.lookup([rowKey(2), rowKey(1, contentOf(9)), rowKey(9)])
        assert.deepStrictEqual(
          found.map((row) => row?.number),
          [2, undefined, undefined],
        )
      }),
    )

    withRun("reads many rows in order, by range and state", 1_300, (journal) =>
      Effect.gen(function* () {
        const claim = yield* journal.claim()
        for (const person of [7, 600, 1_250]) yield* send(journal, claim, person)
        const numbers = (options?: Parameters<JournalService["rows"]>[0]) =>
          Effect.map(Stream.runCollect(journal.rows(options)), (rows) =>
            rows.map((row) => row.number),
          )
        const all = Array.from({ length: 1_300 }, (_, index) => index + 1)
        assert.deepStrictEqual(yield* numbers(), all)
        assert.deepStrictEqual(yield* numbers({ from: 499, to: 1_001 }), all.slice(498, 1_001))
        assert.deepStrictEqual(yield* numbers({ states: ["created"] }), [7, 600, 1_250])
        const attempts = yield* Stream.runCollect(journal.attempts({ from: 8 }))
        assert.deepStrictEqual(
          attempts.map((entry) => entry.row),
          [600, 1_250],
        )
      }),
    )
  })

  describe("claims", () => {
    withRun("ends an older claim for the rows that a newer one takes", 4, (journal) =>
      Effect.gen(function* () {
        const old = yield* journal.claim()
        const taken = yield* journal.claim({ from: 3, to: 4 })
        assert.isAbove(taken.epoch, old.epoch)
        yield* journal.intent(old, keyOf(1), 1)
        assert.strictEqual(yield* reasonOf(journal.intent(old, keyOf(3), 1)), "fenced")
        assert.strictEqual(yield* reasonOf(journal.intent(taken, keyOf(2), 1)), "fenced")
        yield* journal.intent(taken, keyOf(3), 1)
        assert.strictEqual(
          yield* reasonOf(journal.outcome(old, keyOf(3), { outcome: "created" })),
          "fenced",
        )
        assert.strictEqual(yield* reasonOf(journal.renew(old, 1_000)), "fenced")
        yield* journal.release(taken)
        assert.strictEqual(yield* reasonOf(journal.intent(taken, keyOf(4), 1)), "fenced")
      }),
    )

    withRun("holds while its lease does", 2, (journal) =>
      Effect.gen(function* () {
        const first = yield* journal.claim({ leaseMs: 5_000, owner: "one" })
        assert.isNumber(first.notAfter)
        assert.strictEqual(yield* reasonOf(journal.claim({ from: 2 })), "claimed")
        yield* advance(4_000)
        const renewed = yield* journal.renew(first, 5_000)
        assert.strictEqual(renewed.epoch, first.epoch)
        assert.isAbove(Number(renewed.notAfter), Number(first.notAfter))
        yield* advance(4_000)
        assert.strictEqual(yield* reasonOf(journal.claim()), "claimed")
        yield* advance(1_001)
        yield* journal.claim()
        assert.strictEqual(yield* reasonOf(journal.renew(renewed, 5_000)), "fenced")
      }),
    )

    withRun("is free at once after a release", 1, (journal) =>
      Effect.gen(function* () {
        yield* journal.release(yield* journal.claim({ leaseMs: 60_000 }))
        yield* send(journal, yield* journal.claim(), 1)
      }),
    )

    for (const [delivery, expected] of [
      ["natural-key", "1 planned?"],
      ["at-most-once", "1 unknown?"],
      ["report-only", "1 unknown?"],
    ] as const)
      withRuns(`finds a row in doubt whose sending was never ended, under ${delivery}`, (runs) =>
        Effect.gen(function* () {
          const { journal } = yield* runs.start({ ...facts, delivery })
          yield* journal.plan(plan(3))
          const claim = yield* journal.claim()
          yield* journal.intent(claim, keyOf(1), 1)
          yield* send(journal, claim, 2)
          yield* journal.claim()
          assert.deepStrictEqual(yield* shown(journal), [expected, "2 created", "3 planned"])
          const { problems } = yield* journal.verify
          assert.deepStrictEqual(problems, [])
        }),
      )
  })

  describe("decisions by a person", () => {
    withRuns("settles rows in doubt, and no others", (runs) =>
      Effect.gen(function* () {
        const { journal } = yield* runs.start({ ...facts, delivery: "report-only" })
        yield* journal.plan(plan(5))
        const claim = yield* journal.claim()
        for (const person of [1, 2, 3]) yield* send(journal, claim, person, "unknown")
        yield* send(journal, claim, 4)
        yield* journal.resolve(1, "created")
        yield* journal.resolve(2, "rejected")
        yield* journal.resolve(3, "send_again")
        assert.strictEqual(yield* reasonOf(journal.resolve(4, "rejected")), "wrong_state")
        assert.strictEqual(yield* reasonOf(journal.resolve(5, "created")), "wrong_state")
        assert.strictEqual(yield* reasonOf(journal.resolve(6, "created")), "wrong_state")
        assert.deepStrictEqual(yield* shown(journal), [
          "1 created?",
          "2 rejected?",
          "3 planned?",
          "4 created",
          "5 planned",
        ])
        yield* send(journal, claim, 3, "exists_after_doubt")
        const { isSound, problems } = yield* journal.verify
        assert.deepStrictEqual({ isSound, problems }, { isSound: true, problems: [] })
      }),
    )
  })

  describe("earlier runs", () => {
    /** A run whose rows 1 to 6 ended created, rejected, in doubt, unsent, `exists_after_doubt` and unknown. */
    const earlierRun = Effect.fnUntraced(function* (runs: RunsService) {
      const { journal } = yield* runs.start(facts)
      yield* journal.plan(plan(6))
      const claim = yield* journal.claim()
      yield* send(journal, claim, 1)
      yield* send(journal, claim, 2, "rejected")
      yield* journal.intent(claim, keyOf(3), 1)
      yield* send(journal, claim, 5, "exists_after_doubt")
      yield* send(journal, claim, 6, "unknown")
      return journal.run.id
    }, Effect.scoped)
    const next = Effect.fnUntraced(function* (
      runs: RunsService,
      rows: ReadonlyArray<ReturnType<typeof ready>>,
      changes: Partial<typeof facts> = {},
    ) {
      const { journal } = yield* runs.start({ ...otherFile("next"), ...changes })
      const earlier = yield* runs.earlier(journal.run)
      const counts = yield* journal.plan(Stream.fromIterable(rows), earlier)
      const { problems } = yield* journal.verify
      assert.deepStrictEqual(problems, [])
      return { counts, journal, runs: earlier.runs, shown: yield* shown(journal) }
    }, Effect.scoped)

    withRuns("ended rows have ended, whatever their order and place", (runs) =>
      Effect.gen(function* () {
        const id = yield* earlierRun(runs)
        const found = yield* next(runs, [ready(5, 1), ready(2, 2), ready(1, 7), ready(4, 8)])
        assert.deepStrictEqual(found.runs, [id])
        assert.deepStrictEqual(found.shown, [
          "1 exists_after_doubt?",
          "2 rejected",
          "7 created",
          "8 planned",
        ])
        assert.deepInclude(found.counts, { total: 4, earlier: 3, not_sent: 1 })
      }),
    )

    withRuns("doubts travel, with edited rows too", (runs) =>
      Effect.gen(function* () {
        yield* earlierRun(runs)
        const edited = "edited"
        const rows = [ready(3, 1), ready(6, 2, edited), ready(1, 3, edited), ready(2, 4, edited)]
        const found = yield* next(runs, rows)
        assert.deepStrictEqual(found.shown, ["1 planned?", "2 planned?", "3 planned", "4 planned"])
        assert.deepInclude(found.counts, { unknown: 2, inDoubt: 2, not_sent: 2, earlier: 0 })
      }),
    )

    withRuns("rows in doubt wait for a person if they may not be sent again", (runs) =>
      Effect.gen(function* () {
        yield* earlierRun(runs)
        const found = yield* next(runs, [ready(3, 1), ready(6, 2)], { delivery: "report-only" })
        assert.deepStrictEqual(found.shown, ["1 unknown?", "2 unknown?"])
      }),
    )

    withRuns("the newest run that sent a row counts", (runs) =>
      Effect.gen(function* () {
        yield* earlierRun(runs)
        yield* advance(10)
        const { id } = (yield* Effect.scoped(
          Effect.tap(runs.start(otherFile("second")), ({ journal }) =>
            Effect.gen(function* () {
              yield* journal.plan(plan(4), yield* runs.earlier(journal.run))
              const claim = yield* journal.claim()
              yield* send(journal, claim, 3, "exists_after_doubt")
            }),
          ),
        )).journal.run
        yield* advance(10)
        const found = yield* next(runs, [ready(1), ready(2), ready(3), ready(4)])
        assert.deepStrictEqual(found.shown, [
          "1 created",
          "2 rejected",
          "3 exists_after_doubt?",
          "4 planned",
        ])
        const [row] = yield* Effect.scoped(
          Effect.flatMap(runs.open(found.journal.run.id), (journal) => journal.lookup([rowKey(3)])),
        )
        assert.strictEqual(row?.earlierRun, id)
      }),
    )

    for (const changes of [{ origin: "http://127.0.0.1:4242" }, { tokenClass: "account-2" }])
      withRuns(`of another ${Object.keys(changes)[0]} do not count`, (runs) =>
        Effect.gen(function* () {
          yield* earlierRun(runs)
          const found = yield* next(runs, [ready(1), ready(3)], changes)
          assert.deepStrictEqual(found.shown, ["1 planned", "3 planned"])
        }),
      )
  })
}
