/** The gate that packages set on a call or a run, between Promises and core's `AttemptGate`. */
import * as Core from "@aelyst/core"
import * as Effect from "effect/Effect"

import type { AttemptGate } from "./types.ts"

/** Converts a gate: what its promise rejects with, or what it throws, is the cause of the refusal. */
export const toCore = (gate: AttemptGate | undefined): Core.AttemptGate.Gate | undefined =>
  gate && {
    before: (attempt) =>
      Effect.tryPromise({
        try: async () => gate.before(attempt),
        catch: (cause) => new Core.AttemptGate.NotAllowed({ cause }),
      }),
  }
