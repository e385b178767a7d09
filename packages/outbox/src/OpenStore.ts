/** Opens the store that the options name: a file, or rows in Postgres. */
import { networkDrive } from "@aelyst/journal/storage"

import { invalid } from "./options.ts"
import { sqliteStore } from "./SqliteStore.ts"
import type { Store } from "./Store.ts"
import type { OutboxLogEntry, OutboxOptions } from "./types.ts"

const isStore = (u: unknown): u is Store => typeof Reflect.get(Object(u), "claim") === "function"

/** Opens a store; logs if its file is on a network drive, and throws a `TypeError` if there is none. */
export const openStore = (
  { create, file, store }: OutboxOptions,
  log: (entry: OutboxLogEntry) => void,
): Store => {
  if (store !== undefined) {
    if (file !== undefined) throw invalid("file", "must not be given together with `store`")
    if (isStore(store)) return store
    throw invalid("store", "must be made by `postgres` of @aelyst/outbox/postgres", store)
  }
  if (typeof file !== "string" || file === "") {
    throw invalid("file", "must be the path of a file, such as data/outbox.db")
  }
  if (file === ":memory:" || file.startsWith("file:")) {
    throw invalid("file", "must be a path, not a URL or `:memory:`: contacts are kept on the disk")
  }
  const drive = networkDrive(file)
  if (drive !== undefined) {
    const message = `the outbox file is on ${drive}, where locks may not hold: keep it on a local disk, or use Postgres`
    log({ level: "warn", code: "ERR_AELYST_OUTBOX_NETWORK_FILE", message })
  }
  return sqliteStore(file, Date.now, create)
}
