/** Counts the attempts and calls of one client, for its `metrics()`. */
import type { AttemptRecord, CallOutcome, ClientMetrics, OutcomeEvent } from "./types.ts"

type Numbers<Name extends string> = { [N in Name]: number }

/** The counters of one client; they only grow. */
export class Metrics {
  readonly #calls: Numbers<CallOutcome> = {
    created: 0,
    existed: 0,
    exists_after_doubt: 0,
    not_sent: 0,
    rejected: 0,
    unknown: 0,
  }
  #attempts = 0
  #rateLimited = 0

  attempt({ rateLimited }: AttemptRecord): void {
    this.#attempts++
    if (rateLimited === true) this.#rateLimited++
  }

  outcome({ outcome }: OutcomeEvent): void {
    this.#calls[outcome]++
  }

  read(): ClientMetrics {
    const { created, existed, exists_after_doubt, not_sent, rejected, unknown } = this.#calls
    return {
      created,
      existed,
      existsAfterDoubt: exists_after_doubt,
      notSent: not_sent,
      rejected,
      unknown,
      attempts: this.#attempts,
      rateLimited: this.#rateLimited,
    }
  }
}
