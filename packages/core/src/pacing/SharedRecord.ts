/** The record of a pacer's state in a store outside of the process: a text, and a version that no other text has. */
import type { Comeback } from "./Comeback.ts"
import type { PacerState } from "./StoredState.ts"

/** A record as a store keeps it. An empty version stands for no record. */
export interface StoredText {
  readonly version: string
  readonly text: string
}

/** The content of a record. */
export interface SharedRecord {
  readonly state: PacerState
  /** By how much the time of the state is ahead of the store's clock, in milliseconds. */
  readonly shiftMs: number
  readonly comeback: Comeback | undefined
}

/** Returns the text of a state without its time: if it is the same, there is nothing to write. */
export const bodyOf = (state: PacerState): string => JSON.stringify({ ...state, nowMs: 0 })

/** Returns a text with its version, which is unique by `stamp` and has a sum of the text. */
export const seal = (stamp: string, text: string): StoredText => ({
  version: `${stamp}.${sumOf(text)}`,
  text,
})

/** Checks whether a text is the one that got this version. */
export const isSealed = ({ text, version }: StoredText): boolean =>
  version.endsWith(`.${sumOf(text)}`)

/** Writes a record. */
export const encode = (stamp: string, { state, ...rest }: SharedRecord): StoredText =>
  seal(stamp, `[${JSON.stringify({ ...rest, nowMs: state.nowMs })},${bodyOf(state)}]`)

/** Reads a record; undefined if there is none, or if its text is not the one that got its version. */
export const decode = (stored: StoredText): SharedRecord | undefined => {
  if (!isSealed(stored)) return undefined
  // safe: the version shows that `encode` wrote the text
  const [{ comeback, nowMs, shiftMs }, state] = JSON.parse(stored.text) as [
    SharedRecord & { readonly nowMs: number },
    PacerState,
  ]
  return { state: { ...state, nowMs }, shiftMs, comeback }
}

const sumOf = (text: string): string => {
  let sum = 5381
  for (let index = 0; index < text.length; index++)
    sum = Math.imul(sum, 33) ^ text.charCodeAt(index)
  return (sum >>> 0).toString(36)
}
