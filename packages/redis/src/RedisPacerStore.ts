/** The store of pacers in Redis, for programs that use Effect. */
import type { ConfigurationError } from "@aelyst/core"
import { Pacer } from "@aelyst/core"
import { fromPromises } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import type { SharedLimitOptions } from "./SharedLimit.ts"
import { sharedLimit } from "./SharedLimit.ts"

/**
 * Provides the store of a rate limit that processes share: to a `Pacer`, or to the client, which keeps its pace there.
 *
 * **Details**
 *
 * It logs a warning if Redis is lost and continues with the part of the limit that `instances` leaves to this process. It
 * fails with `ConfigurationError` if an option is wrong; if the server is no Redis, the first call dies with one.
 */
export const layer = (
  options: SharedLimitOptions,
): Layer.Layer<Pacer.PacerStore, ConfigurationError> =>
  Layer.effect(
    Pacer.PacerStore,
    Effect.try({
      try: () => fromPromises(sharedLimit(options)),
      // safe: `sharedLimit` throws nothing else
      catch: (error) => error as ConfigurationError,
    }),
  )
