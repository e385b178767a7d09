/**
 * Decides which requests of one process are sent next: if processes share the limit, as many as its part, in one change of
 * the state. The others wait, and look at the state again when it can have changed. Pure.
 */
import type { Admit, Asking, Engine } from "./Admission.ts"
import type { PacerConfig, PacerState } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as Rotation from "./Rotation.ts"

/** Admits as many requests of a process as its part. */
export const decide: Admit = (engine, asking, config, previous, now) => {
  const { callers, changeMs, leftSince = now, process } = asking
  const { rotation } = previous
  const within = engine.countWithin(changeMs, previous)
  const upTo = (count: number) => engine.decideUpTo(Math.min(count, callers), config, previous, now)
  const [{ ids, untilMs }, next] = upTo(1)
  const joined = Rotation.join(rotation, process)
  if (ids.length === 0) {
    const state = { ...next, rotation: joined }
    return [{ ids, untilMs: looksAt(engine, asking, config, state, now, untilMs) }, state]
  }
  const free = Math.max(1, engine.countFree(config, previous, now))
  const own = Rotation.countFor(rotation, process, {
    free,
    wanted: Math.min(callers, Tuning.largestLot),
  })
  const ahead = Math.min(Rotation.countAhead(rotation, process), Tuning.mostWaitedFor)
  const lateAt = leftSince + ahead * changeMs
  if (own === 0 && now < lateAt) {
    return [
      { ids: [], untilMs: lateAt, leftSince },
      { ...previous, rotation: joined },
    ]
  }
  const [admitted, state] = upTo(Math.max(own, within))
  const count = admitted.ids.length
  const present = own === 0 ? Rotation.skipAhead(rotation, process, now) : rotation
  return [
    admitted,
    { ...state, rotation: Rotation.take(present, process, { count, waits: callers > count }) },
  ]
}

/**
 * Returns when to read the state again: when the request is due, if that is certain, or when a response that all wait for can be
 * known; but after `recheckMs` at most, and after a few times that in a long wait.
 */
const looksAt = (
  engine: Engine,
  { changeMs, process, recheckMs = Number.POSITIVE_INFINITY }: Asking,
  config: PacerConfig,
  state: PacerState,
  now: number,
  untilMs: number,
): number => {
  const longestMs = recheckMs * Tuning.longRechecks
  const position = Rotation.positionOf(state.rotation, process, 1)
  const dueAt = engine.certainDue(config, state, untilMs, position)
  if (dueAt !== undefined) return Math.min(dueAt, now + longestMs)
  // one that opens lets a single request through, for whose response all wait
  const isClosed = state.gate !== null && now < state.gate.untilMs
  const responseAt = isClosed ? undefined : engine.expectedResponse(state)
  if (responseAt === undefined) {
    const restMs = Math.min(longestMs, (untilMs - now) / 2)
    return Math.min(untilMs, now + Math.max(recheckMs, restMs))
  }
  const knownAt = responseAt + changeMs
  const lateMs = recheckMs / Tuning.lateRechecks
  const lookAt = knownAt > now ? Math.min(knownAt, now + recheckMs) : now + lateMs
  // the next permits are for others, and each look at the record keeps it from them
  const patientMs = Math.min(
    longestMs,
    Math.floor(Rotation.countAhead(state.rotation, process) / Tuning.lateAtATime) * lateMs,
  )
  return Math.min(untilMs, Math.max(lookAt, now + patientMs))
}
