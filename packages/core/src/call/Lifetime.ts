/**
 * The lifetime of a client: closing it ends the calls in progress, each with a typed end, and does not interrupt the
 * fibers that made them.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

interface Running {
  fiber: Fiber.Fiber<unknown, unknown> | undefined
}

/** Runs the calls of one client, or of one run, until it closes. */
export class Lifetime {
  readonly #running = new Set<Running>()
  #isClosed = false

  /** Whether the client, or the run, is closing or has closed. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * Runs an effect in another fiber than the caller's; if the client closes, or the run that the effect is part of, the
   * effect is interrupted, and `orElse` follows once it has ended.
   */
  within<A, E>(
    effect: Effect.Effect<A, E>,
    orElse: () => Effect.Effect<A, E>,
    run?: Lifetime,
  ): Effect.Effect<A, E> {
    const sets = run === undefined ? [this.#running] : [this.#running, run.#running]
    const isClosed = () => this.#isClosed || run?.isClosed === true
    return Effect.withFiber((caller) => {
      if (isClosed()) return orElse()
      return Effect.callback((resume) => {
        const fiber = Effect.runForkWith(caller.context)(effect)
        const current: Running = { fiber }
        for (const running of sets) running.add(current)
        fiber.addObserver((exit) => {
          for (const running of sets) running.delete(current)
          // V8 chains the former tables of a set: a removed entry, and its call with it, can survive many minor collections
          current.fiber = undefined
          const isInterrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
          resume(isClosed() && isInterrupted ? Effect.suspend(orElse) : exit)
        })
        // a hook of the call may have closed the client before the call was noted
        if (isClosed()) fiber.interruptUnsafe()
        return Fiber.interrupt(fiber)
      })
    })
  }

  /** Ends the effects in progress and runs no more. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.#isClosed = true
    const fibers = [...this.#running].flatMap(({ fiber }) => fiber ?? [])
    return Fiber.interruptAll(fibers)
  })
}
