/** Collects what a person should see of a check: examples of every kind of problem, however many rows have it. */
import type { CheckedRow, Problem, ProblemCode } from "../types.ts"

/** The findings of a check that are shown. They hold values of rows: personal data. */
export interface Findings {
  /** Problems by line, at least one of each code. */
  readonly shown: readonly Problem[]
  /** The problems that are not shown, by code. */
  readonly more: Readonly<Partial<Record<ProblemCode, number>>>
  /** The first rows that are duplicates. */
  readonly duplicates: readonly Problem[]
  /** The first rows that do not belong to the table. */
  readonly foreign: readonly { readonly line: number; readonly reason: string }[]
}

/**
 * Collects findings, in memory that does not grow with the number of rows.
 *
 * **Example**
 *
 * ```ts
 * import { findingLines, FindingsCollector } from "@aelyst/import"
 *
 * const collector = new FindingsCollector()
 * collector.add({
 *   state: "invalid",
 *   row: { number: 1, line: 2, cells: ["Ana", "12-34"] },
 *   problems: [{ code: "PHONE_INVALID", line: 2, column: "Phone", reason: "too short for MY" }],
 * })
 * console.log(findingLines(collector.findings()).join("\n"))
 * // => line 2  col "Phone"  PHONE_INVALID  too short for MY
 * ```
 */
export class FindingsCollector {
  readonly #limit: number
  readonly #first = new Map<ProblemCode, Problem[]>()
  readonly #counts = new Map<ProblemCode, number>()
  readonly #duplicates: Problem[] = []
  readonly #foreign: { readonly line: number; readonly reason: string }[] = []

  /** Creates a collector that shows at most `limit` problems (default 20), and one of each code. */
  constructor(limit = 20) {
    this.#limit = limit
  }

  /** Adds the problems of a row. */
  add(checked: CheckedRow): void {
    if (checked.state === "ready") checked.dropped?.forEach((problem) => this.#problem(problem))
    else if (checked.state === "invalid")
      checked.problems.forEach((problem) => this.#problem(problem))
    else if (checked.state === "duplicate") this.#keep(this.#duplicates, ...checked.problems)
    else this.#keep(this.#foreign, { line: checked.row.line, reason: checked.reason })
  }

  #problem(problem: Problem): void {
    const { code } = problem
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1)
    const first = this.#first.get(code) ?? []
    this.#keep(first, problem)
    this.#first.set(code, first)
  }

  #keep<A>(list: A[], ...items: readonly A[]): void {
    if (list.length < this.#limit) list.push(...items)
  }

  /** Returns the findings so far. */
  findings(): Findings {
    const lists = [...this.#first.values()]
    // one of each code, then the others in the order of their lines
    const ones = lists.flatMap((list) => list.slice(0, 1))
    const others = lists.flatMap((list) => list.slice(1)).toSorted((a, b) => a.line - b.line)
    const room = Math.max(0, this.#limit - ones.length)
    const shown = [...ones, ...others.slice(0, room)].toSorted((a, b) => a.line - b.line)
    const more: Partial<Record<ProblemCode, number>> = {}
    for (const [code, number] of this.#counts) {
      const hidden = number - shown.filter((problem) => problem.code === code).length
      if (hidden > 0) more[code] = hidden
    }
    return { shown, more, duplicates: [...this.#duplicates], foreign: [...this.#foreign] }
  }
}
