/** Shows the progress of an import: three live lines on a terminal, elsewhere a line now and then. */
import type { ImportProgress } from "@aelyst/import"

import type { Printer } from "../Screen.ts"
import type { Progress } from "../Waiting.ts"
import type { ProgressOf } from "./ProgressLines.ts"
import { doneOf, lines, logLine } from "./ProgressLines.ts"

// a log gets a line after so much time and so much progress, whichever is rarer
const leastMs = 30_000
const leastShare = 0.05

/** Draws and prints the progress of one run. */
export class ProgressView {
  readonly #printer: Printer
  readonly #isLive: boolean
  readonly #isLogged: boolean
  #lastAt = 0
  #lastDone = 0
  #wasDown = false

  constructor(printer: Printer, how: Progress) {
    this.#printer = printer
    this.#isLive = printer.animated && how !== "plain" && how !== "none"
    this.#isLogged = !this.#isLive && how !== "none"
  }

  /** Shows the newest state. */
  show(progress: ImportProgress, of: ProgressOf): void {
    const printer = this.#printer
    if (this.#isLive)
      return printer.draw(...lines(progress, of, printer.columns("stderr"), printer.ascii))
    if (this.#isLogged && this.#isDue(progress, of)) printer.notice(logLine(progress, of))
  }

  /** Returns whether a log needs a line: after a while, and when an outage begins or ends. */
  #isDue(progress: ImportProgress, { total }: ProgressOf): boolean {
    const done = doneOf(progress)
    const isDown = progress.waiting?.reason === "circuit"
    const turned = isDown !== this.#wasDown
    this.#wasDown = isDown
    const enough =
      total === undefined || done - this.#lastDone >= Math.max(1, Math.ceil(total * leastShare))
    if (!turned && !(enough && progress.elapsedMs - this.#lastAt >= leastMs)) return false
    this.#lastAt = progress.elapsedMs
    this.#lastDone = done
    return true
  }
}
