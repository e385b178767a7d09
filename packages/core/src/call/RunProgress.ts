/** The progress of a run: its rows counted by outcome, and whether it still pulls and sends. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

import type { AelystError } from "../errors/AelystError.ts"
import { isAelystError } from "../errors/AelystError.ts"
import type { CallEnd, RowOutcome, RunSummary, Stopped } from "../types.ts"

/**
 * The outcomes of rows.
 *
 * **Example** (All of them)
 *
 * ```ts
 * import { rowOutcomes } from "@aelyst/core"
 *
 * console.log(rowOutcomes.join(" ")) // => created existed exists_after_doubt invalid rejected unknown not_sent
 * ```
 */
export const rowOutcomes = [
  "created",
  "existed",
  "exists_after_doubt",
  "invalid",
  "rejected",
  "unknown",
  "not_sent",
] as const satisfies ReadonlyArray<RowOutcome>

/** Returns the outcome of a row by the error that ended it. */
export const outcomeOf = (
  error: AelystError,
): Exclude<RowOutcome, "created" | "exists_after_doubt"> => {
  switch (error._tag) {
    case "InvalidContactError":
      return "invalid"
    case "BadRequestError":
      return error.exists ? "existed" : "rejected"
    // the rejection is not about the row: it counts as not sent
    case "RateLimitError":
    case "AuthenticationError":
      return "not_sent"
    default:
      return error.outcome
  }
}

/** Returns why an error ends the run, if it does. */
const stoppedBy = (error: AelystError): Stopped | undefined => {
  const newest = error._tag === "OutcomeUnknownError" ? (error.last ?? error) : error
  if (newest._tag === "AuthenticationError") return "unauthorized"
  if (newest._tag === "ConnectionError" && newest.kind === "certificate") return "unavailable"
  if (newest._tag === "UnavailableError" && newest.reason === "deadline") return "deadline"
  return undefined
}

/** Counts the rows of a run and decides when it stops. */
export class RunProgress {
  // safe: each outcome is a key
  readonly #counts = Object.fromEntries(rowOutcomes.map((outcome) => [outcome, 0])) as Record<
    RowOutcome,
    number
  >
  readonly #maxErrors: number
  #rateLimited = 0
  #beganAt: number | undefined
  #endedAt: number | undefined
  stopped: Stopped | undefined
  halted: "closed" | "deadline" | undefined
  /** Done when no more rows may be pulled from the source. */
  readonly closing = Deferred.makeUnsafe<void>()
  /** Done when waiting rows must end unsent. */
  readonly halting = Deferred.makeUnsafe<"closed" | "deadline">()

  constructor(maxErrors: number) {
    this.#maxErrors = maxErrors
  }

  begin(now: number): void {
    this.#beganAt = now
  }

  /** Stops pulling the source; rows that were pulled may still be sent. */
  close(why: Stopped): void {
    this.stopped ??= why
    Deferred.doneUnsafe(this.closing, Effect.void)
  }

  /** Stops pulling the source and ends waiting rows unsent. */
  halt(why: Stopped): void {
    this.close(why)
    this.halted ??= why === "deadline" ? why : "closed"
    Deferred.doneUnsafe(this.halting, Effect.succeed(this.halted))
  }

  end(now: number): void {
    this.halt("aborted")
    this.#endedAt = now
  }

  count(outcome: RowOutcome): void {
    this.#counts[outcome] += 1
    const { invalid, rejected, unknown } = this.#counts
    if (invalid + rejected + unknown >= this.#maxErrors) this.halt("errors")
  }

  /** Records the end of a row: its 429s, and whether its error ends the run. */
  observe(end: CallEnd | AelystError): void {
    for (const attempt of end.attempts) if (attempt.rateLimited === true) this.#rateLimited += 1
    const why = isAelystError(end) ? stoppedBy(end) : undefined
    // a wait that cannot end in time concerns this row and those behind it; rows in front of it may still be sent
    if (why === "deadline") this.close(why)
    else if (why !== undefined) this.halt(why)
  }

  summary(now: number): RunSummary {
    return {
      ...this.#counts,
      total: rowOutcomes.reduce((sum, outcome) => sum + this.#counts[outcome], 0),
      ...(this.stopped !== undefined && { stopped: this.stopped }),
      rateLimited: this.#rateLimited,
      elapsedMs:
        this.#beganAt === undefined ? 0 : Math.round((this.#endedAt ?? now) - this.#beganAt),
    }
  }
}
