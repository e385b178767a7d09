import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { join } from "node:path"

import * as Export from "../src/Export.ts"
import { SqliteJournal } from "../src/SqliteJournal.ts"
import { facts, plan, send, temporaryDirectory } from "./runs.ts"

const create = () => ({ ...facts, id: "r_TEST", createdAt: 5 })

const journal = Effect.gen(function* () {
  const path = join(yield* temporaryDirectory, "run.db")
  const opened = yield* SqliteJournal.open(path, { create })
  yield* opened.plan(plan(3))
  const claim = yield* opened.claim()
  yield* send(opened, claim, 1)
  yield* send(opened, claim, 2, "unknown")
  return opened
})

describe("Export", () => {
  it.effect("lists a run as NDJSON: the run, its rows, its counts", () =>
    Effect.gen(function* () {
      const lines = yield* Stream.runCollect(Export.ndjson(yield* journal))
      // safe: each of them is a JSON object
      const parsed = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
      assert.deepStrictEqual(
        parsed.map(({ type }) => type),
        ["run", "row", "row", "row", "counts"],
      )
      for (const { schemaVersion } of parsed) assert.strictEqual(schemaVersion, 1)
      assert.deepInclude(parsed[0], { id: "r_TEST", delivery: "natural-key" })
      // the path of the input, for one
      assert.notProperty(parsed[0], "options")
      assert.deepInclude(parsed[1], { number: 1, line: 2, state: "created", status: 200 })
      assert.deepInclude(parsed[4], { total: 3, created: 1, unknown: 1, not_sent: 1 })
    }),
  )

  it.effect("lists the rows as CSV", () =>
    Effect.gen(function* () {
      const lines = yield* Stream.runCollect(Export.csv(yield* journal))
      assert.deepStrictEqual(lines, [
        "number,line,state,doubt,attempts,status,code,earlierRun\r\n",
        "1,2,created,false,1,200,,\r\n",
        "2,3,unknown,true,1,,,\r\n",
        "3,4,planned,false,0,,,\r\n",
      ])
    }),
  )
})
