/**
 * One pace per token and origin in the process: clients that share both share pacer, breaker, retry budget and key
 * locks. Counted, and forgotten with the last of them.
 */
import * as Core from "@aelyst/core"
import * as Adapter from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"

type Limits = Pick<Adapter.ClientConfig, "origin" | "maxQueue" | "perSecond" | "scheduled">

interface Shared {
  readonly lane: Adapter.SharedState.SharedState
  readonly members: Set<Limits>
  readonly renew: () => void
}

// Tokens and functions themselves are the keys, so that no two of them can be taken for one another.
const lanes = new Map<unknown, Map<string, Shared>>()

const strictest = (members: Iterable<Limits>) => {
  const all = [...members]
  return {
    maxQueue: Math.min(...all.map(({ maxQueue }) => maxQueue)),
    perSecond: Math.min(...all.map(({ perSecond = Number.POSITIVE_INFINITY }) => perSecond)),
    // who asks for a schedule has it kept by all: the server counts their requests together
    scheduled: all.some(({ scheduled }) => scheduled),
  }
}

const open = (limits: Limits): Shared => {
  const members = new Set([limits])
  const store = Core.Pacer.memoryStore()
  let rules = strictest(members)
  // the state is in the store, so the pacer can be made anew when the rules change
  const paced = (): Core.Pacer.Pacer["Service"] =>
    Effect.runSync(
      Core.Pacer.make({
        key: limits.origin,
        store,
        maxQueue: rules.maxQueue,
        schedule: rules.scheduled,
        ...(Number.isFinite(rules.perSecond) && { ceiling: { perSecond: rules.perSecond } }),
      }),
    )
  let pacer = paced()
  return {
    members,
    renew: () => {
      const next = strictest(members)
      const same =
        next.maxQueue === rules.maxQueue &&
        next.perSecond === rules.perSecond &&
        next.scheduled === rules.scheduled
      if (same) return
      rules = next
      pacer = paced()
    },
    lane: {
      ...Effect.runSync(Adapter.SharedState.make(limits)),
      get pacer() {
        return pacer
      },
    },
  }
}

/** Joins the lane of a token and an origin; `leave` is called once, by whom joined. */
export const join = (
  tokenKey: unknown,
  limits: Limits,
): { readonly lane: Adapter.SharedState.SharedState; readonly leave: () => void } => {
  const byOrigin = lanes.get(tokenKey) ?? new Map<string, Shared>()
  lanes.set(tokenKey, byOrigin)
  const member = { ...limits }
  const shared = byOrigin.get(limits.origin) ?? open(member)
  byOrigin.set(limits.origin, shared)
  shared.members.add(member)
  shared.renew()
  return {
    lane: shared.lane,
    leave: () => {
      shared.members.delete(member)
      if (shared.members.size > 0) return shared.renew()
      byOrigin.delete(limits.origin)
      if (byOrigin.size === 0) lanes.delete(tokenKey)
    },
  }
}

/** Counts the lanes that are shared at the moment. */
export const count = (): number => [...lanes.values()].reduce((sum, { size }) => sum + size, 0)
