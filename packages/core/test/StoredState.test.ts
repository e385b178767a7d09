import { assert, describe, it } from "@effect/vitest"

import * as State from "../src/pacing/PacerState.ts"
import type { PacerState } from "../src/pacing/StoredState.ts"

describe("PacerState as a store keeps it", () => {
  it("survives JSON unchanged, so that a store may keep text", () => {
    const state: PacerState = State.make({ prior: { limit: 10, windowMs: 1_000 } })
    // safe: the JSON of a state, which is compared with it
    const kept = JSON.parse(JSON.stringify(state)) as PacerState
    assert.deepStrictEqual(kept, state)
  })

  it("has a version and no value that JSON cannot hold", () => {
    const state = State.make({ prior: { limit: 3, windowMs: 500 } })
    assert.strictEqual(state.version, 6)
    for (const [name, value] of Object.entries(state)) {
      assert.notStrictEqual(value, undefined, name)
      if (typeof value === "number") assert.isTrue(Number.isFinite(value), name)
    }
  })
})
