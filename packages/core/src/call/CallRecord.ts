/** The record of one call while it runs: an interrupted call can still report whether the contact exists. */
import type { AttemptRecord, CallEnd, CallOutcome, Outcome, ResponseHead } from "../types.ts"
import type { TransportProbe } from "./TransportProbe.ts"

/** The end of a call as hooks receive it: the response is hidden from inspection, since its headers may echo anything. */
export class Ended implements CallEnd {
  readonly outcome: CallOutcome
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly #response: ResponseHead | undefined

  constructor({ attempts, outcome, response }: CallEnd) {
    this.outcome = outcome
    this.attempts = attempts
    this.#response = response
  }

  get response(): ResponseHead | undefined {
    return this.#response
  }
}

/** Follows one call from its start to its end. */
export class CallRecord implements CallEnd {
  attempts: ReadonlyArray<AttemptRecord> = []
  response: ResponseHead | undefined
  /** When the newest attempt ended, or the call began, in monotonic milliseconds. */
  idleSince: number
  /** The probe of the attempt under way; undefined once its status shows that nothing was created. */
  transportProbe: TransportProbe | undefined
  #isCreated = false
  #isRejected = false
  #isDoubtful: boolean

  constructor(now: number, inDoubt: boolean) {
    this.idleSince = now
    this.#isDoubtful = inDoubt
  }

  /** Records how an attempt ended. */
  add(attempt: AttemptRecord, outcome: Outcome | "created", endedAt: number): void {
    this.attempts = [...this.attempts, attempt]
    this.idleSince = endedAt
    this.transportProbe = undefined
    this.#isCreated = outcome === "created"
    if (outcome === "rejected") this.#isRejected = true
    if (outcome === "unknown") this.#isDoubtful = true
  }

  /** Whether the request of the attempt under way may have left. */
  get isSent(): boolean {
    return this.transportProbe !== undefined && !this.transportProbe.unsent
  }

  /** The outcome if the call stopped now. */
  get outcome(): "created" | Outcome {
    if (this.#isCreated) return "created"
    if (this.isSent || this.#isDoubtful) return "unknown"
    return this.#isRejected ? "rejected" : "not_sent"
  }
}
