/**
 * Opens the database of imports that several machines send. Its driver and the workflow are loaded with this module, by nothing
 * else.
 */
import type { Pacer } from "@aelyst/core"
import type { Runs } from "@aelyst/journal"
import type { SharedRuns } from "@aelyst/journal/postgres"
import { PostgresRuns } from "@aelyst/journal/postgres"
import { Database, ImportWorkflow, SharedPace } from "@aelyst/workflow"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql/SqlError"

import { Failure, usage } from "../Failure.ts"
import type { Environment } from "../Host.ts"
import { variable } from "../Host.ts"
import { problemOf } from "../outbox/DatabaseProblem.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import { visible } from "../Text.ts"
import { tlsOptions } from "./TlsOptions.ts"

export { StoredRows, work } from "@aelyst/workflow"
export { ImportWorkflow }

const failureOf = (error: unknown, database: DatabaseUrl): Failure => {
  const { fix, problem } = problemOf(error, database)
  return new Failure({
    exit: "usage",
    code: "JOURNAL",
    message: visible(problem),
    hints: [`fix:   ${fix}`],
  })
}

const keysOf = (env: Environment): ReadonlyArray<string> =>
  variable(env, "AELYST_STORE_KEY")?.split(",") ?? []

const failing = <A, E, R>(
  layer: Layer.Layer<A, E, R>,
  report: (error: E) => Failure,
): Layer.Layer<A, Failure, R> =>
  layer.pipe(Layer.catch((error) => Layer.effectContext(Effect.fail(report(error)))))

/** Connects, with each kind of encryption that the URL allows. */
const connected = <A>(
  database: DatabaseUrl,
  connect: (options: Database.DatabaseOptions) => Layer.Layer<A, SqlError>,
): Layer.Layer<A, Failure> =>
  Layer.unwrap(
    Effect.try({
      try: () => tlsOptions(database),
      catch: (error) => failureOf(error, database),
    }).pipe(
      Effect.map(([ssl = false, otherwise]) => {
        const { url } = database
        const first = connect({ url, ssl })
        const all =
          otherwise === undefined
            ? first
            : first.pipe(Layer.catch(() => connect({ url, ssl: otherwise })))
        return failing(all, ({ reason }) => failureOf(reason.cause, database))
      }),
    ),
  )

/** Provides the store of the rate limit that the workers of a database share. */
export const paceLayer = (database: DatabaseUrl): Layer.Layer<Pacer.PacerStore, Failure> =>
  connected(database, SharedPace.layer)

/** Provides the imports of a database. No error holds the URL. */
export const layer = (
  database: DatabaseUrl,
  env: Environment,
): Layer.Layer<ImportWorkflow | Runs | SharedRuns, Failure> => {
  const runs = failing(PostgresRuns.layer({ encryptionKeys: keysOf(env) }), () =>
    usage(
      "AELYST_STORE_KEY holds no key of 32 bytes as base64",
      "fix:   copy the variable of the machine that planned the import, or unset it",
    ),
  )
  return ImportWorkflow.layer.pipe(
    Layer.provideMerge(runs),
    Layer.provide(connected(database, Database.layer)),
  )
}
