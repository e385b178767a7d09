/** The lines of text that say what was read, how its columns are used and what is wrong, before anything is sent. */
import * as Records from "effect/Record"

import type { CheckSummary, Fix, Mapping, Omission, Problem, TableHead } from "../types.ts"
import type { Findings } from "./Findings.ts"
import { count, counted, printable } from "./Printable.ts"

const quoted = (text: string): string => `"${printable(text)}"`

const delimiters: Readonly<Record<string, string>> = { "\t": "tab" }

const encodingName = (encoding: string): string =>
  encoding.startsWith("utf-") ? encoding.toUpperCase() : encoding.replace(/^w/, "W")

/** A file that was checked. */
export interface TableText {
  /** The name of the file, or `stdin`. */
  readonly source: string
  readonly head: Pick<TableHead, "format" | "encoding" | "bom" | "delimiter" | "headerLine">
  readonly rows: number
  /** The name of the program that wrote the file, if it is known. */
  readonly program?: string | undefined
}

/**
 * Returns the line that says what was read.
 *
 * **Example**
 *
 * ```ts
 * import { tableLine } from "@aelyst/import"
 *
 * const head = {
 *   format: "csv",
 *   encoding: "utf-8",
 *   bom: true,
 *   delimiter: ";",
 *   headerLine: 1,
 * } as const
 * console.log(tableLine({ source: "leads.csv", head, rows: 1204, program: "HubSpot" }))
 * // => Reading leads.csv  1,204 rows · UTF-8 (BOM) · ";" separated · looks like an export of HubSpot
 * ```
 */
export const tableLine = ({ source, head, rows, program }: TableText): string => {
  const { delimiter, encoding, bom, format, headerLine } = head
  const isText = format === "csv" || format === "tsv"
  const parts = [
    counted(rows, "row"),
    format === "xlsx" ? "xlsx" : `${encodingName(encoding)}${bom ? " (BOM)" : ""}`,
    ...(isText && delimiter !== undefined
      ? [`${delimiters[delimiter] ?? `"${delimiter}"`} separated`]
      : []),
    ...(headerLine > 1 ? [`header on line ${headerLine}`] : []),
    ...(program === undefined ? [] : [`looks like an export of ${program}`]),
  ]
  return `Reading ${printable(source)}  ${parts.join(" · ")}`
}

/**
 * Returns the lines that say which columns fill which fields, and which are not sent. `add` is an option that would send
 * one of them.
 *
 * **Example**
 *
 * ```ts
 * import { map, mappingLines } from "@aelyst/import"
 * import { Result } from "effect"
 *
 * const head = { format: "csv", columns: ["First name", "Mobile", "Phone", "City"] } as const
 * const { mapping, suggestions } = Result.getOrThrow(map(head))
 * console.log(mappingLines(mapping, suggestions[0]?.flag).join("\n"))
 * // => Columns  firstName ← "First name"
 * // =>          phone ← "Mobile", else "Phone"
 * // =>          identified by phone
 * // =>          not sent: "City"   (add: --custom City=City)
 * ```
 */
export const mappingLines = (mapping: Mapping, add?: string): readonly string[] => {
  const { columns, fields, custom, constants, unmapped, identifyBy } = mapping
  const name = (at: number) => quoted(columns[at] ?? "")
  const lines = [
    ...Object.entries(fields).map(
      ([field, from]) => `${field} ← ${from.map(name).join(", else ")}`,
    ),
    ...custom.map(
      (field) => `custom ${quoted(field.name)} (${field.type}) ← ${name(field.column)}`,
    ),
    ...Object.entries(constants).map(([field, value]) => `${field} ← ${quoted(value)} if empty`),
    `identified by ${identifyBy.join(", else ")}`,
  ]
  if (unmapped.length > 0) {
    const names = unmapped.slice(0, 12).map(name).join(", ")
    const rest = unmapped.length > 12 ? ` and ${unmapped.length - 12} more` : ""
    lines.push(`not sent: ${names}${rest}${add === undefined ? "" : `   (add: ${add})`}`)
  }
  return lines.map((line, at) => `${at === 0 ? "Columns" : "       "}  ${line}`)
}

const fixes: Readonly<Record<Fix, string>> = {
  space: "spaces around values",
  apostrophe: "apostrophes before values",
  formula: '="…" around values',
  invisible: "invisible characters around values",
  phone: "phone numbers in other forms",
  dialing_code: "calling codes joined to phone numbers",
  plus: "phone numbers without +",
  country: "names of countries",
  language: "names of languages",
  date: "dates in other forms",
  time: "times in other forms",
  checkbox: "checkboxes in other forms",
  label: "labels",
}

const omissions: Readonly<Record<Omission, string>> = {
  extension: "extensions of phone numbers",
  other_values: "further values in one cell",
  no_date: "dates that say there is none",
  dropped: "values that are not valid",
}

const tally = <Key extends string>(
  counts: Readonly<Partial<Record<Key, number>>>,
  names: Readonly<Record<Key, string>>,
): string =>
  Records.toEntries(names)
    .flatMap(([key, name]) =>
      counts[key] === undefined ? [] : [`${name} (${count(counts[key])})`],
    )
    .join(" · ")

/**
 * Returns the lines that count what a check found, changed and left out.
 *
 * **Example**
 *
 * ```ts
 * import { checkedLines } from "@aelyst/import"
 *
 * const summary = {
 *   rows: 1204,
 *   ready: 1163,
 *   invalid: 28,
 *   duplicate: 13,
 *   foreign: 0,
 *   byCode: {},
 *   fixes: { phone: 812 },
 *   omissions: {},
 *   validWithPlus: {},
 * }
 * console.log(checkedLines(summary).join("\n"))
 * // => Checked  1,163 ready · 28 invalid · 13 duplicates inside the file
 * // => Changed  phone numbers in other forms (812)
 * ```
 */
export const checkedLines = (summary: CheckSummary): readonly string[] => {
  const { ready, invalid, duplicate, foreign } = summary
  const parts = [
    `${count(ready)} ready`,
    `${count(invalid)} invalid`,
    ...(duplicate > 0 ? [`${counted(duplicate, "duplicate")} inside the file`] : []),
    ...(foreign > 0 ? [`${count(foreign)} not of the table`] : []),
  ]
  const changed = tally(summary.fixes, fixes)
  const left = tally(summary.omissions, omissions)
  return [
    `Checked  ${parts.join(" · ")}`,
    ...(changed === "" ? [] : [`Changed  ${changed}`]),
    ...(left === "" ? [] : [`Left out ${left}`]),
    ...Object.entries(summary.validWithPlus).map(
      ([column, number]) =>
        `         ${count(number)} rejected numbers in ${quoted(column)} are valid with a + before them`,
    ),
  ]
}

/** How findings are shown. */
export interface FindingStyle {
  /** Whether the values of cells are shown: personal data, for a terminal. Default: false. */
  readonly showValues?: boolean | undefined
  /** The path of the file of rejects, in which every problem is. */
  readonly rejects?: string | undefined
}

const cellsOf = (problem: Problem, showValues: boolean): readonly string[] => [
  `line ${problem.line}`,
  problem.column === undefined ? "" : `col ${quoted(problem.column)}`,
  problem.code,
  ...(showValues ? [problem.value === undefined ? "" : quoted(problem.value)] : []),
  problem.suggestion ?? problem.reason,
]

/** Puts cells below each other. */
const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((cells) => (cells[at] ?? "").length)),
  )
  return rows.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}

/**
 * Returns the lines that list problems: those that are shown, aligned, then the others by code.
 *
 * **Example**
 *
 * ```ts
 * import { findingLines } from "@aelyst/import"
 *
 * const shown = [
 *   {
 *     code: "COUNTRY_UNKNOWN",
 *     line: 58,
 *     column: "Country",
 *     reason: "no country has this code or name",
 *     suggestion: "did you mean Malaysia (MY)?",
 *     value: "Malayisa",
 *   },
 * ] as const
 * const findings = { shown, more: { PHONE_INVALID: 19 }, duplicates: [], foreign: [] }
 * console.log(findingLines(findings, { rejects: "leads.rejects.csv" }).join("\n"))
 * // => line 58  col "Country"  COUNTRY_UNKNOWN  did you mean Malaysia (MY)?
 * // => … 19 more, by reason: PHONE_INVALID 19      all in leads.rejects.csv
 * ```
 */
export const findingLines = (findings: Findings, style: FindingStyle = {}): readonly string[] => {
  const { showValues = false, rejects } = style
  const { shown, more, duplicates, foreign } = findings
  const hidden = Object.entries(more).toSorted(([, a], [, b]) => b - a)
  const total = hidden.reduce((sum, [, number]) => sum + number, 0)
  const byReason = hidden.map(([code, number]) => `${code} ${count(number)}`).join(" · ")
  const where = rejects === undefined ? "" : `all in ${printable(rejects)}`
  const rest =
    total > 0
      ? [`… ${count(total)} more, by reason: ${byReason}${where && `      ${where}`}`]
      : shown.length > 0 && where !== ""
        ? [where]
        : []
  const examples = [
    ...duplicates.slice(0, 3).map(({ line, reason }) => `line ${line}  duplicate: ${reason}`),
    ...foreign.slice(0, 3).map(({ line, reason }) => `line ${line}  left out: ${reason}`),
  ]
  return [...aligned(shown.map((problem) => cellsOf(problem, showValues))), ...rest, ...examples]
}
