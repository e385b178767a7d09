/** Finds rows of one contact: valid rows with the same identifier. */
import type { DuplicateRow, ReadyRow } from "../types.ts"
import type { RowPosition } from "./KeyTable.ts"
import { KeyTable } from "./KeyTable.ts"

/** Which of several rows of one contact is sent: the first, the last, or none. */
export type OnDuplicate = "first" | "last" | "reject"

/** Returns what two rows of one contact have in common. Case makes no difference in an address. */
const keyOf = ({ identifier }: ReadyRow): string =>
  identifier.startsWith("email:") ? identifier.toLowerCase() : identifier

const duplicate = (row: ReadyRow, other: RowPosition | undefined, which: string): DuplicateRow => {
  const { line } = row.row
  const where = other === undefined ? "" : ` (line ${other.line})`
  return {
    state: "duplicate",
    row: row.row,
    ...(other !== undefined && { of: other.number }),
    problems: [{ code: "DUPLICATE_IN_FILE", line, reason: `${which}${where}` }],
  }
}

/** Sees each valid row once; says which are sent. `first` needs one pass, the others one before it that only `note`s. */
export class Duplicates {
  readonly #rule: OnDuplicate
  readonly #seen = new KeyTable()
  readonly #again = new KeyTable()

  constructor(rule: OnDuplicate) {
    this.#rule = rule
  }

  /** Notes a row of the first pass. */
  note(row: ReadyRow): void {
    const key = keyOf(row)
    if (this.#rule === "last") this.#seen.set(key, row.row)
    else if (this.#seen.getOrSet(key, row.row) !== undefined) this.#again.set(key, row.row)
  }

  /** Returns the row, or says that it is a duplicate. */
  decide(row: ReadyRow): ReadyRow | DuplicateRow {
    const key = keyOf(row)
    if (this.#rule === "first") {
      const earlier = this.#seen.getOrSet(key, row.row)
      if (earlier === undefined) return row
      return duplicate(row, earlier, "an earlier row of the same contact is sent")
    }
    const kept = this.#seen.get(key)
    if (this.#rule === "reject") {
      if (this.#again.get(key) === undefined) return row
      const isFirst = kept?.number === row.row.number
      return isFirst
        ? duplicate(row, undefined, "there are other rows of the same contact")
        : duplicate(row, kept, "there is another row of the same contact")
    }
    const isKept = kept === undefined || kept.number === row.row.number
    return isKept ? row : duplicate(row, kept, "a later row of the same contact is sent")
  }
}
