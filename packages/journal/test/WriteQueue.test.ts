import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { copyFileSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"

import { SqliteJournal } from "../src/SqliteJournal.ts"
import { facts, keyOf, memoryDirectory, plan, send, shown, temporaryDirectory } from "./runs.ts"

const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })

const startedIn = Effect.fnUntraced(function* (directory: typeof temporaryDirectory) {
  const path = join(yield* directory, "run.db")
  const journal = yield* SqliteJournal.open(path, { create })
  yield* journal.plan(plan(100))
  const claim = yield* journal.claim()
  return { claim, journal, path }
})
const started = startedIn(temporaryDirectory)

describe("WriteQueue", () => {
  it.effect("commits what is asked for at once in groups, each write with its own result", () =>
    Effect.gen(function* () {
      const { claim, journal } = yield* started
      const results = yield* Effect.forEach(
        Array.from({ length: 80 }, (_, index) => (index % 40) + 1),
        (row) => Effect.result(journal.intent(claim, keyOf(row), 1)),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(
        results.map((result) => result._tag),
        [
          ...Array.from({ length: 40 }, () => "Success"),
          ...Array.from({ length: 40 }, () => "Failure"),
        ],
      )
      assert.deepInclude(yield* journal.counts, { unknown: 40, not_sent: 60 })
    }),
  )

  it.effect("writes nothing for an intent that is interrupted before its group", () =>
    Effect.gen(function* () {
      const { claim, journal } = yield* started
      const fiber = yield* Effect.forkChild(journal.intent(claim, keyOf(1), 1), {
        startImmediately: true,
      })
      yield* Fiber.interrupt(fiber)
      yield* send(journal, claim, 2)
      assert.deepInclude(yield* journal.counts, { created: 1, unknown: 0, not_sent: 99 })
    }),
  )

  it.effect("writes over the WAL again and again, and a copy of both files has every commit", () =>
    Effect.gen(function* () {
      const { claim, journal, path } = yield* startedIn(memoryDirectory)
      const sizes = new Set<number>()
      for (let round = 1; round <= 300; round += 1) {
        yield* send(journal, claim, 1, "not_sent")
        if (round > 150) sizes.add(statSync(`${path}-wal`).size)
      }
      assert.strictEqual(sizes.size, 1)
      yield* send(journal, claim, 2)
      const copy = join(yield* memoryDirectory, "run.db")
      for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`)
      const copied = yield* SqliteJournal.open(copy)
      assert.deepStrictEqual(yield* shown(copied), yield* shown(journal))
      assert.deepStrictEqual((yield* copied.verify).problems, [])
    }),
  )

  const faults: ReadonlyArray<readonly [string, "deleted" | "replaced", (path: string) => void]> = [
    ["the file is deleted", "deleted", (path) => rmSync(path)],
    ["the WAL is deleted", "deleted", (path) => rmSync(`${path}-wal`)],
    [
      "another file takes its place",
      "replaced",
      (path) => {
        copyFileSync(path, `${path}.copy`)
        renameSync(`${path}.copy`, path)
      },
    ],
  ]
  for (const [title, reason, fault] of faults)
    it.effect(`K3: stops for good when ${title}`, () =>
      Effect.gen(function* () {
        const { claim, journal, path } = yield* started
        yield* send(journal, claim, 1)
        const failed = yield* Effect.forkChild(journal.failed)
        fault(path)
        const first = yield* Effect.flip(journal.intent(claim, keyOf(2), 1))
        assert.strictEqual(first.reason, reason)
        const second = yield* Effect.flip(journal.intent(claim, keyOf(3), 1))
        assert.strictEqual(second, first)
        assert.strictEqual(yield* Effect.flip(shown(journal)), first)
        assert.strictEqual(yield* Fiber.join(failed), first)
        assert.match(
          first.message,
          /^\/.*run\.db(-wal)?: the journal was \w+ while it was in use\. /,
        )
      }),
    )
})
