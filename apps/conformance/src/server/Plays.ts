/** Plays variants of the table of scenarios over real sockets, so that a busy machine changes no result. */
import { Sandbox } from "@aelyst/sandbox"
import type { Variant } from "@aelyst/sandbox/scenarios"

import * as Ports from "../network/Ports.ts"

/** Starts the sandbox of one variant. It closes no slow connection: sandbox and clients share this process, and may all be late. */
export const startSandbox = async ({ down }: Variant): Promise<Sandbox> =>
  Sandbox.start({
    headersTimeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    // a server that starts must not get the port of one that goes down
    port: down ? await Ports.own() : 0,
  })

const stalls = ({ faults }: Variant) => faults.some(({ preset }) => preset?.startsWith("stall"))

/**
 * Returns a variant with long deadlines. Only a response that never comes is ended by one, and even then the next response
 * must arrive in time on a busy machine.
 */
export const patient = (variant: Variant): Variant => ({
  ...variant,
  client: { ...variant.client, timeoutMs: stalls(variant) ? 8_000 : 60_000 },
})

/** Returns whether the response of a variant needs much CPU time, which client and sandbox share. */
const isLarge = ({ faults }: Variant) =>
  faults.some(({ preset }) => /^(?:large-body|gzip-bomb)/.test(preset ?? ""))

/** Limits the plays at a time; most of their time is waiting. */
const limiter = (atFirst: number, atOnce: number) => {
  const waiting: Array<() => void> = []
  // one more after each that ends, because code is slow when it runs for the first time
  let free = atFirst
  let more = atOnce - atFirst
  return async <A>(run: () => Promise<A>): Promise<A> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await run()
    } finally {
      let left = more > 0 ? 2 : 1
      if (more > 0) more--
      for (; left > 0; left--) {
        const next = waiting.shift()
        if (next === undefined) free++
        else next()
      }
    }
  }
}

/** Starts every play, not too many at a time, and returns what each comes to. */
export const start = <Play extends { readonly variant: Variant }, A>(
  plays: ReadonlyArray<Play>,
  run: (play: Play) => Promise<A>,
): ReadonlyMap<Play, Promise<A>> => {
  const outcomes = new Map<Play, Promise<A>>()
  // so many that a busy machine serves them within the clients' deadlines
  const inSlot = limiter(2, 32)
  // these mostly wait for a deadline
  const inStallSlot = limiter(8, 32)
  const begin = (play: Play, outcome: Promise<A>): Promise<unknown> => {
    outcomes.set(play, outcome)
    return outcome.catch(() => undefined)
  }
  const light = plays
    .filter(({ variant }) => !isLarge(variant))
    .map((play) =>
      begin(
        play,
        (stalls(play.variant) ? inStallSlot : inSlot)(() => run(play)),
      ),
    )
  let last: Promise<unknown> = Promise.all(light)
  for (const play of plays.filter(({ variant }) => isLarge(variant))) {
    last = begin(
      play,
      last.then(() => run(play)),
    )
  }
  return outcomes
}
