import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"

import { sleep, within } from "../src/pacing/Timeout.ts"

describe("within", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it("resolves to the reply, or to undefined after the time, and leaves no timer", async () => {
    assert.strictEqual(await within(10, Promise.resolve("reply")), "reply")
    assert.strictEqual(vi.getTimerCount(), 0)
    const late = within(10, new Promise(() => undefined))
    await vi.advanceTimersByTimeAsync(11)
    assert.isUndefined(await late)
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("takes a reply that comes in the turn of the timer", async () => {
    const reply = new Promise<string>((resolve) => {
      setTimeout(() => resolve("reply"), 10)
    })
    const found = within(10, reply)
    await vi.advanceTimersByTimeAsync(20)
    assert.strictEqual(await found, "reply")
  })

  it("sleeps whole milliseconds", async () => {
    let isOver = false
    void sleep(1.2).then(() => (isOver = true))
    await vi.advanceTimersByTimeAsync(1)
    assert.isFalse(isOver)
    await vi.advanceTimersByTimeAsync(1)
    assert.isTrue(isOver)
  })
})
