/** The record of a pacer's state in a store outside of the process: a text, and a version that no other text has. */
import type { Comeback } from "./Comeback.ts"
import type { PacerState } from "./StoredState.ts"
import type { Rotation } from "./Rotation.ts"

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
  readonly rotation: Rotation
  readonly comeback: Comeback | undefined
}

/** Returns the text of a state without its time: if it is the same, there is nothing to write. */
export const bodyOf = (state: PacerState): string => JSON.stringify({ ...state, nowMs: 0 })

/** Writes a record. The version is unique by `stamp`, and shows by a sum whether the text is the one it belongs to. */
export const encode = (stamp: string, { state, ...rest }: SharedRecord): StoredText => {
  const text = `[${JSON.stringify({ ...rest, nowMs: state.nowMs })},${bodyOf(state)}]`
  return { version: `${stamp}.${sumOf(text)}`, text }
}

/** Reads a record; undefined if there is none, or if its text is not the one that was written with its version. */
export const decode = ({ text, version }: StoredText): SharedRecord | undefined => {
  if (!version.endsWith(`.${sumOf(text)}`)) return undefined
  // safe: the sum shows that `encode` wrote the text
  const [{ comeback, nowMs, shiftMs, rotation }, state] = JSON.parse(text) as [
    SharedRecord & { readonly nowMs: number },
    PacerState,
  ]
  return { state: { ...state, nowMs }, shiftMs, rotation, comeback }
}

const sumOf = (text: string): string => {
  let sum = 5381
  for (let index = 0; index < text.length; index++)
    sum = Math.imul(sum, 33) ^ text.charCodeAt(index)
  return (sum >>> 0).toString(36)
}
