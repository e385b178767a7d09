/**
 * Decides which requests of one process are sent next: if processes share the limit, as many as its part, in one change of
 * the state. The others wait, and look at the state again when it can have changed. Pure.
 */
import * as Admission from "./Admission.ts"
import type { PacerConfig, PacerState } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as Rotation from "./Rotation.ts"

/** A process that asks; times in milliseconds. */
export interface Asking {
  readonly process: string
  /** How many requests it would send. */
  readonly callers: number
  /** Since when it has left permits to others that they do not take. */
  readonly leftSince: number | undefined
  /** How long a change of the state takes. */
  readonly changeMs: number
  /** How often it looks at the state again; undefined if no other process changes it. */
  readonly recheckMs: number | undefined
}

/** The requests that can go, or when to ask again. */
export interface Decision {
  readonly ids: ReadonlyArray<number>
  readonly untilMs: number
  readonly leftSince?: number
}

/** Decides about the next requests of a process. */
export const decide = (
  asking: Asking,
  config: PacerConfig,
  previous: PacerState,
  now: number,
): readonly [Decision, PacerState] => {
  const { callers, changeMs, leftSince = now, process, recheckMs } = asking
  const { limit, rotation } = previous
  const within = Admission.countWithin(changeMs, previous)
  const upTo = (count: number) =>
    Admission.decideUpTo(Math.min(count, callers), config, previous, now)
  if (recheckMs === undefined) return upTo(within)
  const [{ ids, untilMs }, next] = upTo(1)
  const joined = Rotation.join(rotation, process)
  if (ids.length === 0) {
    const state = { ...next, rotation: joined }
    return [{ ids, untilMs: looksAt({ ...asking, recheckMs }, state, now, untilMs) }, state]
  }
  const free = Math.max(1, Admission.remaining(previous, now))
  const own = Rotation.countFor(rotation, process, {
    free,
    wanted: Math.min(callers, Tuning.largestLot),
  })
  const lateAt = leftSince + Rotation.countAhead(rotation, process) * changeMs
  if (own === 0 && now < lateAt) {
    return [
      { ids: [], untilMs: lateAt, leftSince },
      { ...previous, rotation: joined },
    ]
  }
  const [admitted, state] = upTo(Math.max(own, within))
  const count = admitted.ids.length
  const took = { count, waits: callers > count, mostBehind: limit }
  return [admitted, { ...state, rotation: Rotation.take(rotation, process, took) }]
}

/**
 * Returns when to read the state again: when the request is due, if that is certain, or when a response that all wait for can be
 * known; but after `recheckMs` at most, and after a few times that in a long wait.
 */
const looksAt = (
  { changeMs, process, recheckMs }: Asking & { readonly recheckMs: number },
  state: PacerState,
  now: number,
  untilMs: number,
): number => {
  const longestMs = recheckMs * Tuning.longRechecks
  const position = Rotation.positionOf(state.rotation, process, 1)
  const dueAt = Admission.certainDue(state, untilMs, position)
  if (dueAt !== undefined) return Math.min(dueAt, now + longestMs)
  const responseAt = state.gate === null ? Admission.expectedResponse(state) : undefined
  if (responseAt === undefined) {
    const restMs = Math.min(longestMs, (untilMs - now) / 2)
    return Math.min(untilMs, now + Math.max(recheckMs, restMs))
  }
  const knownAt = responseAt + changeMs
  const lateAt = now + recheckMs / Tuning.lateRechecks
  return Math.min(untilMs, knownAt > now ? knownAt : lateAt, now + recheckMs)
}
