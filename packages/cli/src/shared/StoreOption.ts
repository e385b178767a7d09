/** Finds and opens the database of imports, for the commands that can do with or without one. */
import * as Effect from "effect/Effect"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { Host } from "../Host.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import { failed } from "../import/OpenRun.ts"
import { findDatabase } from "../outbox/StoreLocation.ts"
import { Screen } from "../Screen.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"

/** Loads what works on a database. */
export const load = Effect.promise(() => import("./SharedStore.ts"))

/** A connection in clear is warned of once. */
const warned = new WeakSet<DatabaseUrl>()

/** Provides the imports of a database to an effect. */
export const provide =
  (database: DatabaseUrl) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const { env } = yield* Host
      const printer = yield* Screen
      if (database.isExposed && !warned.has(database)) {
        warned.add(database)
        printer.warn(
          `the connection to ${database.shown} is not encrypted: anyone on the network path can read contacts and the password. Add sslmode=verify-full to the URL, or sslmode=disable to accept that`,
        )
      }
      const store = yield* load
      return yield* Effect.provide(effect, store.layer(database, env))
    })

/** Fails if the database cannot be used: before a large file is read for nothing. */
export const check = (database: DatabaseUrl) =>
  Effect.gen(function* () {
    const { ImportWorkflow } = yield* load
    yield* Effect.flatMap(ImportWorkflow, (imports) => imports.check)
  }).pipe(failed, provide(database))

/** Returns the database that the flags name; fails if none does. */
export const need = (flags: DatabaseFlags): Effect.Effect<DatabaseUrl, Failure, Host> =>
  Effect.flatMap(findDatabase(flags), (database) =>
    database === undefined
      ? Effect.fail(
          usage(
            "no database is named",
            "fix:   put its URL into AELYST_STORE, or into a file that only you can read: --store-file <path>",
          ),
        )
      : Effect.succeed(database),
  )
