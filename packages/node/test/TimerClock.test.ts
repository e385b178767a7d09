import { EventEmitter, once } from "node:events"

import { Sandbox } from "@aelyst/sandbox"
import { Duration, Effect } from "effect"
import { afterEach, describe, expect, it, vi } from "vitest"

import { Aelyst } from "../src/index.ts"
import * as TimerClock from "../src/TimerClock.ts"

const nowMs = () => Number(TimerClock.clock.monotonicTimeNanosUnsafe()) / 1e6

afterEach(() => vi.useRealTimers())

/** The ways in which tests fake timers; `nextTick` and `queueMicrotask` are never faked by default. */
const ways = {
  "all that are faked by default": undefined,
  "the timers without a clock": { toFake: ["setTimeout", "clearTimeout"] },
  "the timers and the date": { toFake: ["setTimeout", "clearTimeout", "Date"] },
  "the timers and every clock": {
    toFake: ["setTimeout", "clearTimeout", "Date", "performance", "hrtime"],
  },
} satisfies Record<string, Parameters<typeof vi.useFakeTimers>[0]>

describe("TimerClock.clock", () => {
  it.each(Object.entries(ways))("R25: ends a wait by one advance of %s", async (_name, fake) => {
    const sandbox = await Sandbox.start()
    sandbox.fail({ status: 429, retryAfter: 30, times: 1 })
    const waits = new EventEmitter()
    const waiting = once(waits, "wait")
    const aelyst = new Aelyst({
      baseUrl: sandbox.baseUrl,
      token: sandbox.tokens.ok,
      hooks: { onWait: ({ ms }) => waits.emit("wait", ms) },
    })
    vi.useFakeTimers(fake)
    const created = aelyst.contacts.create("id:waited", { firstName: "Ana" })
    expect((await waiting)[0]).toBeGreaterThan(29_000)
    await vi.advanceTimersByTimeAsync(31_000)
    expect((await created).attempts).toHaveLength(2)
    vi.useRealTimers()
    // the client continues by the real clock
    await aelyst.contacts.create("id:after", { firstName: "Ana" })
    expect(sandbox.requests()).toHaveLength(3)
    await aelyst.close()
    await sandbox.close()
  })

  it("R25: reaches the deadline of a call by one advance", async () => {
    const sandbox = await Sandbox.start()
    sandbox.fail("stall")
    const aelyst = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok, retries: 0 })
    vi.useFakeTimers()
    const tried = aelyst.contacts.tryCreate("id:stalled", { firstName: "Ana" })
    await vi.waitUntil(() => sandbox.requests().length === 1)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await tried).toMatchObject({ ok: false, outcome: "unknown" })
    vi.useRealTimers()
    await aelyst.close()
    await sandbox.close()
  })

  it("is at the end of a wait that has ended, and no further", async () => {
    vi.useFakeTimers()
    const before = nowMs()
    const slept = Effect.runPromise(TimerClock.clock.sleep(Duration.minutes(1)))
    await vi.advanceTimersByTimeAsync(59_000)
    expect(nowMs() - before).toBeLessThan(30_000)
    await vi.advanceTimersByTimeAsync(1_000)
    await slept
    expect(nowMs() - before).toBeGreaterThanOrEqual(60_000)
  })
})
