/**
 * The state of a pacer while its process cannot reach the store that it shares: it continues with the last state that it
 * knows, and adds its own sends to the shared state when the store is back. Pure.
 */
import { isUnlogged, logResolution, recordSend } from "./PacerState.ts"
import type { PacerState } from "./PacerState.ts"
import * as SendLog from "./SendLog.ts"

/**
 * Returns the state to continue with, from the last one that is known, if any. No response of another process can come
 * in now, so that nothing waits for one. Requests are numbered from `firstId`, which no other process uses.
 */
export const leave = (last: PacerState | undefined, firstId: number, now: number): PacerState => {
  // safe: of a state without its version a pacer takes the number only
  if (last === undefined) return { nextId: firstId } as PacerState
  const state = { ...last, nextId: firstId, scoutId: null, rotation: [] }
  for (const request of last.inFlight) {
    if (isUnlogged(request)) recordSend(state, request, now)
  }
  return { ...state, inFlight: last.inFlight.map((request) => ({ ...request, logged: true })) }
}

/** Adds what was sent since `sinceMs`, by requests numbered from `firstId`, to the shared state, `shiftMs` later. */
export const rejoin = (
  shared: PacerState,
  alone: PacerState,
  from: { readonly firstId: number; readonly sinceMs: number; readonly shiftMs: number },
): PacerState => {
  const { firstId, shiftMs, sinceMs } = from
  const sent = alone.ceilingLog
    .filter(({ at }) => at >= sinceMs)
    .map(({ at, count }) => ({
      at: at + shiftMs,
      windowStart: at + shiftMs,
      sentAt: at + shiftMs,
      count,
    }))
  const add = (log: SendLog.SendLog, resolution: number) =>
    sent.reduce((sum, run) => SendLog.add(sum, run, resolution), log)
  const inFlight = alone.inFlight.filter(({ id }) => id >= firstId)
  return {
    ...shared,
    log: add(shared.log, logResolution(shared)),
    ceilingLog: add(shared.ceilingLog, 0),
    // in the log already; their responses are still worth reading
    inFlight: [
      ...shared.inFlight,
      ...inFlight.map(({ counted, id, sentAt }) => ({
        id,
        counted,
        sentAt: sentAt + shiftMs,
        logged: true as const,
      })),
    ].toSorted((a, b) => a.sentAt - b.sentAt),
    gate: later(shared.gate, alone.gate, shiftMs),
  }
}

const later = (
  shared: PacerState["gate"],
  alone: PacerState["gate"],
  shiftMs: number,
): PacerState["gate"] => {
  if (alone === null) return shared
  const untilMs = alone.untilMs + shiftMs
  return shared === null || shared.untilMs < untilMs ? { untilMs } : shared
}
