import { assert, describe, it } from "@effect/vitest"

import { ImportRows } from "@aelyst/import"
import { JournalError } from "@aelyst/journal"
import { SharedRuns } from "@aelyst/journal/postgres"
import { Effect, Layer, Stream } from "effect"

import * as StoredRows from "../src/StoredRows.ts"

const unused = new JournalError({ reason: "not_found", path: "nowhere" })
const payload = { identifier: "email:ana@example.com", contact: { firstName: "Ana" } }

describe("StoredRows", () => {
  it.effect("returns the rows of a range as they were planned", () =>
    Effect.gen(function* () {
      const asked: Array<unknown> = []
      const shared = Layer.succeed(SharedRuns, {
        check: Effect.fail(unused),
        approve: () => Effect.fail(unused),
        approved: () => Effect.fail(unused),
        end: () => Effect.fail(unused),
        postpone: () => Effect.fail(unused),
        claimable: () => Effect.fail(unused),
        progress: () => Effect.fail(unused),
        setStatus: () => Effect.fail(unused),
        payloads: (run, range) => {
          asked.push([run, range])
          return Stream.make({ number: 7, line: 9, payload })
        },
      })
      const rows = yield* Effect.flatMap(ImportRows, ({ range }) =>
        Stream.runCollect(range("r_1", 5, 8)),
      ).pipe(Effect.provide(Layer.provide(StoredRows.layer, shared)))
      assert.deepStrictEqual(asked, [["r_1", { from: 5, to: 8 }]])
      assert.deepStrictEqual(rows, [
        { ...payload, state: "ready", row: { number: 7, line: 9, cells: [] } },
      ])
    }),
  )
})
