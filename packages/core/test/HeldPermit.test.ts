import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import type { Step } from "../src/pacing/HeldPermit.ts"
import { HeldPermit } from "../src/pacing/HeldPermit.ts"
import * as Admission from "../src/pacing/Admission.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import { config } from "./machine.ts"

/** A permit whose queue keeps the state here. */
const make = () => {
  const [decision, admitted] = Admission.decide(config, PacerState.make(config), 0)
  let state = admitted
  let changes = 0
  const change = (step: Step) =>
    Effect.sync(() => {
      state = step(state, 10, config)
      changes += 1
    })
  const id = decision._tag === "Admit" ? decision.id : Number.NaN
  const permit = new HeldPermit({ change }, { id, waitedMs: 3, minRoundTripMs: 50 })
  return { permit, inFlight: () => PacerState.countInFlight(state), changes: () => changes }
}

describe("HeldPermit", () => {
  it.effect("counts only the first of its ends", () =>
    Effect.gen(function* () {
      const { changes, inFlight, permit } = make()
      assert.strictEqual(inFlight(), 1)
      yield* permit.giveBack
      yield* permit.abandon
      yield* permit.observe({ rateLimited: false })
      assert.deepStrictEqual([inFlight(), changes()], [0, 1])
    }),
  )

  it.effect("is in flight no more after a response or when it is abandoned", () =>
    Effect.gen(function* () {
      for (const end of ["observe", "abandon"] as const) {
        const { inFlight, permit } = make()
        yield* end === "observe" ? permit.observe({ rateLimited: false }) : permit.abandon
        assert.strictEqual(inFlight(), 0)
        assert.isTrue(permit.ended)
      }
    }),
  )
})
