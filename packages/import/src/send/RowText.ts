/** A row as text, by which it is recognised again: the same contact gives the same text, however its file is written. */
import { Identifier } from "@aelyst/core"
import * as Result from "effect/Result"

import type { ReadyRow } from "../types.ts"

/** The texts that identify a row: personal data, of which the journal keeps only keyed hashes. */
export interface RowText {
  /** The identifier's key: no two requests for it may be under way at once. */
  readonly key: string
  /** The key and everything that is sent, so that an edited row is another one. */
  readonly content: string
}

/** A replacer of `JSON.stringify` that sorts the keys of objects, so that their order makes no difference. */
export const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** Returns what a row is recognised by. */
export const rowText = ({ contact, identifier }: ReadyRow): RowText => {
  // an identifier that cannot be parsed is not sent, and may have any key
  const key = Result.match(Identifier.parse(identifier), {
    onFailure: () => identifier,
    onSuccess: (parsed) => Identifier.key(parsed),
  })
  return { key, content: JSON.stringify([key, contact], sorted) }
}
