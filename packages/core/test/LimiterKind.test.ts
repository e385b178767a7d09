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

describe("LimiterKind", () => {
  for (const [burstSize, perSecond] of [
    [3, 10],
    [5, 10],
    [10, 20],
  ] as const) {
    it(`uses a bucket of ${burstSize} at ${perSecond} per second in full, without a 429`, () => {
      const machine = new Machine()
      const handle = bucket(burstSize, perSecond)
      let accepted = 0
      let rateLimited = 0
      while (machine.now < 12_000) {
        const sent = burst(machine).map((id) => [id, handle(machine.now + 15)] as const)
        machine.now += sent.length > 0 ? 30 : Math.max(1, Math.ceil(waitOf(machine)))
        for (const [id, response] of sent) {
          machine.observe(id, response)
          if (response.rateLimited) rateLimited++
          else if (machine.now > 2000) accepted++
        }
      }
      assert.isAtLeast(accepted, 10 * perSecond * 0.97)
      assert.strictEqual(rateLimited, 0)
    })
  }
})
