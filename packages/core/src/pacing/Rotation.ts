/**
 * The rotation of processes that share a limit: free permits are dealt out, each to the waiting process that has had fewest. So each can
 * take its own in one change of the state, and does not have to be quick. Pure and JSON.
 */
import type { PacerState } from "./StoredState.ts"
import * as Tuning from "./PacerTuning.ts"

/** The processes that take permits, whether they wait, and how many each has had. Of those that have had as many, the first comes first. */
export type Rotation = PacerState["rotation"]

const leastOf = (rotation: Rotation): number => Math.min(...rotation.map(({ had }) => had))
const waitingOf = (rotation: Rotation): Rotation => rotation.filter(({ waits }) => waits)

/** Lets a process wait. A new one has had as few as any other. */
export const join = (rotation: Rotation, process: string): Rotation => {
  const known = rotation.find((member) => member.process === process)
  if (known?.waits === true) return rotation
  if (known !== undefined)
    return rotation.map((member) =>
      member === known ? { ...known, waits: true, missedAt: null } : member,
    )
  const others = waitingOf(rotation)
  const had = others.length === 0 ? 0 : leastOf(others)
  return [...rotation, { process, had, waits: true, missedAt: null }].slice(-Tuning.mostMembers)
}

/** Returns which of the next permits (from 1) is the nth (from 1) of a process. */
export const positionOf = (rotation: Rotation, process: string, nth: number): number => {
  const waiting = waitingOf(join(rotation, process))
  const own = waiting.findIndex((member) => member.process === process)
  const had = (waiting[own]?.had ?? 0) + nth - 1
  return waiting.reduce((position, other, index) => {
    if (index === own) return position
    return position + Math.max(0, had - other.had + (index < own ? 1 : 0))
  }, nth)
}

/** Counts the free permits that are for a process; no more than it wants. */
export const countFor = (
  rotation: Rotation,
  process: string,
  { free, wanted }: { readonly free: number; readonly wanted: number },
): number => {
  let count = 0
  while (count < wanted && positionOf(rotation, process, count + 1) <= free) count++
  return count
}

/** Returns the processes whose next permit comes before that of this one. */
const ahead = (rotation: Rotation, process: string): Rotation => {
  const waiting = waitingOf(join(rotation, process))
  const own = waiting.findIndex((member) => member.process === process)
  const had = waiting[own]?.had ?? 0
  return waiting.filter((other, index) => other.had < had || (other.had === had && index < own))
}

/** Counts the processes whose next permit comes before that of this one. */
export const countAhead = (rotation: Rotation, process: string): number =>
  ahead(rotation, process).length

/** Skips the processes ahead of one. One that has been skipped for so long has gone, or joins again. */
export const skipAhead = (rotation: Rotation, process: string, now: number): Rotation => {
  const late = new Set(ahead(rotation, process))
  return rotation
    .map((member) =>
      late.has(member) && member.missedAt === null ? { ...member, missedAt: now } : member,
    )
    .filter(({ missedAt }) => missedAt === null || now < missedAt + Tuning.mostSkippedMs)
}

/**
 * Notes that a process took permits, and whether it waits for more. One that does not wait, and has had no more than the others, is
 * forgotten.
 */
export const take = (
  rotation: Rotation,
  process: string,
  { count, waits }: { readonly count: number; readonly waits: boolean },
): Rotation => {
  const joined = join(rotation, process)
  // each keeps its place: the order is what the others have counted on
  const next = joined.map((member) =>
    member.process === process
      ? { ...member, had: member.had + count, waits, missedAt: null }
      : member,
  )
  const waiting = waitingOf(next)
  const least = leastOf(waiting.length > 0 ? waiting : next)
  return next
    .map((member) => ({ ...member, had: member.had - least }))
    .filter((member) => member.waits || member.had > 0)
}
