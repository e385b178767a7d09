/** The rate limit that all workers of one database keep to together. */
import { Pacer } from "@aelyst/core"
import { fromPromises } from "@aelyst/core/adapter"
import { sharedLimit } from "@aelyst/journal/shared-limit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

import type { DatabaseOptions } from "./Database.ts"
import * as Database from "./Database.ts"

/** While the database does not answer, no row can be recorded, so none is sent: the small part matters for short gaps only. */
const instances = 10

/** Runs a statement, and rejects with the driver's error: `sharedLimit` reads its code. */
const queryOf =
  (sql: SqlClient.SqlClient) => async (text: string, values: ReadonlyArray<string | null>) => ({
    rows: await Effect.runPromise(
      Effect.mapError(sql.unsafe(text, values), ({ reason }) => reason.cause),
    ),
  })

/**
 * Provides the store of the pacer to the client of a worker, over two connections: a statement that waits behind those
 * of the journal for 250 ms would count as an outage.
 *
 * Fails with `SqlError` if the database cannot be reached.
 */
export const layer = (options: DatabaseOptions): Layer.Layer<Pacer.PacerStore, SqlError> =>
  Layer.effect(
    Pacer.PacerStore,
    Effect.map(SqlClient.SqlClient, (sql) =>
      fromPromises(sharedLimit({ query: queryOf(sql.withoutTransforms()), instances })),
    ),
  ).pipe(
    Layer.provide(
      Database.layer({ applicationName: "aelyst limit", ...options, maxConnections: 2 }),
    ),
  )
