/** The table of errors for documents and help texts: each class's words, as its definition in `AelystError.ts` has them. */
import type { ErrorTag } from "./AelystError.ts"
import { errorClasses } from "./AelystError.ts"
import type { ErrorEntry } from "./ErrorClass.ts"

export type { ErrorTag } from "./AelystError.ts"
export type { ErrorEntry, Outcome } from "./ErrorClass.ts"
export { docsUrl } from "./ErrorClass.ts"

/**
 * Lists the nine tags in the order of the docs.
 *
 * **Example**
 *
 * ```ts
 * import { errorTable, errorTags } from "@aelyst/core/adapter"
 *
 * console.log(errorTags.length) // => 9
 * console.log(errorTable.RateLimitError.resent) // => yes, after the wait
 * ```
 */
export const errorTags: ReadonlyArray<ErrorTag> =
  // safe: an object literal has the keys of its type and no others
  Object.keys(errorClasses) as ReadonlyArray<ErrorTag>

/** Holds the words of the nine error classes by tag. */
export const errorTable: Readonly<Record<ErrorTag, ErrorEntry>> =
  // safe: one entry for each tag
  Object.fromEntries(errorTags.map((tag) => [tag, errorClasses[tag].entry])) as Record<
    ErrorTag,
    ErrorEntry
  >
