/** The figures of a run of several processes, by the ledger of the API. */
import { jain } from "../pacing/Sharing.ts"
import { ideal } from "../pacing/Server.ts"
import type { Arrival, Ledger } from "./LimitedServers.ts"

/** The requests that were received, and the time that they took. */
export interface Figures {
  readonly created: number
  /** Contacts that were created more than once. */
  readonly doubles: number
  readonly rateLimited: number
  /** The time from the first request to the last response, over the minimum. */
  readonly ratio: number
  /** Jain's index of the contacts that each process had created after half of the time. */
  readonly fairness: number
}

/** Counts by process. */
const countBy = (arrivals: ReadonlyArray<Arrival>): ReadonlyArray<number> => {
  const counts = new Map<number, number>()
  for (const { process } of arrivals) counts.set(process, (counts.get(process) ?? 0) + 1)
  return [...counts.values()]
}

/** Returns the figures; `concurrency` is that of all processes together. */
export const figuresOf = (
  { arrivals, endedAt, server, startedAt }: Ledger,
  processes: number,
  concurrency: number,
  roundTripMs: number,
): Figures => {
  const accepted = arrivals.filter(({ rateLimited }) => !rateLimited)
  const created = new Set(accepted.map(({ identifier }) => identifier)).size
  const half = (startedAt + endedAt) / 2
  const shares = countBy(accepted.filter(({ at }) => at < half))
  const absent = Array.from({ length: processes - shares.length }, () => 0)
  return {
    created,
    doubles: accepted.length - created,
    rateLimited: arrivals.length - accepted.length,
    ratio: (endedAt - startedAt) / ideal(server, accepted.length, concurrency, roundTripMs),
    fairness: jain([...shares, ...absent]),
  }
}

/** Returns the longest time that a process sent nothing in, between two times. */
export const longestGap = (
  { arrivals }: Ledger,
  process: number,
  fromMs: number,
  untilMs: number,
): number => {
  const times = arrivals
    .filter((arrival) => arrival.process === process && arrival.at > fromMs && arrival.at < untilMs)
    .map(({ at }) => at)
  return [...times, untilMs].reduce(
    ({ gap, last }, at) => ({ gap: Math.max(gap, at - last), last: at }),
    { gap: 0, last: fromMs },
  ).gap
}

/** Counts the requests of a process, or of all, between two times. */
export const countBetween = (
  { arrivals }: Ledger,
  fromMs: number,
  untilMs: number,
  which: (arrival: Arrival) => boolean = () => true,
): number => arrivals.filter((one) => one.at >= fromMs && one.at < untilMs && which(one)).length
