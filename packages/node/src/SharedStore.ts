/** The store of a limit that processes share, between Promises and core's `PacerStore`. */
import type * as Core from "@aelyst/core"
import { SharedState } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"

import type { SharedRateLimitStore } from "./types.ts"

type PacerStore = Core.Pacer.PacerStore["Service"]
type State = NonNullable<Parameters<Parameters<PacerStore["modify"]>[1]>[0]>

/** The newest state that this process knows, the store's time then, and this process's. */
interface Seen {
  readonly state: State
  readonly storeNow: number
  readonly at: number
}

type Change<A> = (state: object | undefined, now: number, share?: number) => readonly [A, object]

/** Converts a store, for the token and the origin of a client. */
export const toCore = (
  store: SharedRateLimitStore,
  origin: string,
  token: Core.TokenSource,
): PacerStore => {
  let seen: Seen | undefined
  let key: Promise<string> | undefined
  const run = async <A>(f: Change<A>): Promise<A> => {
    key ??= Effect.runPromise(SharedState.keyOf(origin, token))
    let last: Seen | undefined
    const noted: Change<A> = (state, now, share) => {
      const result = f(state, now, share)
      // safe: `f` returns the state of a pacer
      last = { state: result[1] as State, storeNow: now, at: performance.now() }
      return result
    }
    const result = await store
      .modify(await key, noted)
      .catch(() => noted(seen?.state, nowOf(seen))[0])
    if (last !== undefined && last.state.nowMs >= (seen?.state.nowMs ?? last.state.nowMs)) {
      seen = last
    }
    return result
  }
  return {
    recheckMs: store.recheckMs,
    // safe: the store keeps what `f` returned, and a pacer reads no state of another version
    modify: (_, f) => Effect.promise(() => run((state, ...rest) => f(state as State, ...rest))),
    peek: (_, f) => Effect.sync(() => f(seen?.state, nowOf(seen))),
  }
}

/** The store's time, as far as this process knows. */
const nowOf = (seen: Seen | undefined): number =>
  seen === undefined ? 0 : seen.storeNow + performance.now() - seen.at
