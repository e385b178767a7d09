import { assert, describe, it } from "@effect/vitest"

import { burst, Machine, waitOf } from "./machine.ts"

/** A bucket that refills evenly. */
const bucket = (burstSize: number, perSecond: number) => {
  let tokens = burstSize
  let last = 0
  return (now: number) => {
    tokens = Math.min(burstSize, tokens + ((now - last) * perSecond) / 1000)
    last = now
    if (tokens < 1) {
      return { rateLimited: true, limit: burstSize, remaining: 0, retryAfterMs: 1000 }
    }
    tokens -= 1
    return { rateLimited: false, limit: burstSize, remaining: Math.floor(tokens) }
  }
}

/** Sends as much as the pacer lets through, with a round trip of 30 ms; counts what is accepted from a time on. */
const useBucket = (burstSize: number, perSecond: number, fromMs: number, untilMs: number) => {
  const machine = new Machine()
  const handle = bucket(burstSize, perSecond)
  let accepted = 0
  let rateLimited = 0
  while (machine.now < untilMs) {
    const sent = burst(machine).map((id) => [id, handle(machine.now + 15)] as const)
    machine.now += sent.length > 0 ? 30 : Math.max(1, Math.ceil(waitOf(machine)))
    for (const [id, response] of sent) {
      machine.observe(id, response)
      if (response.rateLimited) rateLimited++
      else if (machine.now > fromMs) accepted++
    }
  }
  return { accepted, machine, rateLimited }
}

describe("LimiterKind", () => {
  for (const [burstSize, perSecond] of [
    [3, 10],
    [5, 10],
    [10, 20],
  ] as const) {
    it(`uses a bucket of ${burstSize} at ${perSecond} per second in full, without a 429`, () => {
      const { accepted, rateLimited } = useBucket(burstSize, perSecond, 2000, 12_000)
      assert.isAtLeast(accepted, 10 * perSecond * 0.97)
      assert.strictEqual(rateLimited, 0)
    })
  }

  for (const [burstSize, perSecond] of [
    [4, 3],
    [5, 3],
    [6, 2.5],
  ] as const) {
    it(`recognises a bucket of ${burstSize} at ${perSecond} per second by a send that it forgets before an older one`, () => {
      const { accepted, machine, rateLimited } = useBucket(burstSize, perSecond, 10_000, 60_000)
      assert.isNotNull(machine.state.refill)
      assert.isAtLeast(accepted, 50 * perSecond * 0.97)
      assert.isAtMost(rateLimited, 3)
    })
  }
})
