/** The lines of a file of rejects: the rows as they were, and columns of ours that a new import leaves out. */
import type { Problem, SourceRow, TableHead } from "../types.ts"
import { escapeFormula } from "./FormulaText.ts"

/** A row that was not created, and why. */
export interface Reject {
  readonly row: SourceRow
  readonly problems: readonly Problem[]
  readonly status: "invalid" | "duplicate" | "rejected" | "unknown" | "not_sent"
}

/** The format of the source of rejects. */
export type RejectHead = Pick<TableHead, "format" | "encoding" | "bom" | "delimiter" | "columns">

const ownColumns = [
  "_aelyst_line",
  "_aelyst_column",
  "_aelyst_code",
  "_aelyst_reason",
  "_aelyst_suggestion",
  "_aelyst_status",
] as const

const isOwn = (name: string): boolean => name.trim().toLowerCase().startsWith("_aelyst_")

const join = (texts: readonly (string | undefined)[]): string =>
  texts.filter((text) => text !== undefined).join("; ")

/** Returns the values of our columns; none starts a formula. */
const ownValues = ({ row, problems, status }: Reject): readonly string[] =>
  [
    String(row.line),
    join(problems.map(({ column }) => column)),
    join(problems.map(({ code }) => code)),
    join(problems.map(({ reason }) => reason)),
    join(problems.map(({ suggestion }) => suggestion)),
    status,
  ].map(escapeFormula)

/** Writes rejects in one format. */
export interface RejectFormat {
  /** The text before the first row. */
  readonly begin: string
  /** Returns the text of a row. */
  readonly line: (reject: Reject) => string
}

const csv = ({ columns, delimiter = ",", bom, encoding, format }: RejectHead): RejectFormat => {
  const cell = (text: string) =>
    text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text)
      ? `"${text.replaceAll('"', '""')}"`
      : text
  const line = (cells: readonly string[]) => `${cells.map(cell).join(delimiter)}\r\n`
  const kept = columns.flatMap((name, at) => (isOwn(name) ? [] : [at]))
  // other programs would not know that the file is no longer in its encoding
  const hasMark = bom || encoding !== "utf-8" || format === "xlsx"
  return {
    begin:
      (hasMark ? "\ufeff" : "") + line([...kept.map((at) => columns[at] ?? ""), ...ownColumns]),
    // cells beyond the header stay beyond it, so that the row is too long for a new import, too
    line: (reject) =>
      line([
        ...kept.map((at) => reject.row.cells[at] ?? ""),
        ...ownValues(reject),
        ...reject.row.cells.slice(columns.length),
      ]),
  }
}

const ndjson = ({ columns }: RejectHead): RejectFormat => ({
  begin: "",
  line: (reject) => {
    const { record = {} } = reject.row
    const values = ownValues(reject)
    // a column that no reject has would be missing when they are imported again
    const absent = columns.filter((name) => !Object.hasOwn(record, name))
    const all = [
      ...Object.entries(record),
      ...absent.map((name): [string, unknown] => [name, null]),
    ]
    const kept = all.filter(([name]) => !isOwn(name))
    const more = ownColumns.map((name, at): [string, unknown] => [name, values[at]])
    return `${JSON.stringify(Object.fromEntries([...kept, ...more]))}\n`
  },
})

/** Returns the format of the rejects of a file: its own, CSV for sheets, and a record a line for JSON. */
export const rejectFormat = (head: RejectHead): RejectFormat =>
  head.format === "json" || head.format === "ndjson" ? ndjson(head) : csv(head)
