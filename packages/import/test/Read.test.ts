import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Fixture } from "./fixtures/Fixture.ts"
import { fixtures } from "./fixtures/make.ts"
import { readAll } from "./reading.ts"

const files = await fixtures()

const valuesOf = (columns: readonly string[], cells: readonly string[]) =>
  Object.fromEntries(cells.map((cell, at) => [columns[at], cell]).filter(([, cell]) => cell !== ""))

const expectFixture = Effect.fnUntraced(function* (fixture: Fixture) {
  const outcome = yield* Effect.result(
    readAll(fixture.bytes, { fileName: fixture.file, ...fixture.options }),
  )
  if (Result.isFailure(outcome)) {
    const { code, line, column } = outcome.failure
    assert.deepStrictEqual(
      { code, line, column },
      { line: undefined, column: undefined, ...fixture.error },
      outcome.failure.message,
    )
    return
  }
  const { head, rows } = outcome.success
  assert.isUndefined(fixture.error)
  assert.deepStrictEqual({ ...head, ...fixture.head }, head)
  assert.deepStrictEqual(
    rows.map(({ line, cells }) => ({ line, values: valuesOf(head.columns, cells) })),
    fixture.rows?.map(({ line, values }) => ({ line, values })),
  )
  assert.deepStrictEqual(
    rows.map(({ number }) => number),
    rows.map((_, at) => at + 1),
  )
})

describe("read", () => {
  for (const fixture of files)
    it.effect(`reads ${fixture.file} as expected`, () => expectFixture(fixture))
})
