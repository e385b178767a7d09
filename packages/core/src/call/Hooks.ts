/** Callbacks that watch calls as they go: for progress, hooks and logs. They decide nothing. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Headers } from "effect/http/Headers"
import * as Result from "effect/Result"

import type { AttemptRecord } from "../errors/AelystError.ts"
import type { Outcome } from "../errors/ErrorTable.ts"

/** Tells that a call waits: `queue` for its turn, `backoff` before a resend, `doubt` and `settle` for the API's processing. */
export interface Wait {
  readonly reason: "queue" | "backoff" | "doubt" | "settle"
  /** How long it will be, in milliseconds; absent where only the pacer knows. */
  readonly ms?: number
  /** The resend that it comes before, from 1; 0 before the first attempt. */
  readonly resend: number
}

/** Holds callbacks; one that throws is logged and disturbs nothing. */
export interface Callbacks {
  readonly onAttempt?: (attempt: AttemptRecord) => void
  readonly onWait?: (wait: Wait) => void
  /** Called with the head of every answer, when it arrives. */
  readonly onHead?: (head: { readonly status: number; readonly headers: Headers }) => void
  /** Called once at the end of every call, an interrupted one included. */
  readonly onOutcome?: (end: {
    readonly outcome: Outcome | "created"
    readonly attempts: ReadonlyArray<AttemptRecord>
  }) => void
}

/** Gives the callbacks that watch the calls made under it; none by default. */
export const Hooks = Context.Reference<Callbacks>("@aelyst/core/Observer", {
  defaultValue: () => ({}),
})

const isPromise = (u: unknown): u is PromiseLike<unknown> =>
  typeof u === "object" && u !== null && typeof Reflect.get(u, "then") === "function"

// what it threw may hold anything, and is not shown
const threw = Effect.logWarning("a callback threw")

// nobody waits for what a callback goes on to do
const settled = (given: PromiseLike<unknown>): Effect.Effect<void> => {
  // heard at once: a rejection that nobody has heard of by the end of this turn can end the process
  const rejected = Promise.resolve(given).then(
    () => false,
    () => true,
  )
  return Effect.promise(() => rejected).pipe(
    Effect.flatMap((isRejected) => (isRejected ? threw : Effect.void)),
    Effect.forkDetach,
    Effect.asVoid,
  )
}

/**
 * Runs a callback at once; that it threw, or that the promise it gave rejected, is logged as a warning by the effect
 * that is given, if there is anything left to do.
 */
export const notify = <A>(
  callback: ((value: A) => void) | undefined,
  value: A,
): Effect.Effect<void> | undefined => {
  if (callback === undefined) return undefined
  const given = Result.try((): unknown => callback(value))
  if (Result.isFailure(given)) return threw
  return isPromise(given.success) ? settled(given.success) : undefined
}
