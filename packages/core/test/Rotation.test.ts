import { assert, describe, it } from "@effect/vitest"

import * as Rotation from "../src/pacing/Rotation.ts"

const take = (names: string): Rotation.Rotation =>
  names.split("").reduce<Rotation.Rotation>((rotation, name) => Rotation.take(rotation, name), [])

describe("Rotation", () => {
  it("lets those go first whose last permit is longer ago, and those that had none", () => {
    const rotation = take("abcab")
    assert.strictEqual(Rotation.waitOf(rotation, "d", 1), 0)
    assert.strictEqual(Rotation.waitOf(rotation, "c", 1), 0)
    assert.strictEqual(Rotation.waitOf(rotation, "a", 1), 7)
    assert.strictEqual(Rotation.waitOf(rotation, "b", 1), 14)
    assert.strictEqual(Rotation.waitOf([], "a", 1), 0)
  })

  it("waits for no process that took none of the last 16 permits", () => {
    assert.strictEqual(Rotation.waitOf(take(`b${"a".repeat(15)}`), "a", 1), 7)
    assert.strictEqual(Rotation.waitOf(take(`b${"a".repeat(16)}`), "a", 1), 0)
  })
})
