/** Converts core's results into the types of this package. */
import type * as Core from "@aelyst/core"

import type { CreateResult } from "./types.ts"

/** Returns the result of a create that has just ended. */
export const toResult = (value: Core.CreateResult): CreateResult => ({
  identifier: value.identifier,
  result: value.result,
  message: value.message,
  attempts: value.attempts,
  rateLimit: value.rateLimit,
  settledAt: Date.now(),
})
