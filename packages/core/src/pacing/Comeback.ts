/**
 * The return of processes to their store. They notice at different times that it is back: until all have, the ones that are back
 * use their shares only, and leave theirs to the others. Pure.
 */

/** How long a client of a store may wait before it connects again, and more, in milliseconds. */
const longestMs = 5000

/** The processes that are back, and until when the others are waited for. */
export interface Comeback {
  readonly untilMs: number
  readonly processes: ReadonlyArray<string>
}

/** Adds a process to a comeback that is not over; one that returns starts it, or extends it. */
export const join = (
  comeback: Comeback | undefined,
  process: string,
  { now, returns }: { readonly now: number; readonly returns: boolean },
): Comeback | undefined => {
  const current = comeback !== undefined && now < comeback.untilMs ? comeback : undefined
  if (!returns && (current === undefined || current.processes.includes(process))) return current
  const processes = new Set([...(current?.processes ?? []), process])
  const untilMs = returns ? now + longestMs : (current?.untilMs ?? now)
  return { untilMs, processes: [...processes] }
}

/** Returns which part of the limit the processes that are back may use together. */
export const shareOf = (comeback: Comeback | undefined, instances: number): number =>
  comeback === undefined ? 1 : Math.min(1, comeback.processes.length / instances)
