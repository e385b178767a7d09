/** The ticket of a pacer: a call's place in its queue, and the permit that it holds. */
import type * as Effect from "effect/Effect"

import type { HeldPermit } from "./HeldPermit.ts"
import type { OpenTicket, PacerUnavailable, Permit } from "./Ticket.ts"

/** The queue of a ticket. */
export interface TicketQueue {
  readonly tryAcquire: (ticket: HeldTicket) => Effect.Effect<Permit | undefined>
  readonly acquire: (
    ticket: HeldTicket,
    deadline: number,
  ) => Effect.Effect<Permit, PacerUnavailable>
  readonly serve: (ticket: HeldTicket) => void
}

/** A call's place in the queue, and what it holds. */
export class HeldTicket implements OpenTicket {
  readonly #queue: TicketQueue
  readonly order: number
  readonly left: number | undefined
  /** It had a permit before: it was rate limited since and comes back, or it has gone. */
  served = false
  permit: HeldPermit | undefined = undefined

  constructor(queue: TicketQueue, order: number, left: number | undefined) {
    this.#queue = queue
    this.order = order
    this.left = left
  }

  get tryAcquire(): Effect.Effect<Permit | undefined> {
    return this.#queue.tryAcquire(this)
  }

  acquire({ deadline = Number.POSITIVE_INFINITY } = {}): Effect.Effect<Permit, PacerUnavailable> {
    return this.#queue.acquire(this, deadline)
  }

  close(sent: boolean): Effect.Effect<void> | undefined {
    this.#queue.serve(this)
    if (this.permit === undefined || this.permit.ended) return undefined
    return sent ? this.permit.abandon : this.permit.giveBack
  }
}
