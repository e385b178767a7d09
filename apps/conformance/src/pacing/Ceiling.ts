/**
 * What nobody can beat who is never refused. On windows that follow the clock, whoever knows the phase is up to a window
 * ahead; to learn it, one must leave a slot unused or risk a 429.
 */

/** A server whose windows turn `phase` ticks early, as far as one client can tell it from the others. */
interface World {
  readonly phase: number
  readonly window: number
  readonly used: number
}

/** Makes the request at a time in one world; undefined where it would be refused. */
const sendIn = (world: World, at: number, limit: number, window: number): World | undefined => {
  const turned = Math.floor((at + world.phase) / window)
  const used = turned === world.window ? world.used + 1 : 1
  return used > limit ? undefined : { phase: world.phase, window: turned, used }
}

/**
 * Searches all schedules of `total` requests, each free to follow from the answers so far, that are refused at no phase.
 * Gives the earliest time of the last request at one phase, in ticks since the first; answers take no time.
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
    // After a whole window without a request every world has room: to wait longer is of no use.
    for (let at = now; at <= now + window; at++) {
      const after = worlds.flatMap((world) => sendIn(world, at, limit, window) ?? [])
      if (after.length < worlds.length) continue
      const told = after.find((world) => world.phase === phase)?.used
      const alike = after.filter(({ used }) => used === told)
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

/** The least time for as many full windows, from the first send to the last answer, for who is refused at no phase. */
export const unrefused = (
  limit: number,
  windowMs: number,
  total: number,
  roundTripMs: number,
): number => (Math.ceil(total / limit) - 1) * windowMs + roundTripMs
