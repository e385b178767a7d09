/** Judges a run of several processes by the ledgers of the APIs: lists its faults in sentences. */
import { countBetween, longestGap } from "./Figures.ts"
import type { Note } from "./Fleet.ts"
import type { Outcome, Played } from "./Run.ts"

/** The bounds of a run. */
export interface Bounds {
  /** The contacts of each process at each API. */
  readonly each: number
  /** The numbers of the processes that reach the end. */
  readonly processes: ReadonlyArray<number>
  /** The 429s at each API, at most. */
  readonly most429s: number
  /** How often the store is asked for each contact, at most. */
  readonly mostRoundTrips?: number
  /** The part of the run after which each process has sent a request, at most. */
  readonly latestStart?: number
  /** Jain's index at half of the time, at least. */
  readonly leastFairness?: number
}

/** Returns everything that is wrong. */
export const faultsOf = (
  { ended, outcomes, roundTrips }: Played,
  {
    each,
    latestStart = Number.POSITIVE_INFINITY,
    leastFairness = 0,
    most429s,
    mostRoundTrips,
    processes,
  }: Bounds,
): ReadonlyArray<string> => {
  const faults: Array<string> = []
  for (const number of processes) {
    const failed = ended[number]?.failed ?? ["it has not ended"]
    if (failed.length > 0) faults.push(`process ${number}: ${failed.length} lost, ${failed[0]}`)
  }
  for (const { figures, kind, ledger } of outcomes) {
    const accepted = new Set<string>()
    for (const { identifier, rateLimited } of ledger.arrivals) {
      if (!rateLimited) accepted.add(identifier)
    }
    for (const number of processes) {
      const created = [...accepted].filter((one) => one.startsWith(`id:${number}-`)).length
      if (created !== each) faults.push(`${kind}: process ${number} created ${created} of ${each}`)
      const first = ledger.arrivals.find(({ process }) => process === number)
      const startMs = (first?.at ?? ledger.endedAt) - ledger.startedAt
      if (startMs > latestStart * (ledger.endedAt - ledger.startedAt)) {
        faults.push(`${kind}: process ${number} began ${startMs.toFixed(0)} ms late`)
      }
    }
    if (figures.doubles > 0) faults.push(`${kind}: ${figures.doubles} created twice`)
    if (figures.rateLimited > most429s) faults.push(`${kind}: ${figures.rateLimited} 429s`)
    if (figures.fairness < leastFairness) {
      faults.push(`${kind}: fairness ${figures.fairness.toFixed(2)}`)
    }
  }
  if (mostRoundTrips !== undefined && roundTrips > mostRoundTrips) {
    faults.push(`${roundTrips.toFixed(1)} round trips for a contact`)
  }
  return faults
}

/** An outage of the store. Times are milliseconds since 1970. */
export interface Outage {
  readonly fromMs: number
  readonly untilMs: number
}

const limit = 10
const windowMs = 1000
/** How much longer than promised a process may stop on a busy machine, in milliseconds. */
const slackMs = 8000
/** The part of its share that a process uses at least on a busy machine; 0.9 on an idle one. */
const leastPart = 0.25
/** How many windows a busy machine may take before that. */
const startWindows = 3
/** The 429s that a busy machine may cause, when two windows' requests arrive in one. */
const slack429s = 20

/** Returns the times at which a process lost the store, and found it again. */
const changesOf = ({ notes }: Played, process: number): ReadonlyArray<Note> =>
  notes.filter(
    (note) => note.process === process && (note.text === "alone" || note.text === "connected"),
  )

const faultsIn = (
  { kind, ledger }: Outcome,
  processes: ReadonlyArray<number>,
  { fromMs, untilMs }: Outage,
  noticedMs: number,
): ReadonlyArray<string> => {
  const faults: Array<string> = []
  const late = countBetween(ledger, noticedMs + windowMs, untilMs, ({ rateLimited }) => rateLimited)
  if (late > slack429s) faults.push(`${kind}: ${late} 429s after the outage was noticed`)
  for (const number of processes) {
    const gap = longestGap(ledger, number, fromMs, untilMs)
    if (gap > 2 * windowMs + slackMs) {
      faults.push(`${kind}: process ${number} stopped for ${gap.toFixed(0)} ms`)
    }
    const windows = Math.max(0, Math.floor((untilMs - noticedMs) / windowMs) - startWindows)
    const least = Math.floor(leastPart * Math.floor(limit / processes.length) * windows)
    const sent = countBetween(ledger, noticedMs, untilMs, ({ process }) => process === number)
    if (sent < least) {
      faults.push(
        `${kind}: process ${number} sent ${sent} in ${windows} windows, at least ${least}`,
      )
    }
  }
  return faults
}

/** Returns what is wrong with an outage of 10 requests per second: noticed, with a part of each share, never much faster. */
export const faultsOfOutage = (
  played: Played,
  processes: ReadonlyArray<number>,
  outage: Outage,
): ReadonlyArray<string> => {
  const faults: Array<string> = []
  const noticed: Array<number> = []
  for (const number of processes) {
    const changes = changesOf(played, number)
    // a busy machine may have separated it from the store before
    const last = changes.findLast(({ at }) => at <= outage.untilMs)
    if (last?.text !== "alone") faults.push(`process ${number} did not notice the outage`)
    else noticed.push(Math.max(last.at, outage.fromMs))
    const isBack = changes.some(({ at, text }) => text === "connected" && at >= outage.untilMs)
    if (!isBack) faults.push(`process ${number} did not come back`)
  }
  const noticedMs = Math.max(...noticed)
  return [
    ...faults,
    ...played.outcomes.flatMap((outcome) => faultsIn(outcome, processes, outage, noticedMs)),
  ]
}
