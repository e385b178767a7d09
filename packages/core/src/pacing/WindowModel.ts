/**
 * The model of the server's window: whether it is trusted, and which sends of the log the server has forgotten at a
 * time. Pure.
 */
import type { Draft, PacerState } from "./PacerState.ts"
import { isUnlogged } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendLog from "./SendLog.ts"

/** Counts sends that were forgotten as predicted; enough of them make the window trusted, many halve the margin. */
export const confirm = (state: Draft, count: number): void => {
  state.confirmedSends += count
  if (state.confirmedSends >= Tuning.windowsToTrust * state.limit) state.trusted = true
  if (state.trusted) {
    state.windowKnown = true
    state.held = { ...state.held, longerMs: null }
  }
  if (state.confirmedSends < Tuning.windowsToHalveMargin * state.limit) return
  state.confirmedSends = Tuning.windowsToTrust * state.limit
  state.marginMs /= 2
}

/** Takes trust away: only the server's word counts until the window has proved itself again. */
export const distrust = (state: Draft): void => {
  state.trusted = false
  state.confirmedSends = 0
}

/** Takes the window for one that forgets send by send, until it is seen to forget all at once. */
export const slide = (state: Draft): void => {
  if (!state.fixedWindow) return
  state.fixedWindow = false
  state.log = state.log.map((run) => ({ ...run, windowStart: run.at }))
}

/** Returns a lower bound of the next round trip. */
export const minRoundTrip = ({ roundTrip }: PacerState): number => RoundTrip.lowerBound(roundTrip)

/** After how long the server has surely forgotten a send, counted from the start of its window, if that is right. */
const lifetime = (state: PacerState): number =>
  state.windowMs - minRoundTrip(state) + state.marginMs

/** Counts the sends that are due to be forgotten at a time. */
export const countDue = (state: PacerState, at: number): number => {
  const newest = at - lifetime(state)
  return SendLog.countWhile(state.log, ({ windowStart }) => windowStart <= newest)
}

/** Counts the sends that can have been in one window with a request of an unnamed limit. */
export const countInWindow = ({ growth, log, windowMs }: PacerState, sentAt: number): number => {
  const startMs = Math.max(growth.windowStartMs, sentAt - windowMs)
  return SendLog.countWhere(log, (run) => run.sentAt >= startMs)
}

/** Counts the sends that the server has surely forgotten at a time: none until the window is trusted. */
export const countForgotten = (state: PacerState, at: number): number => {
  const { refill } = state
  if (refill === null) return state.trusted ? countDue(state, at) : 0
  const refilled = Math.floor((at + minRoundTrip(state) - refill.sinceMs) / refill.intervalMs)
  return Math.min(SendLog.size(state.log), Math.max(0, refilled))
}

/** Returns when the nth oldest send (from 1) will be forgotten, or undefined if there is no such send. */
export const forgottenAt = (state: PacerState, nth: number): number | undefined => {
  const run = SendLog.runOf(state.log, nth)
  if (run === undefined) return undefined
  const { refill } = state
  return refill === null
    ? run.windowStart + lifetime(state)
    : refill.sinceMs + nth * refill.intervalMs - minRoundTrip(state)
}

/** Counts the logged sends that the server still counts. */
export const countLive = (state: PacerState, at: number): number =>
  SendLog.size(state.log) - countForgotten(state, at)

/** Drops sends that were forgotten before the oldest request in flight was sent. */
export const dropForgotten = (state: Draft): void => {
  const oldest = state.inFlight.find(isUnlogged)?.sentAt ?? state.nowMs
  const count = countForgotten(state, Math.min(state.nowMs, oldest))
  if (count === 0) return
  const { refill } = state
  state.log = SendLog.dropOldest(state.log, count)
  if (refill !== null) {
    state.refill = { ...refill, sinceMs: refill.sinceMs + count * refill.intervalMs }
  }
}
