/** A model of one run: what a journal must hold after any sequence of commands, and which of them it must refuse. */
import type { Resolution, RowState, SentOutcome } from "../src/Journal.ts"

export type Command =
  | { readonly do: "claim"; readonly from: number; readonly to: number }
  | { readonly do: "release"; readonly claim: number }
  | {
      readonly do: "intent"
      readonly row: number
      readonly attempt: number
      readonly claim: number
    }
  | {
      readonly do: "outcome"
      readonly row: number
      readonly outcome: SentOutcome
      readonly doubt: boolean
      readonly claim: number
    }
  | { readonly do: "resolve"; readonly row: number; readonly resolution: Resolution }
  | { readonly do: "crash" }

interface ModelClaim {
  readonly from: number
  readonly to: number
  readonly epoch: number
  isOver: boolean
}

/** The result that a command must have: success, or a failure with a reason. */
export type Expected = "done" | "fenced" | "wrong_state"

export const rowCount = 6

export class Model {
  readonly rows = Array.from({ length: rowCount }, () => ({
    // safe: widens the type of the literal
    state: "planned" as RowState,
    doubt: false,
    attempts: 0,
  }))
  readonly claims: Array<ModelClaim> = []
  readonly #isResent: boolean

  constructor(isResent: boolean) {
    this.#isResent = isResent
  }

  /** Whether a claim is the newest on a row. */
  #holds(claim: ModelClaim, row: number): boolean {
    const covers = (other: ModelClaim) => other.from <= row && row <= other.to
    return (
      !claim.isOver &&
      covers(claim) &&
      !this.claims.some((other) => !other.isOver && other.epoch > claim.epoch && covers(other))
    )
  }

  apply(command: Command): Expected {
    if (command.do === "crash") return "done"
    if (command.do === "claim") return this.#claim(command.from, command.to)
    const row = "row" in command ? this.rows[command.row - 1] : undefined
    if (command.do === "resolve") {
      const isOpen =
        row?.state === "sending" ||
        row?.state === "unknown" ||
        (row?.state === "planned" && row.doubt)
      if (row === undefined || !isOpen) return "wrong_state"
      row.state = command.resolution === "send_again" ? "planned" : command.resolution
      row.doubt = true
      return "done"
    }
    const claim = this.claims[command.claim]
    if (command.do === "release") {
      if (claim !== undefined) claim.isOver = true
      return "done"
    }
    if (row === undefined) return "wrong_state"
    if (claim === undefined || !this.#holds(claim, command.row)) return "fenced"
    if (command.do === "intent") {
      if (row.state !== (command.attempt === 1 ? "planned" : "sending")) return "wrong_state"
      row.state = "sending"
      row.attempts += 1
      return "done"
    }
    const { outcome } = command
    const needsNoAttempt = ["not_sent", "invalid", "unknown"].includes(outcome)
    if (row.state !== "sending" && !(row.state === "planned" && needsNoAttempt))
      return "wrong_state"
    row.state =
      outcome === "not_sent" ? "planned" : outcome === "invalid" && row.doubt ? "unknown" : outcome
    row.doubt ||= command.doubt || outcome === "unknown" || outcome === "exists_after_doubt"
    return "done"
  }

  #claim(from: number, to: number): Expected {
    for (const claim of this.claims) if (claim.from >= from && claim.to <= to) claim.isOver = true
    this.claims.push({ from, to, epoch: this.claims.length + 1, isOver: false })
    for (const [index, row] of this.rows.entries()) {
      if (row.state !== "sending" || index + 1 < from || index + 1 > to) continue
      row.state = this.#isResent ? "planned" : "unknown"
      row.doubt = true
    }
    return "done"
  }

  /** The accounting identity: each row in exactly one count. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { doubt, state } of this.rows) {
      const isOpen = state === "planned" || state === "sending"
      const name =
        state === "sending" || (state === "planned" && doubt)
          ? "unknown"
          : isOpen
            ? "not_sent"
            : state
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  }
}
