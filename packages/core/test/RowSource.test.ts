import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Stream } from "effect"

import type { Rows } from "../src/call/RowSource.ts"
import { fromIterable, isRows } from "../src/call/RowSource.ts"

const collect = <A>(rows: Rows<A>) => Stream.runCollect(fromIterable(rows, (row) => row))

async function* later() {
  yield 1
  yield 2
}

describe("fromIterable", () => {
  it.effect("emits the rows of an iterable, of an async iterable, and of promises", () =>
    Effect.gen(function* () {
      for (const rows of [[1, 2], new Set([1, 2]), later()]) {
        assert.deepStrictEqual(yield* collect(rows), [1, 2])
      }
      assert.deepStrictEqual(yield* collect<unknown>([Promise.resolve(1), 2]), [1, 2])
    }),
  )

  it.effect("fails with the error that the source throws, and does not end it again", () =>
    Effect.gen(function* () {
      const mine = new Error("mine")
      let returned = 0
      const rows: Iterable<number> = {
        [Symbol.iterator]: () => ({
          next: () => {
            throw mine
          },
          return: () => {
            returned += 1
            return { done: true, value: undefined }
          },
        }),
      }
      assert.strictEqual(yield* Effect.flip(collect(rows)), mine)
      assert.strictEqual(returned, 0)
    }),
  )

  it.effect("notes a row that arrives after the reader has left (T2)", () =>
    Effect.gen(function* () {
      const noted: Array<number> = []
      let arrive: ((result: IteratorResult<number>) => void) | undefined
      let returned = 0
      const rows: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () =>
            new Promise((resolve) => {
              arrive = resolve
            }),
          return: async () => {
            returned += 1
            throw new Error("mine")
          },
        }),
      }
      const stream = fromIterable(rows, (row) => noted.push(row))
      const fiber = yield* Effect.forkChild(Stream.runDrain(stream), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.strictEqual(returned, 1)
      arrive?.({ done: false, value: 7 })
      yield* Effect.promise(async () => undefined)
      assert.deepStrictEqual(noted, [7])
    }),
  )
})

describe("isRows", () => {
  it("takes what can be iterated over, except a string", () => {
    for (const rows of [[], new Set(), later()]) assert.isTrue(isRows(rows))
    for (const other of [undefined, null, "rows", 5, {}]) assert.isFalse(isRows(other))
  })
})
