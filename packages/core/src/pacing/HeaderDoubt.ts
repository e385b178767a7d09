/** Doubts headers that say something odd: once they are not believed, and again and again not for ever. Pure. */
import type { Draft } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"

/** Checks whether `Remaining` says nothing: the whole limit once, or 0 again and again without a 429. */
export const isDoubtful = (state: Draft, remaining: number): boolean => {
  const { doubt, limit } = state
  if (remaining >= limit) {
    state.doubt = { ...doubt, unused: doubt.unused + 1, zeros: 0 }
    return state.doubt.unused < Tuning.wholesToOffset
  }
  if (remaining > 0) {
    if (doubt.zeros > 0) state.doubt = { ...doubt, zeros: 0 }
    return false
  }
  if (doubt.unused > 0) state.doubt = { ...doubt, unused: 0 }
  return doubt.zeros >= doubt.patience
}

/** Counts an unexplained 0. */
export const countZero = (state: Draft): void => {
  state.doubt = { ...state.doubt, zeros: state.doubt.zeros + 1 }
}

/** Believes a 0 for longer: a 429 has confirmed it. */
export const confirmZero = (state: Draft): void => {
  if (state.doubt.zeros < state.doubt.patience) return
  const patience = Math.min(Tuning.largestZerosToDoubt, 2 * state.doubt.patience)
  state.doubt = { ...state.doubt, zeros: 0, patience }
}

/** Returns 1 if `Remaining` does not count its own request yet. */
export const remainingOffset = ({ doubt }: Draft): 0 | 1 =>
  doubt.unused >= Tuning.wholesToOffset ? 1 : 0

/**
 * Checks whether a named limit is not to be believed yet. A limit that is higher than before must be named twice; it must be
 * named through two windows if far more of it is used than could be, as it may hold at the same time for a longer window.
 */
export const isUnconfirmed = (state: Draft, limit: number, remaining: number): boolean => {
  const { doubt } = state
  if (state.limitSource !== "server" || limit <= state.limit) {
    if (doubt.higherLimit !== null) state.doubt = { ...doubt, higherLimit: null }
    return false
  }
  const named = doubt.higherLimit?.limit === limit ? doubt.higherLimit.named + 1 : 1
  const isOther = limit - remaining > Tuning.otherLimitFactor * state.limit
  const isConfirmed = named > (isOther ? Tuning.otherLimitFactor * state.limit : 1)
  state.doubt = { ...doubt, higherLimit: isConfirmed ? null : { limit, named } }
  return !isConfirmed
}
