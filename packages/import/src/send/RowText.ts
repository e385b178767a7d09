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

/** Returns a value as JSON with sorted keys, so that the order of columns makes no difference. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.toSorted().join()}}`
}

/** Returns what a row is recognised by. */
export const rowText = ({ contact, identifier }: ReadyRow): RowText => {
  // an identifier that cannot be parsed is not sent, and may have any key
  const key = Result.match(Identifier.parse(identifier), {
    onFailure: () => identifier,
    onSuccess: (parsed) => Identifier.key(parsed),
  })
  return { key, content: canonical([key, contact]) }
}
