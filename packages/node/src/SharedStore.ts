/** The store of a limit that processes share, for the token and the origin of a client. */
import type * as Core from "@aelyst/core"
import { SharedState, fromPromises } from "@aelyst/core/adapter"

import type { SharedRateLimitStore } from "./types.ts"

/** Converts a store. The key, a hash of origin and token, is computed with the first request. */
export const toCore = (
  store: SharedRateLimitStore,
  origin: string,
  token: Core.TokenSource,
): Core.Pacer.PacerStore["Service"] => fromPromises(store, SharedState.keyOf(origin, token))
