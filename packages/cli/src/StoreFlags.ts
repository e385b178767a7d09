/** The flags of the commands about an outbox, which name its file or database. */
import * as Flags from "./Flags.ts"

/** The flags that name an outbox. */
export const storeFlags = {
  file: Flags.text("file", "path", "The outbox's SQLite file"),
  store: Flags.text("store", "url", "Its Postgres database, without a password [AELYST_STORE]"),
  storeFile: Flags.text(
    "store-file",
    "path",
    "Read the database's URL from a file that only you can read",
  ),
}

/** Holds their values. */
export interface StoreFlags {
  readonly file: string | undefined
  readonly store: string | undefined
  readonly storeFile: string | undefined
}
