import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { Fixture } from "./fixtures/Fixture.ts"
import { fixtures } from "./fixtures/make.ts"
import { readSpoiled } from "./mutations.ts"
import { readAll } from "./reading.ts"
import { cutBytesAt } from "./printedTables.ts"

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

  it.effect("reads the same wherever the bytes of a stream are cut (F13)", () =>
    Effect.gen(function* () {
      const small = files.filter(({ bytes, error }) => error === undefined && bytes.length < 250)
      assert.isAbove(small.length, 20)
      for (const { file, bytes, options } of small) {
        const fileName = file
        const whole = yield* readAll(bytes, { fileName, ...options })
        const read = (pieces: readonly Uint8Array[]) =>
          readAll(Stream.fromIterable(pieces).pipe(Stream.rechunk(1)), { fileName, ...options })
        const expected = { ...whole, head: { ...whole.head, samples: [] } }
        for (let at = 0; at <= bytes.length; at++)
          assert.deepStrictEqual(
            yield* read(cutBytesAt(bytes, [at])),
            expected,
            `${file} cut at ${at}`,
          )
        const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
        assert.deepStrictEqual(yield* read(single), expected, `${file} byte by byte`)
      }
    }),
  )

  it.effect("ends with rows or an error with a place for 2,000 spoiled files", () =>
    Effect.gen(function* () {
      const { read, errors } = yield* readSpoiled(
        files.filter(({ bytes }) => bytes.length < 20_000),
        2_000,
        1,
      )
      assert.isAbove(read, 300)
      assert.isAbove(errors.size, 10)
    }),
  )
})
