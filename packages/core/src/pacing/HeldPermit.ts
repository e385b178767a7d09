/** A permit of a queue, and how its end changes the state of the pacer. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

import { observe } from "./LearnFromResponse.ts"
import * as State from "./PacerState.ts"
import type { PacerState } from "./StoredState.ts"
import type { Permit } from "./Ticket.ts"

/** A change of the state when a permit ends. */
export type Step = (state: PacerState, now: number, config: State.PacerConfig) => PacerState

/** The queue of a permit. */
interface PermitQueue {
  readonly change: (step: Step) => Effect.Effect<void>
}

/** The request that was admitted. */
interface Admitted extends Pick<Permit, "waitedMs" | "minRoundTripMs"> {
  readonly id: number
}

/** A permit that was taken; the first of its three ends counts. */
export class HeldPermit implements Permit {
  readonly #queue: PermitQueue
  readonly #id: number
  readonly waitedMs: number
  readonly minRoundTripMs: number
  ended = false

  constructor(queue: PermitQueue, admitted: Admitted) {
    this.#queue = queue
    this.#id = admitted.id
    this.waitedMs = admitted.waitedMs
    this.minRoundTripMs = admitted.minRoundTripMs
  }

  observe(observation: State.PacerObservation): Effect.Effect<void> {
    const learn = (jitter: number): Effect.Effect<void> => {
      const response = { ...observation, jitter }
      return this.#end((state, now, config) => observe(config, state, this.#id, response, now))
    }
    const closes = observation.rateLimited || observation.unavailable === true
    return closes ? Effect.flatMap(Random.next, learn) : learn(0)
  }

  get abandon(): Effect.Effect<void> {
    return this.#end((state, now) => State.abandon(state, this.#id, now))
  }

  get giveBack(): Effect.Effect<void> {
    return this.#end((state) => State.giveBack(state, this.#id))
  }

  #end(step: Step): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        if (this.ended) return Effect.void
        this.ended = true
        return this.#queue.change(step)
      }),
    )
  }
}
