/** The client of an import: its settings, except for those whose defaults are others in a run. */
import { ConfigurationError, layer } from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import * as Connection from "../Connection.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { Settings } from "../Settings.ts"
import type { FoundToken } from "../Token.ts"

/** Provides the client, with the transport of `@aelyst/node`. */
export const clientLayer = ({ baseUrl, rate }: Settings, { token }: FoundToken) =>
  layer({ baseUrl, token, ...(rate !== undefined && { rateLimit: { perSecond: rate } }) }).pipe(
    Layer.provide(Connection.layer(baseUrl)),
  )

/** Returns the options of a run that are set; the defaults of a run wait longer than those of a single call. */
export const runOptions = ({ deadline, maxWait, origins, retries, timeout }: Settings) => ({
  retries,
  timeout,
  ...(origins.deadline.from !== "default" && deadline !== undefined && { deadline }),
  ...(origins.maxWait.from !== "default" && { maxWait }),
})

const explain = ({ message, option }: ConfigurationError): Failure =>
  usage(
    message.replaceAll("`", ""),
    `fix:   correct or unset ${option}; aelyst doctor shows what is read`,
    "nothing was sent",
  )

/** Reports a setting that the client does not accept. */
export const explained = <A, E, R>(
  effect: Effect.Effect<A, E | ConfigurationError, R>,
): Effect.Effect<A, Exclude<E, ConfigurationError> | Failure, R> =>
  Effect.mapError(effect, (error) =>
    error instanceof ConfigurationError
      ? explain(error)
      : // safe: the other case is above
        (error as Exclude<E, ConfigurationError>),
  )
