/**
 * One pace per token and origin in the process: clients that share both share pacer, breaker, retry budget and key
 * locks. Counted, and forgotten with the last of them. The copy for `import` and the one for `require` share too.
 */
import * as Core from "@aelyst/core"
import * as Adapter from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"

import { version } from "./version.ts"

interface Limits extends Pick<
  Adapter.ClientConfig,
  "origin" | "maxQueue" | "perSecond" | "scheduled"
> {
  /** The store that processes share; none for the memory of this process. */
  readonly store?: Core.Pacer.PacerStore["Service"] | undefined
}

interface Shared {
  readonly state: Adapter.SharedState.SharedState
  readonly members: Members
  readonly renew: () => void
}

/** So many clients of one token, all of them open, are most likely a client for each request. */
const manyClients = 1_000

/** Counts clients by their limits: most have the same, so that one more costs the same however many there are. */
class Members {
  /** By store, then by the other limits. */
  readonly #byLimits = new Map<unknown, Map<string, { readonly limits: Limits; count: number }>>()
  #size = 0
  #hasWarned = false

  get size(): number {
    return this.#size
  }

  /** Adds a client; the returned function removes it again. */
  add(limits: Limits): () => void {
    const { maxQueue, perSecond, scheduled, store } = limits
    const groups = this.#byLimits.get(store) ?? new Map<string, { limits: Limits; count: number }>()
    this.#byLimits.set(store, groups)
    const key = `${maxQueue} ${perSecond} ${scheduled}`
    const group = groups.get(key) ?? { limits: { ...limits }, count: 0 }
    groups.set(key, group)
    group.count += 1
    this.#size += 1
    if (this.#size === manyClients) this.#warn()
    return () => {
      group.count -= 1
      this.#size -= 1
      if (group.count === 0) groups.delete(key)
      if (groups.size === 0) this.#byLimits.delete(store)
    }
  }

  /** The limits of the clients, without repetitions. */
  get limits(): ReadonlyArray<Limits> {
    return [...this.#byLimits.values()].flatMap((groups) =>
      Array.from(groups.values(), ({ limits }) => limits),
    )
  }

  #warn(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `${manyClients} Aelyst clients with one token are open; create one and share it, or close() each`,
      { type: "AelystWarning", code: "AELYST_MANY_CLIENTS" },
    )
  }
}

const strictest = (all: ReadonlyArray<Limits>) => ({
  maxQueue: Math.min(...all.map(({ maxQueue }) => maxQueue)),
  perSecond: Math.min(...all.map(({ perSecond = Number.POSITIVE_INFINITY }) => perSecond)),
  // one member that asks for a schedule is enough: the server counts the requests of all together
  scheduled: all.some(({ scheduled }) => scheduled),
  store: all.find(({ store }) => store !== undefined)?.store,
})

const open = (limits: Limits): Shared => {
  const members = new Members()
  const memory = Core.Pacer.memoryStore()
  let rules = strictest([limits])
  // the state is in the store, so the pacer can be replaced when the rules change
  const paced = (): Core.Pacer.Pacer["Service"] =>
    Effect.runSync(
      Core.Pacer.make({
        key: limits.origin,
        store: rules.store ?? memory,
        maxQueue: rules.maxQueue,
        schedule: rules.scheduled,
        ...(Number.isFinite(rules.perSecond) && { ceiling: { perSecond: rules.perSecond } }),
      }),
    )
  let pacer = paced()
  return {
    members,
    renew: () => {
      const next = strictest(members.limits)
      const same =
        next.maxQueue === rules.maxQueue &&
        next.perSecond === rules.perSecond &&
        next.scheduled === rules.scheduled &&
        next.store === rules.store
      if (same) return
      rules = next
      pacer = paced()
    },
    state: {
      ...Effect.runSync(Adapter.SharedState.make(limits)),
      get pacer() {
        return pacer
      },
    },
  }
}

/** Holds what the copies of this package share. */
interface Registry {
  readonly join: (tokenKey: unknown, limits: Limits) => Membership
  readonly count: () => number
}

/** The shared state as one client has it; `leave` is called once. */
interface Membership {
  readonly state: Adapter.SharedState.SharedState
  readonly leave: () => void
}

const makeRegistry = (): Registry => {
  // Tokens and functions themselves are the keys, so that no two of them can be taken for one another. Code that finds
  // the registry cannot reach them.
  const states = new Map<unknown, Map<string, Shared>>()
  return {
    join: (tokenKey, limits) => {
      const byOrigin = states.get(tokenKey) ?? new Map<string, Shared>()
      states.set(tokenKey, byOrigin)
      const shared = byOrigin.get(limits.origin) ?? open(limits)
      byOrigin.set(limits.origin, shared)
      const remove = shared.members.add(limits)
      shared.renew()
      return {
        state: shared.state,
        leave: () => {
          remove()
          if (shared.members.size > 0) return shared.renew()
          byOrigin.delete(limits.origin)
          if (byOrigin.size === 0) states.delete(tokenKey)
        },
      }
    },
    count: () => [...states.values()].reduce((sum, { size }) => sum + size, 0),
  }
}

/**
 * Finds what the copies of one version share in this process, the one for `import` and the one for `require`. Two
 * versions may pace and lock in different ways, so they share nothing.
 */
export const registryOf = (owner: string): Registry => {
  const key = Symbol.for(`@aelyst/node/SharedStates/${owner}`)
  // safe: only the same version writes under this symbol, below
  const existing = Reflect.get(globalThis, key) as Registry | undefined
  if (existing !== undefined) return existing
  const registry = makeRegistry()
  // if the global object is frozen, each copy keeps to itself
  Reflect.defineProperty(globalThis, key, { value: registry })
  return registry
}

const registry = registryOf(version)

/** Joins the shared state of a token and an origin. */
export const join: Registry["join"] = registry.join

/** Counts the states that are shared at the moment. */
export const count: Registry["count"] = registry.count
