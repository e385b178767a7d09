import { assert, describe, it } from "@effect/vitest"

import * as Turns from "../src/pacing/Turns.ts"

const take = (names: string): Turns.Turns =>
  names.split("").reduce<Turns.Turns>((turns, name) => Turns.take(turns, name), [])

describe("Turns", () => {
  it("lets those go first whose last permit is longer ago, and those that had none", () => {
    const turns = take("abcab")
    assert.strictEqual(Turns.waitOf(turns, "d", 1), 0)
    assert.strictEqual(Turns.waitOf(turns, "c", 1), 0)
    assert.strictEqual(Turns.waitOf(turns, "a", 1), 7)
    assert.strictEqual(Turns.waitOf(turns, "b", 1), 14)
    assert.strictEqual(Turns.waitOf([], "a", 1), 0)
  })

  it("waits for no process that took none of the last 16 permits", () => {
    assert.strictEqual(Turns.waitOf(take(`b${"a".repeat(15)}`), "a", 1), 7)
    assert.strictEqual(Turns.waitOf(take(`b${"a".repeat(16)}`), "a", 1), 0)
  })
})
