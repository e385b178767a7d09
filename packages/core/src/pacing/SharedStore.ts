/** Creates the store of a limit that processes share, through anything that can compare and set. Without Effect. */
import type { SharedRateLimitStore } from "../types.ts"
import { OptionError } from "./OptionError.ts"
import { SharedKey } from "./SharedKey.ts"
import type { StoreExchange } from "./StoreExchange.ts"

/** How often the head of a queue reads what other processes did, in milliseconds. */
const recheckMs = 250

/**
 * Creates the store of a limit that `instances` processes share; each may use that part of it while the store does not
 * answer. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if `instances` is not an integer of at least 1.
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
    connection: () => ([...keys.values()].some(({ isAlone }) => isAlone) ? "alone" : "connected"),
    modify: (key, f) => {
      const shared = keys.get(key) ?? new SharedKey(key, exchange, instances)
      keys.set(key, shared)
      return shared.modify(f)
    },
  }
}
