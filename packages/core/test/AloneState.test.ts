import { assert, describe, it } from "@effect/vitest"

import * as Admission from "../src/pacing/Admission.ts"
import { leave, rejoin } from "../src/pacing/AloneState.ts"
import { observe } from "../src/pacing/LearnFromResponse.ts"
import * as PacerState from "../src/pacing/PacerState.ts"

const config = { prior: { limit: 10, windowMs: 1000 } }
const admit = (state: PacerState.PacerState, now: number, share?: number) =>
  Admission.decide({ ...config, share }, state, now)[1]

/** A state with one request in flight, the scout. */
const scouting = admit(PacerState.make(config), 0)
const open = observe(
  config,
  scouting,
  1,
  { rateLimited: false, limit: 10, remaining: 9, jitter: 0 },
  50,
)

describe("leave", () => {
  it("does not wait for the request of another process, and counts it", () => {
    const alone = leave(scouting, 1000, 10)
    assert.strictEqual(alone.scoutId, null)
    assert.strictEqual(PacerState.countInFlight(alone), 0)
    assert.strictEqual(alone.log[0]?.count, 1)
    assert.strictEqual(admit(alone, 10, 0.5).inFlight.at(-1)?.id, 1000)
  })

  it("numbers the requests of a state that knows nothing", () => {
    const fresh = PacerState.restore(config, leave(undefined, 1000, 10))
    assert.deepStrictEqual(fresh, { ...PacerState.make(config), nextId: 1000 })
  })
})

describe("rejoin", () => {
  const from = { firstId: 1000, sinceMs: 100, shiftMs: 7 }
  const alone = admit(admit(leave(open, 1000, 100), 100, 0.5), 110, 0.5)

  it("adds what was sent since, at the time of the shared state", () => {
    const state = rejoin(open, alone, from)
    assert.deepStrictEqual(
      state.log.map(({ at, count }) => [at, count]),
      [
        [50, 1],
        [107, 1],
        [117, 1],
      ],
    )
    assert.deepStrictEqual(
      state.inFlight.map(({ id, logged, sentAt }) => [id, logged, sentAt]),
      [
        [1000, true, 107],
        [1001, true, 117],
      ],
    )
    assert.strictEqual(state.nextId, open.nextId)
  })

  it("takes the gate that opens later", () => {
    const closed = { ...alone, gate: { untilMs: 500 } }
    assert.deepStrictEqual(rejoin(open, closed, from).gate, { untilMs: 507 })
    const longer = { ...open, gate: { untilMs: 900 } }
    assert.deepStrictEqual(rejoin(longer, closed, from).gate, { untilMs: 900 })
    assert.deepStrictEqual(rejoin(longer, alone, from).gate, { untilMs: 900 })
  })
})
