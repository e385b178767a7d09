/** The gate that packages set on a call or a run, between Promises and core's `AttemptGate`. */
import * as Core from "@aelyst/core"
import * as Effect from "effect/Effect"

import type { Allowance, AttemptGate } from "./types.ts"

/** Checks what the promise of a gate resolves to. */
const checkAllowance = (given: unknown): Allowance | undefined => {
  if (given === undefined || given === null) return undefined
  const notAfter: unknown = Reflect.get(Object(given), "notAfter")
  if (typeof notAfter === "number" && !Number.isNaN(notAfter)) return { notAfter }
  throw new TypeError("`gate.before` must resolve to nothing, or to { notAfter } with a number")
}

/** Moves `notAfter` from the clock of `performance.now()` to core's. */
const onCoreClock = (allowance: Allowance | undefined, now: number): Allowance | undefined =>
  allowance && { notAfter: allowance.notAfter - performance.now() + now }

/** Converts a gate: what its promise rejects with, or what it throws, is the cause of the refusal. */
export const toCore = (gate: AttemptGate | undefined): Core.AttemptGate.Gate | undefined =>
  gate && {
    before: (attempt) =>
      Effect.zipWith(
        Effect.tryPromise({
          try: async () => checkAllowance(await gate.before(attempt)),
          catch: (cause) => new Core.AttemptGate.NotAllowed({ cause }),
        }),
        Core.AttemptGate.monotonicMillis,
        onCoreClock,
      ),
  }
