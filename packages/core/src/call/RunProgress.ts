/** The progress of a run: its rows from pull to result, counted by outcome, and whether it still pulls and sends. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

import type { AelystError, ErrorTag } from "../errors/AelystError.ts"
import { isAelystError } from "../errors/AelystError.ts"
import type {
  CallEnd,
  RowOutcome,
  RowOutcomesByError,
  RowPosition,
  RunEnd,
  RunSummary,
  Stopped,
} from "../types.ts"

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

/** Returns the counts of a run without rows. */
export const noRows = (): Record<RowOutcome, number> =>
  // safe: each outcome is a key
  Object.fromEntries(rowOutcomes.map((outcome) => [outcome, 0])) as Record<RowOutcome, number>

type FailedOutcome = RowOutcomesByError[ErrorTag]

/** Returns the outcome of a row by the error that ended it. */
export const outcomeOf = (error: AelystError): FailedOutcome => {
  switch (error._tag) {
    case "InvalidContactError":
      return "invalid"
    case "BadRequestError":
      return error.exists ? "existed" : "rejected"
    case "RateLimitError":
    case "AuthenticationError":
      // the rejection is not about the row
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
  if (newest._tag === "UnavailableError") {
    const { reason } = newest
    if (reason === "deadline" || reason === "gate") return reason
  }
  return undefined
}

/** Adds the row to its result. Inspection and JSON do not show the row, since it holds a contact. */
export const withRow = <Result extends object, A>(
  result: Result,
  row: A,
): Result & { readonly row: A } =>
  // safe: the property is defined here
  Object.defineProperty(result, "row", { get: () => row }) as Result & { readonly row: A }

/** A row between its pull and its result. */
export interface PulledRow<A> extends RowPosition<A> {
  /** Its outcome, or the outcome if it were interrupted now. */
  outcome: RowOutcome
  isStarted: boolean
  isCounted: boolean
}

const isClosed = (end: CallEnd | AelystError): boolean =>
  isAelystError(end) &&
  ((end._tag === "UnavailableError" && end.reason === "closed") ||
    (end._tag === "OutcomeUnknownError" && end.code === "CLOSED"))

/** Follows the rows of a run, counts them and decides when it stops. */
export class RunProgress<A> {
  readonly #counts = noRows()
  readonly #maxErrors: number
  /** The rows whose results the consumer does not have yet: not many more than `concurrency`. */
  readonly #unreported = new Map<number, PulledRow<A>>()
  /** The rows that have no result. */
  readonly #left: Array<RunEnd<A>["unreported"][number]> = []
  #pulled = 0
  #rateLimited = 0
  #resendsWaiting = 0
  #beganAt: number | undefined
  #endedAt: number | undefined
  stopped: Stopped | undefined
  halted: "closed" | "deadline" | undefined
  /** Done when no more rows may be pulled from the source. */
  readonly closing = Deferred.makeUnsafe<void>()
  /** Done when waiting rows must end unsent. */
  readonly halting = Deferred.makeUnsafe<"closed" | "deadline">()
  readonly ended = Deferred.makeUnsafe<RunEnd<A>>()

  constructor(maxErrors: number) {
    this.#maxErrors = maxErrors
  }

  begin(now: number): void {
    if (this.#endedAt === undefined) this.#beganAt = now
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

  /** Stops the run because the caller wants it to; before its beginning, that ends it. */
  stop(now: number, why: "stopped" | "aborted" = "stopped"): void {
    this.halt(why)
    if (this.#beganAt === undefined) this.end(now)
  }

  /** Ends the run, and counts the rows that were interrupted. */
  end(now: number): void {
    if (this.#endedAt !== undefined) return
    this.halt("aborted")
    this.#endedAt = now
    const rows = [...this.#unreported.values()]
    for (const row of rows) if (!row.isCounted) this.count(row, row.outcome)
    this.#left.push(...rows.map(({ index, outcome, row }) => withRow({ index, outcome }, row)))
    const summary = this.summary(now)
    Deferred.doneUnsafe(this.ended, Effect.succeed({ summary, unreported: this.#left }))
  }

  /** Begins to follow a row that the source emitted; one that comes after the end is not sent. */
  pull(row: A, inDoubt = false): PulledRow<A> {
    const index = this.#pulled
    const pulled: PulledRow<A> = {
      index,
      row,
      outcome: inDoubt ? "unknown" : "not_sent",
      isStarted: false,
      isCounted: false,
    }
    this.#pulled += 1
    if (this.#endedAt === undefined) this.#unreported.set(index, pulled)
    else {
      this.count(pulled, pulled.outcome)
      this.#left.push(withRow({ index, outcome: pulled.outcome }, row))
    }
    return pulled
  }

  /** Returns the rows that were pulled and have not been started. */
  unstarted(): ReadonlyArray<PulledRow<A>> {
    return [...this.#unreported.values()].filter(({ isStarted }) => !isStarted)
  }

  /** Counts a row with its final outcome. */
  count(row: PulledRow<A>, outcome: RowOutcome): void {
    row.outcome = outcome
    row.isCounted = true
    this.#counts[outcome] += 1
    const { invalid, rejected, unknown } = this.#counts
    if (invalid + rejected + unknown >= this.#maxErrors) this.halt("errors")
  }

  /** Forgets a row, since the consumer has its result. */
  report({ index }: RowPosition<A>): void {
    this.#unreported.delete(index)
  }

  /** Counts a row while it waits for the retry budget; `report` runs when it begins. */
  holdResend<B, E>(wait: Effect.Effect<B, E>, report: Effect.Effect<void>): Effect.Effect<B, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => void (this.#resendsWaiting += 1)),
      () => Effect.andThen(report, wait),
      () => Effect.sync(() => void (this.#resendsWaiting -= 1)),
    )
  }

  /** Records the end of a row: its 429s, and whether its error ends the run. */
  observe(end: CallEnd | AelystError): void {
    for (const attempt of end.attempts) if (attempt.rateLimited === true) this.#rateLimited += 1
    const why = isAelystError(end) ? stoppedBy(end) : undefined
    // a run that has not stopped has closed nothing: its client has closed
    if (this.stopped === undefined && isClosed(end)) this.halt("aborted")
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
      resendsWaiting: this.#resendsWaiting,
      elapsedMs:
        this.#beganAt === undefined ? 0 : Math.round((this.#endedAt ?? now) - this.#beganAt),
    }
  }
}
