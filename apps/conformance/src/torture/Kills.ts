/** Draws the moments of kills from a seed, so that a campaign can be repeated. */
import { source } from "../pacing/Random.ts"
import type { Kill } from "./KilledProcess.ts"

/** How the kills of a campaign are drawn. */
export interface KillOptions {
  readonly seed: number
  /** So many processes are killed; the next one is not. */
  readonly kills: number
  /** Whether some are killed at a system call; it needs `strace`. */
  readonly atSyscalls: boolean
}

/**
 * Returns when the process with a number, from 0, is killed: 70 % some requests after its start, 15 % while it starts, plans
 * or recovers, and 15 % at a system call of the journal.
 */
export const drawKills = ({ atSyscalls, kills, seed }: KillOptions): ((round: number) => Kill) => {
  const random = source(seed)
  const drawn = Array.from({ length: kills }, (): Kill => {
    const share = random()
    if (share < 0.15) return { at: "time", delayMs: 50 + 400 * random() }
    if (share < 0.3 && atSyscalls) return { at: "syscall", nth: 1 + Math.floor(60 * random()) }
    return { at: "request", requests: 1 + Math.floor(30 * random()), delayMs: 4 * random() }
  })
  return (round) => drawn[round] ?? { at: "never" }
}
