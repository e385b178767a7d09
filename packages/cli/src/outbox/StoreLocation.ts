/** Finds the file of an outbox, or its database, whose URL may hold a password, which no argument may hold. */
import * as Path from "node:path"

import * as Effect from "effect/Effect"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { Host, variable } from "../Host.ts"
import type { DatabaseFlags, StoreFlags } from "../StoreFlags.ts"
import * as SecretFile from "../SecretFile.ts"
import { visible } from "../Text.ts"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import * as DatabaseUrls from "./DatabaseUrl.ts"

/** A file or a database, and how it is named in output. */
export type StoreLocation =
  | { readonly kind: "file"; readonly path: string; readonly shown: string }
  | { readonly kind: "database"; readonly url: DatabaseUrl; readonly shown: string }

const inDatabase = (url: DatabaseUrl): StoreLocation => ({
  kind: "database",
  url,
  shown: url.shown,
})

/** Returns the database that the flags name, or `AELYST_STORE`; undefined if none of them does. */
export const findDatabase = Effect.fnUntraced(function* ({
  store,
  storeFile,
}: DatabaseFlags): Effect.fn.Return<DatabaseUrl | undefined, Failure, Host> {
  const { cwd, env } = yield* Host
  if (store !== undefined && storeFile !== undefined) {
    return yield* Effect.fail(exclusive(["--store", "--store-file"]))
  }
  if (store !== undefined) return yield* Effect.fromResult(DatabaseUrls.fromArgument(store, env))
  if (storeFile !== undefined) {
    const { text } = yield* SecretFile.read(cwd, storeFile, "URL")
    return yield* Effect.fromResult(DatabaseUrls.parse(text, "--store-file", env))
  }
  const fromEnvironment = variable(env, "AELYST_STORE")
  return fromEnvironment === undefined
    ? undefined
    : yield* Effect.fromResult(DatabaseUrls.parse(fromEnvironment, "AELYST_STORE", env))
})

const exclusive = (flags: ReadonlyArray<string>): Failure =>
  usage(`${flags.join(" and ")} exclude each other`, "fix:   give one of them")

/** Returns the outbox that the flags name, or `AELYST_STORE`. */
export const find = Effect.fnUntraced(function* (
  flags: StoreFlags,
): Effect.fn.Return<StoreLocation, Failure, Host> {
  const { cwd } = yield* Host
  const { file, store, storeFile } = flags
  const given = Object.entries({ "--file": file, "--store": store, "--store-file": storeFile })
    .filter(([, value]) => value !== undefined)
    .map(([flag]) => flag)
  if (given.length > 1) return yield* Effect.fail(exclusive(given))
  if (file !== undefined) {
    return { kind: "file", path: Path.resolve(cwd, file), shown: visible(file) }
  }
  const database = yield* findDatabase(flags)
  if (database === undefined) {
    return yield* Effect.fail(
      usage(
        "no outbox is named",
        "fix:   --file data/outbox.db; for a database: AELYST_STORE, or --store-file <path>",
      ),
    )
  }
  return inDatabase(database)
})
