/** The flags that name the database of an outbox or of imports, or the file of an outbox. */
import * as Flags from "./Flags.ts"

/** The flags that name a database. */
export const databaseFlags = {
  store: Flags.text("store", "url", "Its Postgres database, without a password [AELYST_STORE]"),
  storeFile: Flags.text(
    "store-file",
    "path",
    "Read the database's URL from a file that only you can read",
  ),
}

/** The flags that name an outbox. */
export const storeFlags = {
  file: Flags.text("file", "path", "The outbox's SQLite file"),
  ...databaseFlags,
}

/** Holds the values of the flags that name a database. */
export interface DatabaseFlags {
  readonly store: string | undefined
  readonly storeFile: string | undefined
}

/** Holds the values of the flags that name an outbox. */
export interface StoreFlags extends DatabaseFlags {
  readonly file: string | undefined
}
