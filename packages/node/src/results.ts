/** Results of core as callers of this package see them. */
import type * as Core from "@aelyst/core"

import type { CreateResult, Identifier } from "./types.ts"

/** Gives core's identifier its public type. */
export const toIdentifier = (identifier: string): Identifier =>
  // safe: called with identifiers that core has checked
  identifier as Identifier

/** Gives the result of a create that has just ended. */
export const toResult = (value: Core.CreateResult): CreateResult => ({
  identifier: toIdentifier(value.identifier),
  result: value.result,
  message: value.message,
  attempts: value.attempts,
  rateLimit: value.rateLimit,
  settledAt: Date.now(),
})
