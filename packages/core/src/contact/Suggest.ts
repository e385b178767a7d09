/**
 * Finds the name that a misspelt one probably means, for the suggestions of issues. It only suggests: nothing is mapped or
 * sent because of it.
 */

// longer names are not compared, so the search has a fixed bound
const MAX_LENGTH = 40

// letters that have two cases, in lower case, and digits
const fold = (name: string): string =>
  name.toLowerCase().replace(/[^\p{Changes_When_Uppercased}\d]/gu, "")

/** Returns whether a text has at most so many insertions, deletions, replacements and swaps of neighbours in another. */
const isNear = (a: string, b: string, errors: number): boolean => {
  if (Math.abs(a.length - b.length) > errors) return false
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const x = a.slice(same)
  const y = b.slice(same)
  if (x === y || errors === 0) return x === y
  const rest = errors - 1
  return (
    isNear(x.slice(1), y, rest) ||
    isNear(x, y.slice(1), rest) ||
    isNear(x.slice(1), y.slice(1), rest) ||
    (x[0] === y[1] && x[1] === y[0] && isNear(x.slice(2), y.slice(2), rest))
  )
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
  const known = [...candidates].filter(({ length }) => length <= MAX_LENGTH)
  const most = folded.length <= 5 ? 1 : 2
  for (let errors = 0; errors <= most; errors++) {
    const nearest = known.find((candidate) => isNear(folded, fold(candidate), errors))
    if (nearest !== undefined) return nearest
  }
  return undefined
}

/** Returns the sentence that suggests the candidate nearest to `name`; undefined if none is near. */
export const hint = (name: string, candidates: Iterable<string>): string | undefined => {
  const meant = suggest(name, candidates)
  return meant === undefined ? undefined : `write ${meant}`
}
