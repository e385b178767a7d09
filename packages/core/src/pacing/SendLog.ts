/**
 * A log of sends, oldest first, in runs: how many at which time. Pure and JSON.
 * Sends close together share a run, so its length, and with it the cost of every step, has a bound
 * that does not depend on the limit.
 */

import type { PacerState } from "./StoredState.ts"

/** Sends in order of `at`. A run that is added at the end never starts its window before the run in front of it. */
export type SendLog = PacerState["log"]

/** Sends that are treated alike. */
export type Run = SendLog[number]

/** Holds nothing. */
export const empty: SendLog = []

/** Stands for the time at which another client with the same token sent: before any that this pacer sent. */
export const unaccounted = Number.MIN_SAFE_INTEGER

/** Checks whether the log holds sends of other clients. */
export const hasUnaccounted = (log: SendLog): boolean =>
  log.some(({ sentAt }) => sentAt === unaccounted)

/** Counts all sends. */
export const size = (log: ReadonlyArray<{ readonly count: number }>): number =>
  log.reduce((sum, { count }) => sum + count, 0)

/** Counts the oldest sends for which this holds, up to the first for which it does not. */
export const countWhile = (log: SendLog, holds: (run: Run) => boolean): number => {
  const end = log.findIndex((run) => !holds(run))
  return size(end < 0 ? log : log.slice(0, end))
}

/** Counts the sends for which this holds. */
export const countWhere = (log: SendLog, holds: (run: Run) => boolean): number =>
  size(log.filter(holds))

/** Adds sends. They join the run before them in the same cell of a grid of `resolution`, which takes the later times. */
export const add = (log: SendLog, run: Run, resolution: number): SendLog => {
  if (run.count <= 0) return log
  let index = log.length
  while (index > 0 && (log[index - 1]?.at ?? 0) > run.at) index--
  const before = log[index - 1]
  const windowStart = Math.max(run.windowStart, before?.windowStart ?? run.windowStart)
  if (before === undefined || !sameCell(before.at, run.at, resolution)) {
    return log.toSpliced(index, 0, { ...run, windowStart })
  }
  const sentAt = Math.min(before.sentAt, run.sentAt)
  return log.with(index - 1, { at: run.at, windowStart, sentAt, count: before.count + run.count })
}

const sameCell = (a: number, b: number, resolution: number): boolean =>
  a === b || (resolution > 0 && Math.floor(a / resolution) === Math.floor(b / resolution))

/** Takes away the oldest sends. */
export const dropOldest = (log: SendLog, count: number): SendLog => {
  if (count <= 0) return log
  let left = count
  const index = log.findIndex((run) => {
    if (run.count > left) return true
    left -= run.count
    return false
  })
  const first = log[index]
  if (first === undefined) return empty
  return [{ ...first, count: first.count - left }, ...log.slice(index + 1)]
}

/** Moves every window to start at this time at least. */
export const restartWindows = (log: SendLog, start: number): SendLog =>
  log.map((run) => ({ ...run, windowStart: Math.max(run.windowStart, start) }))

/** Takes away one send of this time. */
export const dropAt = (log: SendLog, at: number): SendLog =>
  log.flatMap((run) => {
    if (run.at !== at) return [run]
    return run.count > 1 ? [{ ...run, count: run.count - 1 }] : []
  })

/** Returns the run of the nth oldest send (from 1), or undefined if there are fewer. */
export const runOf = (log: SendLog, nth: number): Run | undefined => {
  let sum = 0
  return log.find((run) => (sum += run.count) >= nth)
}
