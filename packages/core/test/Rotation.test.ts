import { assert, describe, it } from "@effect/vitest"

import * as Rotation from "../src/pacing/Rotation.ts"

const four = ["a", "b", "c", "d"].reduce<Rotation.Rotation>(Rotation.join, [])

/** Lets processes take all that is for them, in this order, of so many permits. */
const takeAll = (rotation: Rotation.Rotation, order: string, limit: number) => {
  const counts = new Map<string, number>()
  let free = limit
  let state = rotation
  for (const process of order) {
    const count = Rotation.countFor(state, process, { free, wanted: 50 })
    if (count > 0) state = Rotation.take(state, process, { count, waits: true })
    counts.set(process, (counts.get(process) ?? 0) + count)
    free -= count
  }
  return { state, counts: ["a", "b", "c", "d"].map((process) => counts.get(process) ?? 0) }
}

/** Passes over those that come before the last. */
const skipped = (rotation: Rotation.Rotation, now: number) =>
  Rotation.take(Rotation.skipAhead(rotation, "d", now), "d", { count: 0, waits: true })

describe("Rotation", () => {
  it("deals free permits out evenly, in any order of the processes", () => {
    assert.deepStrictEqual(takeAll(four, "abcd", 10).counts, [3, 3, 2, 2])
    assert.deepStrictEqual(takeAll(four, "dcba", 10).counts, [3, 3, 2, 2])
    assert.deepStrictEqual(takeAll(four, "b", 10).counts, [0, 3, 0, 0])
    assert.deepStrictEqual(takeAll([], "a", 10).counts, [10, 0, 0, 0])
  })

  it("gives those more next time that had fewer", () => {
    const { state } = takeAll(four, "abcd", 10)
    assert.deepStrictEqual(takeAll(state, "abcd", 10).counts, [2, 2, 3, 3])
  })

  it("says which of the next permits is that of a process", () => {
    assert.deepStrictEqual(
      ["a", "b", "c", "d", "new"].map((process) => Rotation.positionOf(four, process, 1)),
      [1, 2, 3, 4, 5],
    )
    assert.strictEqual(Rotation.positionOf(four, "a", 2), 5)
    assert.strictEqual(Rotation.countAhead(four, "c"), 2)
  })

  it("keeps the place of a process among the next permits, whichever process takes its own first", () => {
    const { state } = takeAll(four, "abcd", 10)
    assert.deepStrictEqual(
      ["a", "b", "c", "d"].map((process) => Rotation.positionOf(state, process, 1)),
      [3, 4, 1, 2],
    )
    for (const process of ["c", "d", "a"]) {
      const others = ["a", "b", "c", "d"].filter((other) => other !== process)
      const own = Rotation.positionOf(state, process, 1)
      const next = Rotation.take(state, process, { count: 1, waits: true })
      for (const other of others) {
        const before = Rotation.positionOf(state, other, 1)
        assert.strictEqual(Rotation.positionOf(next, other, 1), before - (own < before ? 1 : 0))
      }
    }
  })

  it("leaves no permit to a process that waits for none, and remembers that it had more", () => {
    const idle = Rotation.take(four, "a", { count: 4, waits: false })
    assert.deepStrictEqual(takeAll(idle, "bcd", 9).counts, [0, 3, 3, 3])
    const back = Rotation.join(idle, "a")
    assert.strictEqual(Rotation.positionOf(back, "a", 1), 13)
    // ... until the others have had as many
    assert.lengthOf(takeAll(idle, "bcd", 12).state, 3)
  })

  it("drops those that are passed over for two seconds, and takes them up again", () => {
    const late = skipped(skipped(four, 100), 2_099)
    assert.lengthOf(late, 4)
    // one took a permit meanwhile
    const back = Rotation.take(late, "b", { count: 1, waits: true })
    const left = skipped(back, 2_100)
    assert.sameMembers(
      left.map(({ process }) => process),
      ["b", "d"],
    )
    assert.strictEqual(Rotation.positionOf(Rotation.join(left, "a"), "a", 1), 2)
  })

  it("does not grow with processes that take once and end, or that die while they wait", () => {
    let state: Rotation.Rotation = Rotation.join([], "dead")
    for (let each = 0; each < 2_000; each += 1) {
      const once = { count: 1, waits: false }
      state = Rotation.take(state, `once-${each}`, once)
      state = Rotation.join(state, `died-${each}`)
    }
    assert.isAtMost(state.length, 256)
  })
})
