/** Checks that the state of each row follows from its attempts, in every store. */
import type { AttemptRow, RowRecord, Verification } from "./Journal.ts"

/** So many problems are named. */
const mostNamed = 20

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
  readonly #problems: Array<string> = []
  #unnamed = 0
  #rows = 0
  #attempts = 0

  note(isBroken: boolean, problem: string): void {
    if (!isBroken) return
    if (this.#problems.length < mostNamed) this.#problems.push(problem)
    else this.#unnamed += 1
  }

  /** Checks a row; `epochs` is the newest epoch that was given. */
  row(row: RowRecord, attempts: ReadonlyArray<AttemptRow>, epochs: number): void {
    const { doubt, earlierRun, number, state } = row
    const sent = attempts.filter(({ attempt }) => attempt > 0).length
    const isDecided = attempts.some(({ cause }) => cause === "RESOLVED")
    const note = (isBroken: boolean, problem: string) =>
      this.note(isBroken, `row ${number} ${problem}`)
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
    const problems = [...this.#problems]
    if (this.#unnamed > 0) problems.push(`${this.#unnamed} more problems`)
    return { isSound: problems.length === 0, rows, attempts, problems }
  }
}
