/** Reads 2 GB on a single line and reports how it ended, for Read.test.ts. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import { read } from "../../src/index.ts"

const PIECE = 64 * 1024
const SIZE = 2 * 1024 * 1024 * 1024

/** Lines, as a start and a part that is repeated. */
const giants: Readonly<Record<string, readonly [start: string, repeated: string]>> = {
  "one cell": ["Name,Email\n", "x"],
  "one quoted cell": ['Name,Email\n"', "x"],
  "quotation marks": ["Name,Email\n", '"'],
  "many cells": ["Name,Email\n", "x,"],
  "header only": ["", "Name,"],
  "end-of-file marks": ["Name,Email\n", "\u001A"],
  formula: ['Name,Email\n="', "x"],
  "one object": ['{"a":"', "x"],
  array: ['[{"firstName":"Ana"}', `,{"firstName":"Ana","notes":"${"x".repeat(4_000)}"}`],
}

const [start, repeated] = giants[process.argv[2] ?? ""] ?? ["", ""]
const piece = Buffer.from(repeated.repeat(Math.ceil(PIECE / repeated.length)))
let produced = 0
const bytes = Stream.fromIterable(
  {
    *[Symbol.iterator]() {
      yield Buffer.from(start)
      for (; produced < SIZE; produced += piece.length) yield piece
    },
  },
  { chunkSize: 1 },
)

let count = 0
const outcome = await read(bytes).pipe(
  Effect.flatMap(({ rows }) => Stream.runForEach(rows, () => Effect.sync(() => count++))),
  Effect.scoped,
  Effect.result,
  Effect.runPromise,
)
process.send?.({
  code: Result.isFailure(outcome) ? outcome.failure.code : undefined,
  count,
  produced,
})
