/**
 * A log of sends, oldest first, in runs: how many at which time. Pure and JSON.
 * Sends close together share a run, so its length, and with it the cost of every step, has a bound
 * that does not depend on the limit.
 */

/** How many sends, and the latest time at which the server may have counted them, in milliseconds. */
export interface Run {
  readonly at: number
  readonly count: number
}

/** Sends in order of time. */
export type SendLog = ReadonlyArray<Run>

/** Holds nothing. */
export const empty: SendLog = []

/** Counts all sends. */
export const size = (log: SendLog): number => log.reduce((sum, run) => sum + run.count, 0)

/** Counts the sends at this time or before. */
export const countUntil = (log: SendLog, at: number): number => {
  let sum = 0
  for (const run of log) {
    if (run.at > at) break
    sum += run.count
  }
  return sum
}

/** Adds sends at a time, in order. Joins a neighbour's run within `resolution`, which then carries the later time. */
export const add = (log: SendLog, at: number, count: number, resolution: number): SendLog => {
  if (count <= 0) return log
  let index = log.length
  while (index > 0 && (log[index - 1]?.at ?? at) > at) index--
  const next = log.slice()
  const before = log[index - 1]
  if (before !== undefined && at - before.at <= resolution && firstOf(log, index, at, resolution)) {
    next[index - 1] = { at, count: before.count + count }
  } else {
    next.splice(index, 0, { at, count })
  }
  return next
}

/** A run may only grow while everything in it lies within the resolution: its grid cell stays the same. */
const firstOf = (log: SendLog, index: number, at: number, resolution: number): boolean => {
  const before = log[index - 1]
  if (before === undefined) return false
  return resolution === 0 || Math.floor(before.at / resolution) === Math.floor(at / resolution)
}

/** Takes away the oldest sends. */
export const dropOldest = (log: SendLog, count: number): SendLog => {
  if (count <= 0) return log
  let left = count
  let index = 0
  for (const run of log) {
    if (run.count > left) break
    left -= run.count
    index++
  }
  const rest = log.slice(index)
  const first = rest[0]
  if (left > 0 && first !== undefined) rest[0] = { at: first.at, count: first.count - left }
  return rest
}

/** Takes away the newest send. */
export const dropNewest = (log: SendLog): SendLog => {
  const last = log.at(-1)
  if (last === undefined) return log
  const rest = log.slice(0, -1)
  return last.count > 1 ? [...rest, { at: last.at, count: last.count - 1 }] : rest
}

/** Gives the time of the nth oldest send (from 1), or undefined where there are fewer. */
export const timeOf = (log: SendLog, nth: number): number | undefined => {
  let sum = 0
  for (const run of log) {
    sum += run.count
    if (sum >= nth) return run.at
  }
  return undefined
}
