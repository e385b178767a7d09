/** Turns a store of Promises into a `PacerStore`, for the SDK and for layers. */
import * as Effect from "effect/Effect"

import { isOptionError } from "../pacing/OptionError.ts"
import type { PacerState } from "../pacing/StoredState.ts"
import type { PacerStore } from "../pacing/PacerStore.ts"
import type { SharedRateLimitStore } from "../types.ts"
import { logged } from "./Log.ts"

/** The newest state that this process knows, the store's time then, and this process's. */
interface Seen {
  readonly state: PacerState
  readonly storeNow: number
  readonly at: number
}

type Change<A> = (state: object | undefined, now: number, share?: number) => readonly [A, object]

const messages = {
  alone:
    "the store of the shared rate limit does not answer: this process continues with its share",
  connected: "the store of the shared rate limit answers again",
}

/**
 * Converts a store of Promises. It logs once if the store is lost, and once if it is back. A store that rejects is one
 * that is lost: the process continues with the newest state that it knows. Only the rejection with an error of an option is
 * a defect.
 *
 * **Details**
 *
 * `keyOf`, which runs once, replaces the key of the pacer.
 *
 * **Example**
 *
 * ```ts
 * import { Pacer } from "@aelyst/core"
 * import { fromPromises } from "@aelyst/core/adapter"
 * import { Effect } from "effect"
 *
 * let state: object | undefined
 * const store = fromPromises({
 *   modify: async (_key, f) => {
 *     const [result, next] = f(state, performance.now())
 *     state = next
 *     return result
 *   },
 * })
 * const program = Effect.flatMap(Pacer.make({ key: "api", store }), (pacer) => pacer.snapshot)
 *
 * console.log((await Effect.runPromise(program)).shared) // => connected
 * ```
 */
export const fromPromises = (
  store: SharedRateLimitStore,
  keyOf?: Effect.Effect<string>,
): PacerStore["Service"] => {
  let seen: Seen | undefined
  let key: Promise<string> | undefined
  let hasFailed = false
  let logs: keyof typeof messages = "connected"
  const connection = () => (hasFailed ? "alone" : (store.connection?.() ?? "connected"))
  const run = async <A>(given: string, f: Change<A>): Promise<A> => {
    key ??= keyOf === undefined ? undefined : Effect.runPromise(keyOf)
    let last: Seen | undefined
    const noted: Change<A> = (state, now, share) => {
      const result = f(state, now, share)
      // safe: `f` returns the state of a pacer
      last = { state: result[1] as PacerState, storeNow: now, at: performance.now() }
      return result
    }
    let result: A
    try {
      result = await store.modify((await key) ?? given, noted)
      hasFailed = false
    } catch (error) {
      if (isOptionError(error)) throw error
      hasFailed = true
      result = noted(seen?.state, nowOf(seen))[0]
    }
    if (last !== undefined && last.state.nowMs >= (seen?.state.nowMs ?? last.state.nowMs)) {
      seen = last
    }
    return result
  }
  const log = Effect.suspend(() => {
    const now = connection()
    if (now === logs) return Effect.void
    logs = now
    return logged(
      now === "alone" ? Effect.logWarning(messages[now]) : Effect.logInfo(messages[now]),
    )
  })
  return {
    recheckMs: store.recheckMs,
    changeMs: store.changeMs,
    // safe: only `makeSharedStore` makes one
    admit: store.admit as PacerStore["Service"]["admit"],
    connection,
    modify: (given, f) =>
      Effect.tap(
        // safe: the store keeps what `f` returned, and a pacer reads no state of another version
        Effect.promise(() => run(given, (state, ...rest) => f(state as PacerState, ...rest))),
        log,
      ),
    peek: (_, f) => Effect.sync(() => f(seen?.state, nowOf(seen))),
  }
}

/** The store's time, as far as this process knows. */
const nowOf = (seen: Seen | undefined): number =>
  seen === undefined ? 0 : seen.storeNow + performance.now() - seen.at
