/** Stores that are put to the test: as delivered, under more strain than they meet, and wrong on purpose. */
import type { SharedRateLimitStore } from "@aelyst/node"
import { once } from "node:events"
import { EventEmitter } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"

/** Sends a command to Redis. */
export type Send = (command: Array<string>) => Promise<unknown>

/** Runs each function twice, as a compare-and-set that loses does; the last result counts. */
export const twice = (store: SharedRateLimitStore): SharedRateLimitStore => ({
  ...store,
  modify: (key, f) =>
    store.modify(key, (...given) => {
      f(...given)
      return f(...given)
    }),
})

const rewrite = `local v = redis.call('HGET', KEYS[1], 'v')
if v then redis.call('HSET', KEYS[1], 'v', ARGV[1] .. '.' .. v) end`

/** Changes the version of the record before every second write, as another process does: that write is lost. */
export const loseEverySecond = (send: Send): Send => {
  let writes = 0
  return async (command) => {
    const [name, , , key = "", , version] = command
    if (name === "EVALSHA" && version !== undefined && writes++ % 2 === 0) {
      await send(["EVAL", rewrite, "1", key, `${writes}`])
    }
    return send(command)
  }
}

/** Wrong: takes the first result instead of the last, which is what a function with effects comes to. */
export const impure = (store: SharedRateLimitStore): SharedRateLimitStore => ({
  ...store,
  modify: async (key, f) => {
    type Result = ReturnType<typeof f>[0]
    const results: Array<Result> = []
    const last = await store.modify(key, (...given) => {
      const decided = f(...given)
      results.push(decided[0])
      return decided
    })
    return results.length > 0 ? (results[0] ?? last) : last
  },
})

/** Wrong: never reads the state before its own says so. */
export const withoutRecheck = ({ modify }: SharedRateLimitStore): SharedRateLimitStore => ({
  modify,
})

const bodyOf = (state: object | undefined) => JSON.stringify({ ...state, nowMs: 0 })

/** Wrong: tells all processes of every change by pub/sub, and each that waits reads the state at once. */
export const storm = (
  store: SharedRateLimitStore,
  publish: () => Promise<unknown>,
): { readonly store: SharedRateLimitStore; readonly wake: () => void } => {
  const changes = new EventEmitter().setMaxListeners(0)
  const states = new Map<string, object>()
  const modify: SharedRateLimitStore["modify"] = async (key, f) => {
    const seen = states.get(key)
    const changesNothing =
      seen !== undefined &&
      bodyOf(f(seen, "nowMs" in seen ? Number(seen.nowMs) : 0)[1]) === bodyOf(seen)
    if (changesNothing) await Promise.race([once(changes, "change"), sleep(250)])
    let isChange = false
    const result = await store.modify(key, (state, now, share) => {
      const decided = f(state, now, share)
      isChange = bodyOf(decided[1]) !== bodyOf(state)
      states.set(key, decided[1])
      return decided
    })
    if (isChange) await publish()
    return result
  }
  return { store: { ...store, recheckMs: 1, modify }, wake: () => changes.emit("change") }
}
