/** Counts for the tests of single readers. */
import type { Counts } from "../src/check/Fault.ts"
import type { Fix, Omission } from "../src/types.ts"

/** Creates counts, and the list of the kinds that they were given. */
export const makeCounts = (): { readonly counts: Counts; readonly list: (Fix | Omission)[] } => {
  const list: (Fix | Omission)[] = []
  const note = (kind: Fix | Omission) => {
    list.push(kind)
  }
  return { counts: { fix: note, omit: note }, list }
}
