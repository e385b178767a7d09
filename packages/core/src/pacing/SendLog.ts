/**
 * A log of sends, oldest first, in runs: how many at which time. Pure and JSON.
 * Sends close together share a run, so its length, and with it the cost of every step, has a bound
 * that does not depend on the limit.
 */

/** Sends that are treated alike. Times in milliseconds. */
export interface Run {
  /** The latest time by which the server had counted them. */
  readonly at: number
  /** Where their window starts for them, at the latest: the server forgets them one window after this. */
  readonly base: number
  /** When the first of them was sent. */
  readonly sent: number
  readonly count: number
}

/** Sends in order of `at`; `base` never falls either. */
export type SendLog = ReadonlyArray<Run>

/** Holds nothing. */
export const empty: SendLog = []

/** Counts all sends. */
export const size = (log: SendLog): number => {
  let sum = 0
  for (const run of log) sum += run.count
  return sum
}

/** Counts the oldest sends for which this holds, up to the first for which it does not. */
export const countWhile = (log: SendLog, holds: (run: Run) => boolean): number => {
  let sum = 0
  for (const run of log) {
    if (!holds(run)) break
    sum += run.count
  }
  return sum
}

/** Counts the sends for which this holds. */
export const countWhere = (log: SendLog, holds: (run: Run) => boolean): number => {
  let sum = 0
  for (const run of log) if (holds(run)) sum += run.count
  return sum
}

/** Adds sends. They join the run before them in the same cell of a grid of `resolution`, which takes the later times. */
export const add = (log: SendLog, run: Run, resolution: number): SendLog => {
  if (run.count <= 0) return log
  let index = log.length
  while (index > 0 && (log[index - 1]?.at ?? 0) > run.at) index--
  const before = log[index - 1]
  const next = log.slice()
  const base = Math.max(run.base, before?.base ?? run.base)
  if (before !== undefined && sameCell(before.at, run.at, resolution)) {
    const count = before.count + run.count
    next[index - 1] = { at: run.at, base, sent: Math.min(before.sent, run.sent), count }
  } else next.splice(index, 0, { ...run, base })
  return next
}

const sameCell = (a: number, b: number, resolution: number): boolean =>
  a === b || (resolution > 0 && Math.floor(a / resolution) === Math.floor(b / resolution))

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
  if (left > 0 && first !== undefined) rest[0] = { ...first, count: first.count - left }
  return rest
}

/** Moves every base to this time at least. */
export const rebase = (log: SendLog, base: number): SendLog =>
  log.map((run) => (run.base >= base ? run : { ...run, base }))

/** Takes away one send of this time. */
export const dropAt = (log: SendLog, at: number): SendLog =>
  log.flatMap((run) => {
    if (run.at !== at) return [run]
    return run.count > 1 ? [{ ...run, count: run.count - 1 }] : []
  })

/** Gives the run of the nth oldest send (from 1), or undefined where there are fewer. */
export const runOf = (log: SendLog, nth: number): Run | undefined => {
  let sum = 0
  for (const run of log) {
    sum += run.count
    if (sum >= nth) return run
  }
  return undefined
}
