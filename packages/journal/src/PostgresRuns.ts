/** The runs of a Postgres database, which several machines send together. */
import type { ConfigurationError } from "@aelyst/core"
import { ClientOptions } from "@aelyst/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { SqlClient } from "effect/sql/SqlClient"

import { Cipher, keyOf } from "./Cipher.ts"
import type { RunsService } from "./Journal.ts"
import { Runs } from "./Journal.ts"
import { runsOf } from "./PostgresStore.ts"
import { openTables } from "./PostgresTables.ts"
import type { SharedRunsService } from "./SharedRuns.ts"
import { SharedRuns } from "./SharedRuns.ts"

export { openDatabase } from "./Database.ts"

/** The options of the runs of a database. */
export interface PostgresRunsOptions {
  /**
   * Keys of 32 bytes, as base64 or bytes, for the contacts of rows that have not ended: the first encrypts, all decrypt. Without
   * one, contacts are stored in clear until their rows end.
   */
  readonly encryptionKeys?: ReadonlyArray<string | Uint8Array> | undefined
  /** The rows of a range, which one process sends at a time: 1 to 10,000, default 200. It holds for runs that are planned then. */
  readonly rangeRows?: number | undefined
}

const cipherOf = (given: unknown) => {
  const keys = Array.isArray(given) ? given.map(keyOf) : given === undefined ? [] : [undefined]
  const valid = keys.filter((key) => key !== undefined)
  return valid.length === keys.length
    ? Result.succeed(new Cipher(valid))
    : ClientOptions.fail(
        "encryptionKeys",
        "must hold keys of 32 bytes, as base64 or bytes; `openssl rand -base64 32` makes one",
      )
}

const rangeRowsOf = (given: unknown = 200) =>
  typeof given === "number" && Number.isInteger(given) && given >= 1 && given <= 10_000
    ? Result.succeed(given)
    : ClientOptions.fail("rangeRows", "must be an integer between 1 and 10,000", given)

/**
 * Creates the services `Runs` and `SharedRuns` over the Postgres database of the `SqlClient` in the context. The tables are
 * created with the first operation, which needs the right to do so.
 *
 * **Details**
 *
 * Every step is one statement without session state, so pgbouncer in transaction mode may be between, with prepared
 * statements turned off. Leases are measured by the clock of the server. A run may be open in several processes; its rows are
 * kept apart by claims on ranges. `path` of `start` means nothing here. Nothing begins after a statement failed, until the run is
 * opened again; what was in flight is still recorded if that works.
 *
 * Fails with `ConfigurationError` for a wrong option.
 *
 * **Example** (A wrong option)
 *
 * ```ts
 * import { PostgresRuns } from "@aelyst/journal/postgres"
 * import { PgClient } from "@effect/sql-pg"
 * import { Effect, Redacted } from "effect"
 *
 * const url = Redacted.make("postgres://importer@127.0.0.1:9/leads")
 * const program = Effect.flip(PostgresRuns.make({ rangeRows: 0 }))
 *
 * const error = await Effect.runPromise(Effect.provide(program, PgClient.layer({ url })))
 * console.log(error.message) // => `rangeRows` must be an integer between 1 and 10,000 (got 0)
 * ```
 */
export const make = (
  options: PostgresRunsOptions = {},
): Effect.Effect<RunsService & SharedRunsService, ConfigurationError, SqlClient> =>
  Effect.gen(function* () {
    const cipher = yield* Effect.fromResult(cipherOf(options.encryptionKeys))
    const rangeRows = yield* Effect.fromResult(rangeRowsOf(options.rangeRows))
    return runsOf(openTables(yield* SqlClient), cipher, rangeRows)
  })

/**
 * Provides `Runs` and `SharedRuns` over a Postgres database; see `make`.
 *
 * **Example** (A database that is down)
 *
 * ```ts
 * import { Runs } from "@aelyst/journal"
 * import { PostgresRuns } from "@aelyst/journal/postgres"
 * import { PgClient } from "@effect/sql-pg"
 * import { Effect, Layer, Redacted } from "effect"
 *
 * const url = Redacted.make("postgres://importer@127.0.0.1:9/leads")
 * const live = PostgresRuns.layer().pipe(Layer.provide(PgClient.layer({ url })))
 * const program = Effect.gen(function* () {
 *   const runs = yield* Runs
 *   return (yield* runs.list).length
 * }).pipe(
 *   Effect.catchTag("JournalError", ({ detail, reason }) => Effect.succeed(`${reason} ${detail}`)),
 *   Effect.provide(live),
 * )
 *
 * console.log(await Effect.runPromise(program)) // => unavailable ECONNREFUSED
 * ```
 */
export const layer = (
  options: PostgresRunsOptions = {},
): Layer.Layer<Runs | SharedRuns, ConfigurationError, SqlClient> =>
  Layer.effectContext(
    Effect.map(make(options), (runs) =>
      Context.empty().pipe(Context.add(Runs, runs), Context.add(SharedRuns, runs)),
    ),
  )
