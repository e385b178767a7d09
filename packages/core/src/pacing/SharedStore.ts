/** Creates the store of a limit that processes share, through anything that can compare and set. Without Effect. */
import type { SharedRateLimitStore } from "../types.ts"
import { OptionError } from "./OptionError.ts"
import { decide } from "./SharedAdmission.ts"
import { SharedKey } from "./SharedKey.ts"
import type { StoreExchange } from "./StoreExchange.ts"

/** How often the head of a queue reads what other processes did, in milliseconds. */
const recheckMs = 250

/**
 * Creates the store of a limit that `instances` processes share; each may use that part of it while the store does not
 * answer. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if `instances` is not an integer of at least 1.
 *
 * **Example** (A store in memory)
 *
 * ```ts
 * import { makeSharedStore } from "@aelyst/core/shared-store"
 *
 * const records = new Map<string, { version: string; text: string }>()
 * const store = makeSharedStore(async (key, expected, write) => {
 *   const now = Date.now()
 *   const { text = "", version = "" } = records.get(key) ?? {}
 *   const matched = version === expected && now <= (write?.notAfter ?? now)
 *   if (matched && write !== undefined) records.set(key, write)
 *   return { matched, version, text, now }
 * }, 4)
 *
 * console.log(store.connection?.()) // => connected
 * ```
 */
export const makeSharedStore = (
  exchange: StoreExchange,
  instances: number,
): SharedRateLimitStore => {
  if (!Number.isInteger(instances) || instances < 1) {
    throw new OptionError("instances", "must be an integer of at least 1", instances)
  }
  const keys = new Map<string, SharedKey>()
  return {
    recheckMs,
    admit: decide,
    connection: () => ([...keys.values()].some(({ isAlone }) => isAlone) ? "alone" : "connected"),
    changeMs: () => Math.max(0, ...[...keys.values()].map(({ changeMs }) => changeMs)),
    modify: (key, f) => {
      const shared = keys.get(key) ?? new SharedKey(key, exchange, instances)
      keys.set(key, shared)
      return shared.modify(f)
    },
  }
}
