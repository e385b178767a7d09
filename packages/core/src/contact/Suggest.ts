/**
 * Finds the name that a misspelt one probably means, for the suggestions of issues. It only suggests: nothing is mapped or
 * sent because of it.
 */

// longer names are not compared, so the quadratic distance has a fixed bound
const MAX_LENGTH = 40

// letters that have two cases, in lower case, and digits
const fold = (name: string): string =>
  name.toLowerCase().replace(/[^\p{Changes_When_Uppercased}\d]/gu, "")

/** Counts the insertions, deletions, replacements and swaps of neighbours between two short texts. */
const distance = (a: string, b: string): number => {
  let beforeLast: Array<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

/**
 * Returns the candidate nearest to `name`; undefined if none is near.
 *
 * **Details**
 *
 * Case, spaces and punctuation do not count. Near means at most one typing error in names of up to five letters and two
 * in longer ones; of two equally near the first wins. Names of over 40 characters are not compared.
 *
 * **Example**
 *
 * ```ts
 * import { suggest } from "@aelyst/core/adapter"
 *
 * console.log(suggest("first_nmae", ["firstName", "lastName"])) // => firstName
 * console.log(suggest("company", ["firstName", "lastName"])) // => undefined
 * ```
 */
export const suggest = (name: string, candidates: Iterable<string>): string | undefined => {
  if (name.length > MAX_LENGTH) return undefined
  const folded = fold(name)
  if (folded.length < 2) return undefined
  let nearest: string | undefined
  let least = folded.length <= 5 ? 2 : 3
  for (const candidate of candidates) {
    if (candidate.length > MAX_LENGTH) continue
    const other = fold(candidate)
    if (other === folded) return candidate
    if (Math.abs(other.length - folded.length) >= least) continue
    const apart = distance(folded, other)
    if (apart < least) {
      least = apart
      nearest = candidate
    }
  }
  return nearest
}

/** Returns the sentence that suggests the candidate nearest to `name`; undefined if none is near. */
export const hint = (name: string, candidates: Iterable<string>): string | undefined => {
  const meant = suggest(name, candidates)
  return meant === undefined ? undefined : `write ${meant}`
}
