import { assert, describe, it } from "@effect/vitest"

import { Effect, Random, Stream } from "effect"

import { prepare } from "../src/send/Prepare.ts"
import { sampleOf } from "../src/send/Sample.ts"
import { facts, inTime, layerJournalled } from "./journalled.ts"
import { readyRow } from "./rows.ts"

const rows = Stream.map(Stream.range(1, 50), (number) => readyRow(number))

describe("sampleOf", () => {
  it.effect("draws each row about as often as the others", () =>
    Effect.gen(function* () {
      const { journal } = yield* prepare(rows, facts)
      const drawn = Array.from({ length: 51 }, () => 0)
      for (let seed = 0; seed < 400; seed += 1) {
        const numbers = yield* Random.withSeed(sampleOf(journal, 10), seed)
        assert.strictEqual(numbers.size, 10)
        for (const number of numbers) drawn[number] = (drawn[number] ?? 0) + 1
      }
      // 80 each on average, with a standard deviation of 8
      for (const times of drawn.slice(1)) assert.closeTo(times, 80, 40)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )

  it.effect("draws all rows if there are fewer", () =>
    Effect.gen(function* () {
      const { journal } = yield* prepare(rows, facts)
      assert.strictEqual((yield* sampleOf(journal, 99)).size, 50)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )
})
