/** A store outside of the process, in memory, with faults, and the steps of a pacer on it. */
import * as Admission from "../src/pacing/Admission.ts"
import { observe } from "../src/pacing/LearnFromResponse.ts"
import type { PacerState } from "../src/pacing/PacerState.ts"
import { countInFlight, restore } from "../src/pacing/PacerState.ts"
import type { StoreExchange } from "../src/pacing/StoreExchange.ts"
import type { SharedRateLimitStore } from "../src/types.ts"

/** Starts a store; what it does can be changed at any time. */
export const makeStore = () => {
  const faults: {
    is: "up" | "down" | "frozen"
    loses: boolean
    clockMs: number
    latencyMs: number
  } = {
    /** `down` rejects, `frozen` does not reply until it is `up` again, and then carries out what it was told meanwhile. */
    is: "up",
    /** Every second write finds that another process came first. */
    loses: false,
    /** The store's clock, minus that of the process. */
    clockMs: 1_700_000_000_000,
    latencyMs: 0,
  }
  const records = new Map<string, { version: string; text: string }>()
  const counts = { commands: 0, writes: 0 }
  let waiting: Array<() => void> = []
  let attempts = 0
  const exchange: StoreExchange = async (key, expected, write) => {
    counts.commands += 1
    if (faults.is === "down") throw new Error("the store is down")
    if (faults.is === "frozen") await new Promise<void>((resolve) => waiting.push(resolve))
    if (faults.latencyMs > 0) await sleep(faults.latencyMs / 2)
    const now = performance.now() + faults.clockMs
    const { text = "", version = "" } = records.get(key) ?? {}
    const isLost = write !== undefined && faults.loses && ++attempts % 2 === 1
    const matched = version === expected && !isLost && now <= (write?.notAfter ?? now)
    if (matched && write !== undefined) {
      counts.writes += 1
      records.set(key, { version: write.version, text: write.text })
    }
    if (faults.latencyMs > 0) await sleep(faults.latencyMs / 2)
    return { matched, version, text, now }
  }
  return {
    exchange,
    records,
    counts,
    faults,
    thaw: () => {
      faults.is = "up"
      for (const resume of waiting) resume()
      waiting = []
    },
  }
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

const config = { prior: { limit: 10, windowMs: 1000 } }

/** Requests a permit; resolves to its id, or undefined if it must wait. */
export const admit = (store: SharedRateLimitStore, key = "k"): Promise<number | undefined> =>
  store.modify(key, (state, now, share = 1) => {
    // safe: the store keeps what this returned
    const before = restore(config, state as PacerState | undefined)
    const shared = share < 1 ? { ...config, share } : config
    const [decision, next] = Admission.decide(shared, before, now)
    return [decision._tag === "Admit" ? decision.id : undefined, next]
  })

/** Requests permits until one must wait; resolves to their ids. */
export const admitAll = async (store: SharedRateLimitStore): Promise<ReadonlyArray<number>> => {
  const ids: Array<number> = []
  for (;;) {
    // one after the other, as the head of a queue does
    const id = await admit(store)
    if (id === undefined) return ids
    ids.push(id)
  }
}

/** Reports the response to a request. */
export const respond = (
  store: SharedRateLimitStore,
  id: number,
  remaining: number,
): Promise<unknown> =>
  store.modify("k", (state, now) => {
    // safe: as above
    const before = restore(config, state as PacerState | undefined)
    const response = { rateLimited: false, limit: 10, remaining, jitter: 0 }
    return [undefined, observe(config, before, id, response, now)]
  })

/** Reads the state: how many requests count as spent or in flight, and the time. */
export const read = (store: SharedRateLimitStore) =>
  store.modify("k", (state, now) => {
    // safe: as above
    const before = restore(config, state as PacerState | undefined)
    const logged = before.log.reduce((sum, { count }) => sum + count, 0)
    return [{ now, state: before, used: logged + countInFlight(before) }, before]
  })
