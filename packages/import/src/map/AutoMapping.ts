/** Finds the fields of columns by their names: a whole header equals an alias, or it matches nothing. */
import { FieldAlias } from "@aelyst/core"

import type { FieldName } from "../types.ts"
import { quote, reference } from "./Column.ts"
import type { MappingIssue } from "./MappingError.ts"

interface Claim {
  readonly column: number
  readonly rank: number
}

/** The fields that were found by name, and the columns that claim one field with equal right. */
export interface AutoMapping {
  readonly fields: Partial<Record<FieldName, readonly number[]>>
  readonly issues: readonly MappingIssue[]
}

const ambiguity = (
  columns: readonly string[],
  field: FieldName,
  claims: readonly Claim[],
): MappingIssue => {
  const names = claims.map(({ column }) => reference(columns, column))
  return {
    reason: "ambiguous",
    message: `${field} could be ${names.map((name) => `"${name}"`).join(" or ")}`,
    fix: `--map ${quote(`${field}=${names.join("|")}`)} takes the first that is not empty; leave one out to use only the other`,
  }
}

/** Returns whether two columns have the same rank. `claims` is sorted. */
const tied = (claims: readonly Claim[]): readonly Claim[] => {
  const first = claims.find(({ rank }, at) => claims[at + 1]?.rank === rank)
  return claims.filter(({ rank }) => rank === first?.rank)
}

/**
 * Maps columns by their names. `isOpen` says which columns may be used; fields for which `isGiven` holds are skipped.
 *
 * A full name counts only in a table that has no column of first names.
 */
export const find = (
  columns: readonly string[],
  isOpen: (column: number) => boolean,
  isGiven: (field: FieldName) => boolean,
): AutoMapping => {
  const claims = new Map<FieldName, Claim[]>()
  for (const [column, header] of columns.entries()) {
    const match = isOpen(column) ? FieldAlias.match(header) : undefined
    if (match === undefined || isGiven(match.target)) continue
    const { target, rank } = match
    claims.set(target, [...(claims.get(target) ?? []), { column, rank }])
  }
  if (claims.has("firstName") || isGiven("firstName")) claims.delete("fullName")
  const fields: Partial<Record<FieldName, readonly number[]>> = {}
  const issues: MappingIssue[] = []
  for (const [field, found] of claims) {
    const sorted = found.toSorted((a, b) => a.rank - b.rank || a.column - b.column)
    const same = tied(sorted)
    if (same.length > 0) issues.push(ambiguity(columns, field, same))
    fields[field] = sorted.map(({ column }) => column)
  }
  return { fields, issues }
}
