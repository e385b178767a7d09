/** Keeps the state of pacers: in memory, or shared by processes. A public seam. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import * as Monotonic from "./MonotonicClock.ts"
import type { SharedConnection } from "../types.ts"
import type { Admit } from "./Admission.ts"
import type { PacerState } from "./PacerState.ts"

/**
 * Holds the state of pacers by key. `modify` is atomic per key; `now` is the store's time in milliseconds and never
 * steps back for one key. The state is JSON, so a shared store can keep it outside of the process. `f` is pure and may run
 * several times, as a compare-and-set needs it; only its last result counts. If a result must not be lost, the pacer
 * makes `modify` uninterruptible, so a store must not take long.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Pacer } from "@aelyst/core"
 *
 * // a store that keeps its state as text, as one outside of the process does
 * const texts = new Map<string, string>()
 * const store = Layer.succeed(Pacer.PacerStore, {
 *   modify: (key, f) =>
 *     Effect.sync(() => {
 *       const text = texts.get(key)
 *       const [result, state] = f(text === undefined ? undefined : JSON.parse(text), performance.now())
 *       texts.set(key, JSON.stringify(state))
 *       return result
 *     }),
 * })
 * const paced = Layer.provide(Pacer.layer({ key: "api" }), store)
 *
 * const program = Pacer.Pacer.use((pacer) => pacer.snapshot)
 * await Effect.runPromise(Effect.provide(program, paced))
 * console.log([...texts.keys()]) // => [ 'api' ]
 * ```
 */
export class PacerStore extends Context.Service<
  PacerStore,
  {
    /**
     * Applies `f` and stores the state that it returns with the result. `share` (above 0, at most 1, the default) is the part of the
     * limit that this process may use, such as 1/4 of four processes while they cannot reach the store: while it is below
     * 1, no more than that part is sent in any window.
     */
    readonly modify: <A>(
      key: string,
      f: (state: PacerState | undefined, now: number, share?: number) => readonly [A, PacerState],
    ) => Effect.Effect<A>
    /**
     * The longest time until the head of a queue looks at the state again, in milliseconds: other processes may have
     * changed it. Default: until the time that the state names.
     */
    readonly recheckMs?: number | undefined
    /**
     * Returns how long a change of the state takes while other processes change it too, in milliseconds: so that a queue takes
     * as many permits at a time as the limit has for that long. Default 0, one at a time.
     */
    readonly changeMs?: (() => number) | undefined
    /** Returns which requests of a process go next; that of `makeSharedStore` shares the limit out. Default: first come, first served. */
    readonly admit?: Admit | undefined
    /** Returns whether a store that processes share could be reached, for snapshots. */
    readonly connection?: (() => SharedConnection) | undefined
    /** Reads the newest state that this process knows, at once, for snapshots. Default: by `modify`. */
    readonly peek?:
      | (<A>(key: string, f: (state: PacerState | undefined, now: number) => A) => Effect.Effect<A>)
      | undefined
  }
>()("@aelyst/core/PacerStore") {}

/**
 * Creates a store in this process's memory, on the monotonic clock.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Pacer } from "@aelyst/core"
 *
 * const program = Effect.gen(function* () {
 *   const store = Pacer.memoryStore()
 *   // two pacers with one key share one limit
 *   const first = yield* Pacer.make({ key: "api", store })
 *   const second = yield* Pacer.make({ key: "api", store })
 *   const permit = yield* (yield* first.enter).acquire()
 *   yield* permit.observe({ rateLimited: false, limit: 10, remaining: 9 })
 *   return (yield* second.snapshot).remaining
 * })
 *
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => 9
 * ```
 */
export const memoryStore = (): PacerStore["Service"] => {
  const states = new Map<string, PacerState>()
  return {
    modify: (key, f) =>
      Effect.withFiber((fiber) => {
        const [result, state] = f(states.get(key), Monotonic.millisOf(fiber.getRef(Clock.Clock)))
        states.set(key, state)
        return Effect.succeed(result)
      }),
  }
}

/**
 * Provides a store in this process's memory.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Pacer } from "@aelyst/core"
 *
 * const paced = Pacer.layer({ key: "api" }).pipe(Layer.provide(Pacer.layerMemoryStore))
 * const program = Pacer.Pacer.use((pacer) => pacer.snapshot)
 *
 * const { limit } = await Effect.runPromise(Effect.provide(program, paced))
 * console.log(limit) // => 10
 * ```
 */
export const layerMemoryStore: Layer.Layer<PacerStore> = Layer.sync(PacerStore, memoryStore)
