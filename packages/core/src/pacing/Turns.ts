/**
 * The turns of processes that share a limit. The one that wrote last knows the newest state, and would come first again and
 * again: so those that had a permit later than others let them go first, by a few milliseconds. Pure.
 */

/** How many permits are remembered: a process that takes none is soon waited for no more. */
const length = 16
/** How late a timer can be on a busy machine, in milliseconds. */
const timerMs = 5

/** The processes that took the last permits, oldest first. */
export type Turns = ReadonlyArray<string>

/** Adds the permit of a process. */
export const take = (turns: Turns, process: string): Turns => [...turns, process].slice(-length)

/** Returns how long a process lets others go first, in milliseconds: they first read the state, and then write it. */
export const waitOf = (turns: Turns, process: string, roundTripMs: number): number => {
  const last = turns.lastIndexOf(process)
  const others = turns.filter((other, index) => index < last && turns.lastIndexOf(other) === index)
  return others.length * (timerMs + 2 * roundTripMs)
}
