import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { ReadError } from "../src/index.ts"
import { type Stage, through } from "../src/read/Stage.ts"

const error = new ReadError({ code: "FILE_EMPTY", message: "m", hint: "h" })

/** Doubles numbers, fails at 0, and adds how many there were. */
const doubling = (): Stage<number, number> => {
  let count = 0
  return {
    push: (value, out) => {
      if (value === 0) return error
      out.push(value * 2)
      count++
      return undefined
    },
    end: (out) => {
      out.push(count)
      return undefined
    },
  }
}

describe("through", () => {
  it.effect("starts from the beginning in each run", () =>
    Effect.gen(function* () {
      const stream = Stream.make(1, 2, 3).pipe(through(doubling))
      assert.deepStrictEqual(yield* Stream.runCollect(stream), [2, 4, 6, 3])
      assert.deepStrictEqual(yield* Stream.runCollect(stream), [2, 4, 6, 3])
    }),
  )

  it.effect("emits what is complete before it fails", () =>
    Effect.gen(function* () {
      const seen: number[] = []
      const stream = Stream.make(1, 2, 0, 3).pipe(through(doubling))
      const failure = yield* Effect.flip(
        Stream.runForEach(stream, (value) => Effect.sync(() => seen.push(value))),
      )
      assert.strictEqual(failure, error)
      assert.deepStrictEqual(seen, [2, 4])
    }),
  )

  it.effect("passes on the error of the stream", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* Effect.flip(Stream.runDrain(Stream.fail(error).pipe(through(doubling)))),
        error,
      )
    }),
  )
})
