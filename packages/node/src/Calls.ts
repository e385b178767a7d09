/**
 * The calls of one client between Promises and Effects: each runs once, ends once, and is tracked until then, so that
 * closing the client can wait for it or end it.
 */
import * as Core from "@aelyst/core"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

import * as AbortSignals from "./AbortSignals.ts"
import { Metrics } from "./Metrics.ts"
import type { CheckedCall } from "./options.ts"
import { toError } from "./results.ts"
import * as TimerClock from "./TimerClock.ts"
import type { CallOutcome, Hooks, Outcome } from "./types.ts"

/** How a call ended. */
export type Ended =
  | {
      readonly _tag: "Created"
      readonly value: Core.CreateResult
      readonly outcome: CallOutcome
    }
  | { readonly _tag: "Failed"; readonly error: Core.AelystError; readonly outcome: Outcome }
  | { readonly _tag: "Aborted"; readonly reason: unknown; readonly outcome: CallOutcome }
  | { readonly _tag: "Died"; readonly defect: unknown; readonly outcome: Outcome }

/** A call or a run that has not ended yet. */
interface Running {
  /** Ends a run at once; core ends a call when its client closes. */
  end: () => void
  /** Resolves when it has ended; never rejects. */
  ended: Promise<unknown>
}

const longestTimer = 2 ** 31 - 1
const noop = () => undefined
const nothing = Promise.resolve()

/** Runs the calls of one client and tracks those that have not ended. */
export class Calls {
  /** The context in which Effects of this client run, with its hooks. */
  readonly context: Context.Context<never>
  readonly metrics = new Metrics()
  readonly #hooks: Core.Hooks.Callbacks
  readonly #running = new Set<Running>()
  #closed = false

  constructor(context: Context.Context<never>, hooks: Hooks) {
    this.#hooks = callbacksOf(hooks, this.metrics)
    this.context = context.pipe(
      Context.add(Clock.Clock, TimerClock.clock),
      Context.add(Scheduler.Scheduler, TimerClock.scheduler),
      Context.add(Core.Hooks.Hooks, this.#hooks),
    )
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Runs one create; the promise never rejects. */
  run(
    effect: Effect.Effect<Core.CreateResult, Core.AelystError>,
    { options, signal }: CheckedCall,
  ): Promise<Ended> {
    const inDoubt = options.doubt === true
    if (this.#closed) return Promise.resolve(closed(inDoubt))
    const before = inDoubt ? "unknown" : "not_sent"
    if (signal?.aborted === true) {
      return Promise.resolve({ _tag: "Aborted", reason: signal.reason, outcome: before })
    }
    let resolve: (ended: Ended) => void = noop
    const ended = new Promise<Ended>((settle) => {
      resolve = settle
    })
    const running: Running = { end: noop, ended }
    this.#running.add(running)
    let last: Core.CallEnd | undefined
    const { onOutcome } = this.#hooks
    const context = Context.add(this.context, Core.Hooks.Hooks, {
      ...(signal === undefined ? this.#hooks : abortingAtOnce(this.#hooks, signal)),
      onOutcome: (end) => {
        last = end
        return onOutcome?.(end)
      },
    })
    let detach: () => void = noop
    const interrupt = Effect.runCallbackWith(context)(effect, {
      onExit: (exit) => {
        detach()
        this.#forget(running)
        resolve(
          Exit.isSuccess(exit)
            ? created(exit.value)
            : failed(exit.cause, last?.outcome ?? before, signal),
        )
      },
    })
    // a call may have ended, and a hook may have aborted it, in the same step
    if (signal !== undefined && this.#running.has(running)) {
      detach = AbortSignals.onAbort(signal, interrupt)
    }
    return ended
  }

  /** Tracks a run until it has ended. */
  track(running: Running): void {
    this.#running.add(running)
    void running.ended.finally(() => this.#forget(running))
  }

  #forget(running: Running): void {
    this.#running.delete(running)
    // V8 chains the former tables of a set: a removed entry, and its call with it, can survive many minor collections
    running.end = noop
    running.ended = nothing
  }

  /** Accepts no more calls, waits for those in progress, and ends the rest after `timeoutMs`: runs itself, calls by `endCalls`. */
  async close(timeoutMs: number, endCalls: () => Promise<void>): Promise<void> {
    this.#closed = true
    const all = () => Promise.allSettled([...this.#running].map(({ ended }) => ended))
    if (this.#running.size > 0) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => {
        // a longer timer would fire at once; this one is 24 days
        if (timeoutMs <= longestTimer) timer = setTimeout(resolve, timeoutMs)
      })
      await Promise.race([all(), late])
      clearTimeout(timer)
    }
    for (const { end } of this.#running) end()
    await endCalls()
    await all()
  }
}

const created = (value: Core.CreateResult): Ended => ({
  _tag: "Created",
  value,
  outcome: value.outcome,
})

const failed = (
  cause: Cause.Cause<Core.AelystError>,
  outcome: CallOutcome,
  signal: AbortSignal | undefined,
): Ended => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some") {
    return { _tag: "Failed", error: toError(error.value), outcome: error.value.outcome }
  }
  if (!Cause.hasInterruptsOnly(cause)) {
    // after a bug in this package the contact may or may not exist
    return { _tag: "Died", defect: Cause.squash(cause), outcome: "unknown" }
  }
  return { _tag: "Aborted", reason: signal?.reason, outcome }
}

// called on the caller's object, since the hooks may be its methods
const callbacksOf = (hooks: Hooks, metrics: Metrics): Core.Hooks.Callbacks => ({
  onAttempt: (attempt) => {
    metrics.attempt(attempt)
    return hooks.onAttempt?.(attempt)
  },
  ...(hooks.onWait !== undefined && { onWait: hooks.onWait.bind(hooks) }),
  onOutcome: (end) => {
    metrics.outcome(end)
    return hooks.onOutcome?.(end)
  },
})

/**
 * Returns hooks after which an aborted call does nothing more. The fiber of the call runs them, and may do so before the
 * fiber that waits for it can be interrupted.
 */
const abortingAtOnce = (
  { onAttempt, onWait }: Core.Hooks.Callbacks,
  signal: AbortSignal,
): Core.Hooks.Callbacks => {
  const aborting =
    <A>(hook: (value: A) => void) =>
    (value: A) => {
      try {
        return hook(value)
      } finally {
        if (signal.aborted) Fiber.getCurrent()?.interruptUnsafe()
      }
    }
  return {
    ...(onAttempt !== undefined && { onAttempt: aborting(onAttempt) }),
    ...(onWait !== undefined && { onWait: aborting(onWait) }),
  }
}

/** Ends a call that came after the client had closed, as core ends one in progress. */
const closed = (inDoubt: boolean): Ended => {
  const error = inDoubt
    ? new Core.OutcomeUnknownError({ attempts: [], code: "CLOSED" })
    : new Core.UnavailableError({ attempts: [], reason: "closed" })
  return { _tag: "Failed", error, outcome: error.outcome }
}
