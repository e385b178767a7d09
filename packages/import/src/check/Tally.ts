/** Counts what a check finds. */
import type { CheckedRow, CheckSummary, Fix, Omission, Problem } from "../types.ts"
import type { Counts } from "./Fault.ts"

const add = <Key extends string>(counts: Partial<Record<Key, number>>, key: Key): void => {
  counts[key] = (counts[key] ?? 0) + 1
}

/** The counts of one check while it runs. */
export class Tally implements Counts {
  readonly #states = { ready: 0, invalid: 0, duplicate: 0, foreign: 0 }
  readonly #codes: Partial<Record<Problem["code"], number>> = {}
  readonly #fixes: Partial<Record<Fix, number>> = {}
  readonly #omissions: Partial<Record<Omission, number>> = {}
  // names of columns come from the file, and may be `__proto__`
  readonly #plus = new Map<string, number>()

  fix(kind: Fix): void {
    add(this.#fixes, kind)
  }

  omit(kind: Omission): void {
    add(this.#omissions, kind)
  }

  /** Counts a refused number that is valid with `+`. */
  validWithPlus(column: string): void {
    this.#plus.set(column, (this.#plus.get(column) ?? 0) + 1)
  }

  /** Counts a row and its problems. */
  row(checked: CheckedRow): void {
    add(this.#states, checked.state)
    const problems =
      checked.state === "ready"
        ? (checked.dropped ?? [])
        : checked.state === "foreign"
          ? []
          : checked.problems
    for (const { code } of problems) add(this.#codes, code)
  }

  get invalid(): number {
    return this.#states.invalid
  }

  /** Returns the counts so far. */
  summary(): CheckSummary {
    const { ready, invalid, duplicate } = this.#states
    return {
      rows: ready + invalid + duplicate,
      ...this.#states,
      byCode: { ...this.#codes },
      fixes: { ...this.#fixes },
      omissions: { ...this.#omissions },
      validWithPlus: Object.fromEntries(this.#plus),
    }
  }
}
