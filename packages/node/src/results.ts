/** Results of core as callers of this package see them. */
import type * as Core from "@aelyst/core"

import type { CreateResult } from "./types.ts"

/** Gives the result of a create that has just ended. */
export const toResult = (value: Core.CreateResult): CreateResult => ({
  identifier: value.identifier,
  result: value.result,
  message: value.message,
  attempts: value.attempts,
  rateLimit: value.rateLimit,
  settledAt: Date.now(),
})
