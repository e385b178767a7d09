/**
 * The rotation of processes that share a limit. The one that wrote last knows the newest state, and would come first again and
 * again: so those that had a permit later than others wait a few milliseconds for them. Pure.
 */

/** How many permits are remembered: a process that takes none is soon waited for no more. */
const length = 16
/** How late a timer can be on a busy machine, in milliseconds. */
const timerMs = 5

/** The processes that took the last permits, one or several at a time, oldest first. */
export type Rotation = ReadonlyArray<string>

/** Returns how long a process that wants a permit is waited for: it first reads the state, and then writes it. */
export const changeMs = (roundTripMs: number): number => timerMs + 2 * roundTripMs

/** Adds a process that took permits. */
export const take = (rotation: Rotation, process: string): Rotation =>
  [...rotation, process].slice(-length)

/** Returns how long a process waits for others, in milliseconds. */
export const waitOf = (rotation: Rotation, process: string, roundTripMs: number): number => {
  const last = rotation.lastIndexOf(process)
  const others = rotation.filter(
    (other, index) => index < last && rotation.lastIndexOf(other) === index,
  )
  return others.length * changeMs(roundTripMs)
}
