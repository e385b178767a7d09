/** Checks that the state of each row follows from its attempts, in every store. */
import type { AttemptRow, RowRecord, Verification } from "./Journal.ts"

/** So many problems of one rule are named. */
const mostNamed = 3

const follows = (
  { doubt, earlierRun, state }: RowRecord,
  last: AttemptRow | undefined,
): boolean => {
  if (last === undefined) return state === "planned" || earlierRun !== undefined
  if (last.outcome === undefined) return state === "sending"
  if (last.outcome === "unknown") return doubt && (state === "planned" || state === "unknown")
  return state === (last.outcome === "not_sent" ? "planned" : last.outcome)
}

/** Collects the problems of a run. */
export class Findings {
  /** The first problems of each rule, and how many there are. */
  readonly #rules = new Map<string, { readonly named: Array<string>; count: number }>()
  #rows = 0
  #attempts = 0

  /** Notes a problem that breaks a rule; `row` is where. */
  note(isBroken: boolean, rule: string, row?: number): void {
    if (!isBroken) return
    const found = this.#rules.get(rule) ?? { named: [], count: 0 }
    this.#rules.set(rule, found)
    found.count += 1
    if (found.named.length < mostNamed)
      found.named.push(row === undefined ? rule : `row ${row} ${rule}`)
  }

  /** Checks a row; `epochs` is the newest epoch that was given. */
  row(row: RowRecord, attempts: ReadonlyArray<AttemptRow>, epochs: number): void {
    const { doubt, earlierRun, number, state } = row
    const sent = attempts.filter(({ attempt }) => attempt > 0).length
    const isDecided = attempts.some(({ cause }) => cause === "RESOLVED")
    const note = (isBroken: boolean, rule: string) => this.note(isBroken, rule, number)
    this.#rows += 1
    this.#attempts += sent
    note(!follows(row, attempts.at(-1)), "has a state that does not follow from its attempts")
    note(
      !doubt && attempts.some(({ outcome }) => outcome === "unknown"),
      "lost an attempt and is not marked as in doubt",
    )
    note(row.attempts !== sent, "has another number of attempts than it says")
    note(
      attempts.some(({ epoch }) => epoch > epochs),
      "was ended by a claim that was never given",
    )
    note(
      state === "created" && row.attempts === 0 && earlierRun === undefined && !isDecided,
      "is created without an attempt",
    )
  }

  /** Returns the result, given how many rows were planned. */
  result(planned: number): Verification {
    const [rows, attempts] = [this.#rows, this.#attempts]
    this.note(rows !== planned, `${planned} rows were planned, ${rows} are there`)
    const problems = [...this.#rules].flatMap(([rule, { count, named }]) =>
      count > named.length ? [...named, `${count} problems in all: row … ${rule}`] : named,
    )
    return { isSound: problems.length === 0, rows, attempts, problems }
  }
}
