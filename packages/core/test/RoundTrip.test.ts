import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import * as RoundTrip from "../src/pacing/RoundTrip.ts"

const Samples = Schema.Array(
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5000 })),
).check(Schema.isMinLength(1), Schema.isMaxLength(400))

const of = (samples: ReadonlyArray<number>, limit = 10): RoundTrip.RoundTrip =>
  samples.reduce((before, sample) => RoundTrip.add(before, sample, limit), RoundTrip.unknown)

/** The bound after one short round trip and this many of 100 ms. */
const boundAfter = (count: number, limit = 10): number =>
  RoundTrip.lowerBound(of([10, ...Array.from({ length: count }, () => 100)], limit))

describe("RoundTrip", () => {
  it("has seen 50 ms before the first, then the shortest sample", () => {
    assert.strictEqual(RoundTrip.minimum(RoundTrip.unknown), 50)
    assert.strictEqual(RoundTrip.minimum(of([80])), 80)
    assert.strictEqual(RoundTrip.minimum(of([80, 20, 300])), 20)
  })

  it("expects nothing of an unknown round trip", () => {
    assert.strictEqual(RoundTrip.lowerBound(RoundTrip.unknown), 0)
  })

  it.prop(
    "never expects more than the shortest sample less a millisecond, nor less than nothing",
    { samples: Samples },
    ({ samples }) => {
      // the minimum is renewed every 128 samples, and that of the turn before still counts
      const recent = samples.slice(128 * Math.max(0, Math.ceil(samples.length / 128) - 2))
      const bound = RoundTrip.lowerBound(of(samples))
      assert.isAtLeast(bound, 0)
      assert.isAtMost(bound, Math.max(0, Math.min(...recent)))
    },
    { arbitrary: { runs: 1000 } },
  )

  it("comes closer to a steady round trip with every sample", () => {
    const bounds = [1, 4, 16, 64].map((count) =>
      RoundTrip.lowerBound(of(Array.from({ length: count }, () => 40))),
    )
    assert.deepStrictEqual(bounds, [31, 37, 38.5, 38.875])
  })

  it("forgets a short round trip after two renewals", () => {
    assert.isAtMost(boundAfter(200), 10)
    assert.isAbove(boundAfter(300), 90)
  })

  it("keeps the minimum for four windows of a large limit", () => {
    assert.isAbove(boundAfter(300, 32), 90)
    assert.isAtMost(boundAfter(300, 100), 10)
  })
})
