/** The counts of an import at its end. Every row is in exactly one of them, so they add up. */
import * as Records from "effect/Record"

import { count, counted } from "./Printable.ts"

/** The outcomes of rows, in the order in which they are shown, in words. */
const words = {
  created: "created",
  existed: "already there",
  exists_after_doubt: "there after a lost response",
  invalid: "invalid",
  duplicate: "duplicate",
  rejected: "rejected",
  unknown: "unknown",
  not_sent: "not sent",
} as const

/** The rows by outcome. */
export type Totals = Readonly<Record<keyof typeof words, number>>

const outcomes = Records.keys(words)

// said also when there are none, since they are what a person looks for
const always: readonly (keyof Totals)[] = ["created", "rejected", "unknown", "not_sent"]

/**
 * Returns the line that adds up to the number of rows.
 *
 * **Example**
 *
 * ```ts
 * import { totalsLine } from "@aelyst/import"
 *
 * const totals = {
 *   created: 637,
 *   existed: 515,
 *   exists_after_doubt: 0,
 *   invalid: 28,
 *   duplicate: 13,
 *   rejected: 11,
 *   unknown: 0,
 *   not_sent: 0,
 * }
 * console.log(totalsLine(totals))
 * // => 1,204 rows = 637 created + 515 already there + 28 invalid + 13 duplicate + 11 rejected + 0 unknown + 0 not sent
 * ```
 */
export const totalsLine = (totals: Totals): string => {
  const rows = outcomes.reduce((sum, outcome) => sum + totals[outcome], 0)
  const terms = outcomes.filter((outcome) => totals[outcome] > 0 || always.includes(outcome))
  const sum = terms.map((outcome) => `${count(totals[outcome])} ${words[outcome]}`).join(" + ")
  return `${counted(rows, "row")} = ${sum}`
}

/**
 * Returns the lines that say what to do about rows that were not created, and what an outcome in doubt means.
 *
 * **Example**
 *
 * ```ts
 * import { afterLines } from "@aelyst/import"
 *
 * const totals = {
 *   created: 637,
 *   existed: 0,
 *   exists_after_doubt: 0,
 *   invalid: 28,
 *   duplicate: 0,
 *   rejected: 11,
 *   unknown: 0,
 *   not_sent: 0,
 * }
 * console.log(afterLines(totals, { path: "leads.rejects.csv", rows: 39 }).join("\n"))
 * // => 39 rows → leads.rejects.csv      correct them, then: aelyst import leads.rejects.csv
 * ```
 */
export const afterLines = (
  totals: Totals,
  rejects: { readonly path: string; readonly rows: number } | undefined,
): readonly string[] => [
  ...(rejects === undefined
    ? []
    : [
        `${counted(rejects.rows, "row")} → ${rejects.path}      correct them, then: aelyst import ${rejects.path}`,
      ]),
  ...(totals.exists_after_doubt > 0
    ? [
        `${counted(totals.exists_after_doubt, "contact")} existed when asked again after a lost response: probably created by it`,
      ]
    : []),
  ...(totals.unknown > 0
    ? [
        `${counted(totals.unknown, "row")} may have been created, the response was lost: check whether they exist before you send them again`,
      ]
    : []),
]
