/**
 * The best result of a client that is never rate limited. On windows that follow the clock, a client that knows the
 * phase is up to a window ahead; to learn it, a client must leave a slot unused or risk a 429.
 */

/** A server whose windows turn `phase` ticks early, as far as one client can tell it from the others. */
interface World {
  readonly phase: number
  readonly window: number
  readonly used: number
}

/** Sends the request at a time in one world; returns undefined if it would be rate limited. */
const sendIn = (world: World, at: number, limit: number, window: number): World | undefined => {
  const turned = Math.floor((at + world.phase) / window)
  const used = turned === world.window ? world.used + 1 : 1
  return used > limit ? undefined : { phase: world.phase, window: turned, used }
}

/**
 * Searches all schedules of `total` requests, each free to follow from the responses so far, that are rate limited at
 * no phase. Returns the earliest time of the last request at one phase, in ticks since the first; responses take no time.
 */
export const earliestLast = (
  limit: number,
  window: number,
  total: number,
  phase: number,
): number => {
  const known = new Map<string, number>()
  const search = (worlds: ReadonlyArray<World>, now: number, left: number): number => {
    if (left === 0) return now
    const key = `${left} ${now} ${worlds.map((world) => `${world.phase}:${world.used}:${world.window}`).join()}`
    const before = known.get(key)
    if (before !== undefined) return before
    let best = Number.POSITIVE_INFINITY
    // After a whole window without a request every world has room: waiting longer is of no use.
    for (let at = now; at <= now + window; at++) {
      const after = worlds.flatMap((world) => sendIn(world, at, limit, window) ?? [])
      if (after.length < worlds.length) continue
      const seen = after.find((world) => world.phase === phase)?.used
      const alike = after.filter(({ used }) => used === seen)
      best = Math.min(best, search(alike, at, left - 1))
    }
    known.set(key, best)
    return best
  }
  const worlds = Array.from({ length: window }, (_, other) => ({
    phase: other,
    window: 0,
    used: 1,
  }))
  return search(worlds, 0, total - 1)
}

/** Returns the minimum time for as many full windows, from the first send to the last response, without a 429. */
export const neverRateLimited = (
  limit: number,
  windowMs: number,
  total: number,
  roundTripMs: number,
): number => (Math.ceil(total / limit) - 1) * windowMs + roundTripMs
