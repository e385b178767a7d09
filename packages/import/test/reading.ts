/** Reads files in tests. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { read, type ReadOptions, type Source } from "../src/index.ts"

/** Reads a source to its end. */
export const readAll = (source: Source, options?: ReadOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const table = yield* read(source, options)
      const rows = yield* Stream.runCollect(table.rows)
      return { head: table.head, rows, tally: yield* table.tally }
    }),
  )
