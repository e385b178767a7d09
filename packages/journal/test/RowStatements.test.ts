import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"

import { report } from "../../../apps/conformance/src/results/Figures.ts"
import type { Claim } from "../src/Journal.ts"
import { SqliteJournal } from "../src/SqliteJournal.ts"
import type { Command, Expected } from "./journalModel.ts"
import { Model, rowCount } from "./journalModel.ts"
import { facts, keyOf, plan, memoryDirectory } from "./runs.ts"

const int = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const claim = int(0, 3)
const row = int(1, rowCount)

const command: Arbitrary.Arbitrary<Command> = Arbitrary.schema(
  Schema.Union([
    Schema.Struct({ do: Schema.Literal("claim"), from: int(1, 3), to: int(3, rowCount) }),
    Schema.Struct({ do: Schema.Literal("release"), claim }),
    Schema.Struct({ do: Schema.Literal("intent"), row, attempt: int(1, 2), claim }),
    Schema.Struct({ do: Schema.Literal("intent"), row, attempt: Schema.Literal(1), claim }),
    Schema.Struct({
      do: Schema.Literal("outcome"),
      row,
      outcome: Schema.Literals([
        "created",
        "existed",
        "exists_after_doubt",
        "invalid",
        "rejected",
        "unknown",
        "not_sent",
      ]),
      doubt: Schema.Boolean,
      claim,
    }),
    Schema.Struct({
      do: Schema.Literal("resolve"),
      row,
      resolution: Schema.Literals(["created", "rejected", "send_again"]),
    }),
    Schema.Struct({ do: Schema.Literal("crash") }),
  ]),
)

/** A journal that can crash: its files are copied as they are at that moment, and opened elsewhere. */
const crashing = Effect.fnUntraced(function* (delivery: typeof facts.delivery) {
  const directory = yield* memoryDirectory
  const create = () => ({ ...facts, delivery, id: "r_TEST", createdAt: 0 })
  let generation = 0
  const path = () => join(directory, `${generation}`, "run.db")
  mkdirSync(join(directory, "0"))
  let journal = yield* SqliteJournal.open(path(), { create })
  yield* journal.plan(plan(rowCount))
  return {
    get journal() {
      return journal
    },
    crash: Effect.gen(function* () {
      const old = path()
      generation += 1
      mkdirSync(join(directory, `${generation}`))
      for (const suffix of ["", "-wal"])
        if (existsSync(old + suffix)) copyFileSync(old + suffix, path() + suffix)
      journal = yield* SqliteJournal.open(path())
    }),
  }
})

const sequences = Number(process.env["AELYST_JOURNAL_SEQUENCES"] ?? 60)

describe("RowStatements", () => {
  it.effect.prop(
    "F10: does what the model does, whatever the order of commands",
    [
      Arbitrary.array(command, { minLength: 50, maxLength: 80 }),
      Arbitrary.schema(Schema.Literals(["natural-key", "at-most-once"])),
    ],
    ([commands, delivery]) =>
      Effect.gen(function* () {
        const place = yield* crashing(delivery)
        const model = new Model(delivery === "natural-key")
        const claims: Array<Claim> = []
        const none: Claim = { from: 1, to: rowCount, epoch: 1_000, notAfter: undefined }
        const run = Effect.fnUntraced(function* (one: Command) {
          const { journal } = place
          if (one.do === "crash") return yield* place.crash
          if (one.do === "claim") {
            claims.push(yield* journal.claim({ from: one.from, to: one.to }))
            return
          }
          if (one.do === "resolve") return yield* journal.resolve(one.row, one.resolution)
          const held = claims[one.claim] ?? none
          if (one.do === "release") return yield* journal.release(held)
          const key = keyOf(one.row)
          if (one.do === "intent") return yield* journal.intent(held, key, one.attempt)
          return yield* journal.outcome(held, key, { outcome: one.outcome, doubt: one.doubt })
        })
        for (const one of commands) {
          const result = yield* Effect.result(run(one))
          const found: Expected | string = Result.isSuccess(result) ? "done" : result.failure.reason
          assert.strictEqual(found, model.apply(one), JSON.stringify(one))
        }
        const rows = yield* Stream.runCollect(place.journal.rows())
        assert.deepStrictEqual(
          rows.map(({ attempts, doubt, state }) => ({ state, doubt, attempts })),
          model.rows,
        )
        const counts = yield* place.journal.counts
        assert.deepInclude(counts, { ...model.counts(), total: rowCount })
        assert.deepStrictEqual((yield* place.journal.verify).problems, [])
        report({ counts: { "sequences of 50 to 80 commands": 1, commands: commands.length } })
      }).pipe(Effect.scoped),
    { arbitrary: { runs: sequences } },
  )
})
