import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"

import { report } from "../../../apps/conformance/src/results/Figures.ts"
import { SqliteJournal } from "../src/SqliteJournal.ts"
import { commandLists, deliveries, follow, rowCount } from "./journalModel.ts"
import { facts, plan, memoryDirectory } from "./runs.ts"

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
    [commandLists, deliveries],
    ([commands, delivery]) =>
      Effect.gen(function* () {
        const place = yield* crashing(delivery)
        yield* follow(place, commands, delivery)
        report({ counts: { "sequences of 50 to 80 commands": 1, commands: commands.length } })
      }).pipe(Effect.scoped),
    { arbitrary: { runs: sequences } },
  )
})
