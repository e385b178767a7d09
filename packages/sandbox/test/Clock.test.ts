import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import * as Clock from "../src/api/Clock.ts"
import { VirtualClock } from "../src/api/Clock.ts"
import { create } from "./client.ts"

/** Sends creates one after the other; shows each as `.` for a 200 and `x` for anything else. */
const burst = async (sandbox: Sandbox, count: number, token = "sandbox_ok") => {
  const seen: Array<number> = []
  for (let n = 0; n < count; n++) {
    const id = `id:${sandbox.requests().length}`
    seen.push((await create(sandbox, id, undefined, { token })).status)
  }
  return seen.map((status) => (status === 200 ? "." : "x")).join("")
}

describe("the clock of a sandbox", () => {
  it("is the caller's, if one is given", async () => {
    let now = 1000
    await using sandbox = await Sandbox.start({ clock: () => now, limit: 1, windowMs: 1000 })
    assert.strictEqual(await burst(sandbox, 2), ".x")
    now = 2000
    assert.strictEqual(await burst(sandbox, 1), ".")
    assert.deepStrictEqual(
      sandbox.requests().map(({ at }) => at),
      [1000, 1000, 2000],
    )
  })

  it("rejects advance with a TypeError if it is not virtual", async () => {
    await using sandbox = await Sandbox.start()
    const rejected = await sandbox.advance(1).catch((error: unknown) => error)
    assert.instanceOf(rejected, TypeError)
  })
})

it("keeps its time if advance is given no number", async () => {
  const sandbox = Sandbox.inProcess({ clock: "virtual" })
  const before = sandbox.now()
  const outcome = await sandbox.advance(Number.NaN).catch((error: unknown) => error)
  assert.instanceOf(outcome, TypeError)
  assert.strictEqual(sandbox.now(), before)
})

describe("VirtualClock", () => {
  it("starts in 2026 and moves only when it is advanced", async () => {
    const clock = new VirtualClock()
    assert.strictEqual(clock.now(), Date.UTC(2026, 0, 1))
    await clock.advance(1500)
    assert.strictEqual(clock.now(), Date.UTC(2026, 0, 1) + 1500)
    await clock.advance(-1000)
    assert.strictEqual(clock.now(), Date.UTC(2026, 0, 1) + 1500)
  })

  it("wakes sleepers in order, each at its time, also those that sleep again", async () => {
    const clock = new VirtualClock(0)
    const seen: Array<string> = []
    const twice = async () => {
      await clock.sleep(10)
      seen.push(`twice ${clock.now()}`)
      await clock.sleep(10)
      seen.push(`twice ${clock.now()}`)
    }
    const once = clock.sleep(15).then(() => seen.push(`once ${clock.now()}`))
    const all = Promise.all([twice(), once])
    await clock.advance(19)
    assert.deepStrictEqual(seen, ["twice 10", "once 15"])
    await clock.advance(1)
    await all
    assert.deepStrictEqual(seen, ["twice 10", "once 15", "twice 20"])
  })

  it("ends a sleep without failing when its signal aborts, or has aborted", async () => {
    const clock = new VirtualClock(0)
    const controller = new AbortController()
    const sleep = clock.sleep(1000, controller.signal)
    controller.abort()
    await sleep
    await clock.sleep(1000, controller.signal)
    await clock.sleep(0)
    assert.strictEqual(clock.now(), 0)
  })
})

describe("make", () => {
  it("returns the real clock by default, a virtual one, or the given one", () => {
    assert.strictEqual(Clock.make(undefined), Clock.real)
    assert.strictEqual(Clock.make("real"), Clock.real)
    assert.instanceOf(Clock.make("virtual"), VirtualClock)
    const own = new VirtualClock(7)
    assert.strictEqual(Clock.make(own), own)
    assert.strictEqual(Clock.make(() => 42).now(), 42)
  })
})

it.each(["virtaul", 5, null, { now: () => 0 }])("refuses %j as a clock", (clock) => {
  // safe: what a caller without types may give
  assert.throws(() => Clock.make(clock as unknown as "real"), TypeError, "`clock` must be")
})

describe("real", () => {
  it("never steps back and counts whole milliseconds", () => {
    const times = Array.from({ length: 100 }, () => Clock.real.now())
    assert.deepStrictEqual(
      times.toSorted((a, b) => a - b),
      times,
    )
    assert.isTrue(times.every(Number.isInteger))
  })

  it("ends a sleep, however long, when its signal aborts", async () => {
    const controller = new AbortController()
    const sleep = Clock.real.sleep(2 ** 40, controller.signal)
    controller.abort(new Error("enough"))
    assert.isUndefined(await sleep)
    assert.isUndefined(await Clock.real.sleep(2 ** 40, controller.signal))
  })
})
