import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"

import { VersionShares } from "../src/pacing/VersionShares.ts"
import { makeStore } from "./stores.ts"

const start = (at: ReturnType<typeof makeStore>) => {
  const join = (version: number, name: string) =>
    new VersionShares(at.exchange, `aelyst:pacer:${version}:abc`, name, 4)
  const note = (...processes: ReadonlyArray<VersionShares>) =>
    processes.reduce<Promise<void>>(
      (before, one) => before.then(() => one.note(performance.now() + at.faults.clockMs)),
      Promise.resolve(),
    )
  return { join, note }
}

describe("VersionShares", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it("gives each version the part of its processes", async () => {
    const at = makeStore()
    const { join, note } = start(at)
    const old = [join(1, "a"), join(1, "b"), join(1, "c")]
    const young = join(2, "d")
    await note(...old, young)
    assert.deepStrictEqual([...at.records.keys()], ["aelyst:pacer:versions:abc"])
    assert.strictEqual(young.share, 1 / 4)
    vi.advanceTimersByTime(1000)
    await note(...old)
    assert.deepStrictEqual(
      old.map(({ share }) => share),
      [3 / 4, 3 / 4, 3 / 4],
    )
    // the deploy is over: the old processes are gone
    vi.advanceTimersByTime(11_000)
    await note(young)
    assert.strictEqual(young.share, 1)
  })

  it("counts more processes than there are instances", async () => {
    const { join, note } = start(makeStore())
    const old = ["a", "b", "c", "d"].map((name) => join(1, name))
    const young = join(2, "e")
    await note(...old, young)
    assert.strictEqual(young.share, 1 / 5)
  })

  it("takes two commands each 4 seconds at most, and none for a key without a version", async () => {
    const at = makeStore()
    const { join, note } = start(at)
    const processes = [join(1, "a"), join(1, "b")]
    await note(...processes)
    vi.advanceTimersByTime(10_000)
    await note(...processes)
    at.counts.commands = 0
    for (let second = 0; second < 40; second++) {
      await note(...processes)
      vi.advanceTimersByTime(1000)
    }
    assert.isAtMost(at.counts.commands, 40)
    at.counts.commands = 0
    await note(new VersionShares(at.exchange, "api", "a", 4))
    assert.strictEqual(at.counts.commands, 0)
  })

  it("starts again from damaged notes", async () => {
    const at = makeStore()
    const { join, note } = start(at)
    at.records.set("aelyst:pacer:versions:abc", { version: "x", text: "junk" })
    const one = join(1, "a")
    await note(one)
    assert.strictEqual(one.share, 1)
    assert.include(at.records.get("aelyst:pacer:versions:abc")?.text, '"a"')
  })
})
