/**
 * The rate-limit pacer: one line before one API, for one token. It learns limit and window from the answers and lets
 * a request go when the server will take it. The schedule itself is in `PacerState` and its neighbours; here are the line, the waiting
 * and the store.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import * as Monotonic from "./MonotonicClock.ts"
import * as PacerAnswer from "./LearnFromResponse.ts"
import * as Line from "./WaitQueue.ts"
import * as PacerState from "./PacerState.ts"
import * as PacerTake from "./Admission.ts"

/** What an answer says about the rate limit, read from its status and headers (W8, D8). */
export interface PacerObservation {
  /** The answer was a 429. */
  readonly rateLimited: boolean
  readonly limit?: number
  readonly remaining?: number
  /** As sent, in milliseconds; absent if it was missing or unreadable. */
  readonly retryAfterMs?: number
  /** The caller will not wait that long: the gate closes for one window only, and nobody else is held up. */
  readonly tooLong?: boolean
}

/** The right to send one request. Exactly one of the three ends counts, the first one. */
export interface Permit {
  /** How long the caller waited in the queue for it. */
  readonly waitedMs: number
  /** Reports the answer, when its headers arrive. */
  readonly observe: (observation: PacerObservation) => Effect.Effect<void>
  /** Reports that the request went out and will have no answer: it counts as spent. */
  readonly abandon: Effect.Effect<void>
  /** Returns the permit: the request never went out. */
  readonly giveBack: Effect.Effect<void>
}

/**
 * Says that a call was not let into the line (`queue`) or cannot go before its deadline (`deadline`).
 *
 * `retryAfterMs` is the wait that would have been needed, where that is known.
 */
export class PacerUnavailable extends Data.TaggedError("PacerUnavailable")<{
  readonly reason: "queue" | "deadline"
  readonly retryAfterMs?: number
}> {}

/**
 * A place in line, kept for a whole call: `acquire` again after a refusal stands where the call stood.
 *
 * `deadline` is on the monotonic clock, in milliseconds. A wait that provably cannot fit fails at once: the gate is
 * closed for longer, or the window is trusted and too many stand in front. Else it fails at the deadline.
 */
export interface Ticket {
  /** Gives a permit where nobody stands in line and one can go at once, else undefined. */
  readonly tryAcquire: Effect.Effect<Permit | undefined>
  readonly acquire: (options?: {
    readonly deadline?: number
  }) => Effect.Effect<Permit, PacerUnavailable>
}

/** A place that its owner closes. */
export interface OpenTicket extends Ticket {
  /**
   * Leaves the line. A permit whose end nobody told is given back, or spent where its request may have gone out.
   * Gives what is left to do, if there is anything.
   */
  readonly close: (sent: boolean) => Effect.Effect<void> | undefined
}

/** What a countdown or a gauge needs. */
export interface PacerSnapshot {
  /** Requests per window: from the server once it has said so, else a guess. */
  readonly limit: number
  /** How many could go now, as far as known. */
  readonly remaining: number
  /** The learned window; absent until it is trusted. */
  readonly window?: Duration.Duration
  /** The window has proved itself: it turned as predicted. */
  readonly trusted: boolean
  /** Callers in line. */
  readonly waiting: number
  /** Requests without an answer yet. */
  readonly inFlight: number
  /** How long the gate stays closed after a 429; absent while it is open. */
  readonly opensIn?: Duration.Duration
  /** How long ago the last answer came; absent before the first. */
  readonly observedAgo?: Duration.Duration
}

/**
 * Holds the state of pacers by key. `modify` is atomic per key; `now` is the store's time in milliseconds and never
 * steps back for one key. The state is JSON, so a shared store can keep it outside of the process. From its calling `f`
 * on, a `modify` cannot be interrupted: what `f` decided is known to its caller at once.
 */
export class PacerStore extends Context.Service<
  PacerStore,
  {
    readonly modify: <A>(
      key: string,
      f: (
        state: PacerState.PacerState | undefined,
        now: number,
      ) => readonly [A, PacerState.PacerState],
    ) => Effect.Effect<A>
  }
>()("@aelyst/core/PacerStore") {}

/** Makes a store in this process's memory, on the monotonic clock. */
export const memoryStore = (): PacerStore["Service"] => {
  const states = new Map<string, PacerState.PacerState>()
  return {
    modify: (key, f) =>
      Effect.withFiber((fiber) => {
        const [result, state] = f(states.get(key), Monotonic.millisOf(fiber.getRef(Clock.Clock)))
        states.set(key, state)
        return Effect.succeed(result)
      }),
  }
}

/** Provides a store in this process's memory. */
export const layerMemoryStore: Layer.Layer<PacerStore> = Layer.sync(PacerStore, memoryStore)

/** How a pacer starts and what it always keeps to. */
export interface PacerOptions {
  /** Names the limit that is shared: a hash of token and origin, never the token. */
  readonly key: string
  /**
   * Believed until there is evidence; 10 per second by default (W8's examples). A window above one second is looked
   * for from one second up: too short a guess costs one 429, too long a one would never be found out.
   */
  readonly prior?: { readonly limit: number; readonly window: Duration.Input }
  /** Never exceeded, whatever the server allows: in no second more than this many requests are sent. */
  readonly ceiling?: { readonly perSecond: number }
  /** False: keep no schedule, so that a 429 and the ceiling alone hold anybody up. Default true. */
  readonly schedule?: boolean
  /** How many callers may stand in line, 10,000 by default; one more is refused. */
  readonly maxQueue?: number
}

/** The line before the API. */
export class Pacer extends Context.Service<
  Pacer,
  {
    /** Takes a place in line for one call; fails with `queue` when the line is full. */
    readonly enter: Effect.Effect<Ticket, PacerUnavailable, Scope.Scope>
    /** Takes a place at once, as `enter` does; `close` is then owed. */
    readonly openUnsafe: () => Result.Result<OpenTicket, PacerUnavailable>
    /** Reads where things stand. */
    readonly snapshot: Effect.Effect<PacerSnapshot>
    /** Emits where things stand, now and after every change; a slow reader misses some, never the last. */
    readonly changes: Stream.Stream<PacerSnapshot>
  }
>()("@aelyst/core/Pacer") {}

/** Makes a pacer on a store. */
export const make = (
  options: PacerOptions & { readonly store: PacerStore["Service"] },
): Effect.Effect<Pacer["Service"]> => Effect.sync(() => new Engine(options).service)

/** Provides a pacer on the store in the context. */
export const layer = (options: PacerOptions): Layer.Layer<Pacer, never, PacerStore> =>
  Layer.effect(
    Pacer,
    Effect.flatMap(PacerStore, (store) => make({ ...options, store })),
  )

/** A call's place in line. */
class Spot implements OpenTicket {
  readonly order: number
  readonly #engine: Engine
  #arriving = true
  #permit: Taken | undefined = undefined

  constructor(engine: Engine, order: number) {
    this.#engine = engine
    this.order = order
  }

  get tryAcquire(): Effect.Effect<Permit | undefined> {
    return this.#engine.tryAcquire(this)
  }

  acquire(options?: { readonly deadline?: number }): Effect.Effect<Permit, PacerUnavailable> {
    return this.#engine.acquire(this, options?.deadline ?? Number.POSITIVE_INFINITY)
  }

  /** The call was let through before: it was refused and comes back. */
  get returning(): boolean {
    return !this.#arriving
  }

  /** Notes the permit that a call holds now. */
  granted(permit: Taken | undefined): Taken | undefined {
    if (permit !== undefined) this.#arrive()
    this.#permit = permit
    return permit
  }

  close(sent: boolean): Effect.Effect<void> | undefined {
    this.#arrive()
    const permit = this.#permit
    if (permit === undefined || permit.ended) return undefined
    return sent ? permit.abandon : permit.giveBack
  }

  #arrive(): void {
    if (this.#arriving) this.#engine.arrived()
    this.#arriving = false
  }
}

/** A permit that was taken; the first of its three ends counts. */
class Taken implements Permit {
  readonly #engine: Engine
  readonly #id: number
  readonly waitedMs: number
  ended = false

  constructor(engine: Engine, id: number, waitedMs: number) {
    this.#engine = engine
    this.#id = id
    this.waitedMs = waitedMs
  }

  observe(observation: PacerObservation): Effect.Effect<void> {
    // Only a refusal is jittered.
    return observation.rateLimited
      ? Effect.flatMap(Random.next, (jitter) => this.#observe(observation, jitter))
      : this.#observe(observation, 0)
  }

  get abandon(): Effect.Effect<void> {
    return this.#end((_, state, now) => PacerState.abandon(state, this.#id, now))
  }

  get giveBack(): Effect.Effect<void> {
    return this.#end((_, state) => PacerState.giveBack(state, this.#id))
  }

  #observe(observation: PacerObservation, jitter: number): Effect.Effect<void> {
    return this.#end((config, state, now) =>
      PacerAnswer.observe(config, state, this.#id, answer(observation, jitter), now),
    )
  }

  #end(f: Parameters<Engine["change"]>[0]): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.ended) return Effect.void
      this.ended = true
      return this.#engine.change(f)
    })
  }
}

/** One pacer's moving parts. */
class Engine {
  readonly service: Pacer["Service"]
  readonly #config: PacerState.PacerConfig
  readonly #key: string
  readonly #store: PacerStore["Service"]
  readonly #maxQueue: number
  /** One slot for each reader of the changes: it holds that there was one, not which. */
  readonly #readers = new Set<Queue.Queue<void>>()
  readonly #line = new Line.PacerLine<Taken>()
  #order = 0
  /** Calls that have a place and have not been let through for the first time. */
  #arriving = 0

  constructor(options: PacerOptions & { readonly store: PacerStore["Service"] }) {
    const { ceiling, prior = { limit: 10, window: Duration.seconds(1) } } = options
    this.#config = {
      prior: {
        limit: prior.limit,
        windowMs: Duration.toMillis(Duration.fromInputUnsafe(prior.window)),
      },
      ...(ceiling !== undefined && { ceiling }),
      ...(options.schedule === false && { schedule: false }),
    }
    this.#key = options.key
    this.#store = options.store
    this.#maxQueue = options.maxQueue ?? 10_000
    const snapshot = this.#read((state, now) => this.#snapshot(state, now))
    this.service = {
      enter: this.#enter,
      openUnsafe: () => this.#open(),
      snapshot,
      changes: Stream.unwrap(
        Effect.map(this.#reader, (reader) =>
          Stream.concat(
            Stream.fromEffect(snapshot),
            Stream.mapEffect(Stream.fromQueue(reader), () => snapshot),
          ),
        ),
      ),
    }
  }

  readonly #reader = Effect.acquireRelease(
    Effect.tap(Queue.sliding<void>(1), (reader) => Effect.sync(() => this.#readers.add(reader))),
    (reader) => Effect.sync(() => this.#readers.delete(reader)),
  )

  readonly #enter: Effect.Effect<Ticket, PacerUnavailable, Scope.Scope> = Effect.acquireRelease(
    Effect.suspend(() => Effect.fromResult(this.#open())),
    (spot) => spot.close(true) ?? Effect.void,
  )

  /** Makes a place, unless the line is full. */
  #open(): Result.Result<Spot, PacerUnavailable> {
    if (this.#arriving >= this.#maxQueue)
      return Result.fail(new PacerUnavailable({ reason: "queue" }))
    this.#arriving++
    return Result.succeed(new Spot(this, this.#order++))
  }

  /** Notes that a call was let through for the first time, or went away before. */
  arrived(): void {
    this.#arriving--
  }

  /** Waits for a permit. Whoever is interrupted leaves the line, and a permit not handed out is given back. */
  acquire(spot: Spot, deadline: number): Effect.Effect<Permit, PacerUnavailable> {
    return Effect.flatMap(this.tryAcquire(spot), (permit) =>
      permit === undefined
        ? Effect.flatMap(Monotonic.nowMillis, (now) => this.#queue(spot, deadline, now))
        : Effect.succeed(permit),
    )
  }

  /** Asks for a permit where nobody stands in line: most calls never have to join it. */
  tryAcquire(spot: Spot): Effect.Effect<Permit | undefined> {
    return Effect.suspend(() => {
      if (this.#line.head !== undefined) return Effect.succeed(undefined)
      return this.#modify((state, now) => {
        // A shared store answers late: somebody may have joined the line meanwhile.
        if (this.#line.head !== undefined) return [undefined, state]
        const [decision, next] = PacerTake.take(this.#config, state, now)
        if (decision._tag !== "Admit") return [undefined, next]
        const permit = new Taken(this, decision.id, 0)
        this.#publish()
        return [spot.granted(permit), next]
      })
    })
  }

  #queue(spot: Spot, deadline: number, now: number): Effect.Effect<Permit, PacerUnavailable> {
    const self = Line.makeWaiter<Taken>(spot.order, deadline, now)
    if (deadline === Number.POSITIVE_INFINITY) return this.#join(spot, self)
    return Effect.andThen(this.#refuseAtOnce(spot, deadline, now), this.#join(spot, self))
  }

  /** Joins the line and sleeps in it: thousands may do that, so nothing more is kept for a sleeper than this. */
  #join(spot: Spot, self: Line.Waiter<Taken>): Effect.Effect<Permit, PacerUnavailable> {
    return Effect.callback<Permit, PacerUnavailable>((resume) => {
      // Yielding lets the waker finish first: who is served first also sends first.
      self.wake = () =>
        resume(
          this.#served(
            spot,
            self,
            Effect.flatMap(Effect.yieldNow, () => this.#stand(self)),
          ),
        )
      this.#line.join(self)
      this.#publish()
      if (this.#line.head === self) {
        self.wake = undefined
        resume(this.#served(spot, self, this.#lead(self)))
      }
      return Effect.sync(() => this.#leave(self))
    })
  }

  /** However the rest of the wait ends, the line is left and the spot knows its permit. */
  #served(
    spot: Spot,
    self: Line.Waiter<Taken>,
    rest: Effect.Effect<Permit, PacerUnavailable>,
  ): Effect.Effect<Permit, PacerUnavailable> {
    return Effect.onExit(rest, (exit) => {
      this.#leave(self)
      const permit = spot.granted(self.permit)
      return Exit.isSuccess(exit) || permit === undefined ? Effect.void : permit.giveBack
    })
  }

  #leave(self: Line.Waiter<Taken>): void {
    this.#line.leave(self)
    this.#publish()
  }

  /** Sleeps until this caller is the head or has failed. */
  #stand(self: Line.Waiter<Taken>): Effect.Effect<Permit, PacerUnavailable> {
    if (self.failure !== undefined) return late(self.failure)
    if (this.#line.head === self) return this.#lead(self)
    return asleep(self, () => this.#stand(self))
  }

  /** Asks for a permit and sleeps until there can be one; only the head does. */
  readonly #lead = Effect.fnUntraced(
    { self: this },
    function* (this: Engine, self: Line.Waiter<Taken>) {
      for (;;) {
        const now = yield* Monotonic.nowMillis
        this.#line.expire(now, {})
        if (self.failure !== undefined) return yield* late(self.failure)
        const asked = yield* this.#ask(self, now)
        if (self.permit !== undefined) return self.permit
        if (asked.certainMs !== undefined) {
          this.#line.expire(now + asked.certainMs, { retryAfterMs: asked.certainMs })
          if (self.failure !== undefined) return yield* late(self.failure)
        }
        // Timers count whole milliseconds and may fire a fraction early: round up, or the head spins.
        const ms = Math.max(1, Math.ceil(Math.min(asked.waitMs, this.#line.nextDeadline() - now)))
        yield* Effect.raceFirst(
          asleep(self, () => Effect.void),
          Effect.sleep(Duration.millis(ms)),
        )
        // The timer may have won: nobody must wake the sleep that is over.
        self.wake = undefined
        if (this.#line.head !== self) return yield* this.#stand(self)
      }
    },
  )

  /** Asks the store for a permit, and for how long to wait without one. */
  #ask(
    self: Line.Waiter<Taken>,
    now: number,
  ): Effect.Effect<{ readonly waitMs: number; readonly certainMs: number | undefined }> {
    return this.#modify((state, storeNow) => {
      const [decision, next] = PacerTake.take(this.#config, state, storeNow)
      if (decision._tag === "Admit") {
        self.permit = new Taken(this, decision.id, now - self.arrivedAt)
        return [{ waitMs: 0, certainMs: undefined }, next]
      }
      const certain = PacerState.earliest(next, storeNow, 1)
      const certainMs = certain === undefined ? undefined : certain - storeNow
      return [{ waitMs: decision.untilMs - storeNow, certainMs }, next]
    })
  }

  /** Fails a caller whose turn provably comes after its deadline. */
  #refuseAtOnce(spot: Spot, deadline: number, now: number): Effect.Effect<void, PacerUnavailable> {
    // Who comes back after a refusal has hardly anybody in front; who is new will stand at the end.
    const nth = spot.returning ? 1 : this.#line.size + 1
    return Effect.flatMap(
      this.#read((state, storeNow) => {
        const certain = PacerState.earliest(state, storeNow, nth)
        return certain === undefined ? 0 : certain - storeNow
      }),
      (wait) => (now + wait < deadline ? Effect.void : late({ retryAfterMs: wait })),
    )
  }

  /** Changes the state by what became of a permit, and lets the head of the line look again. */
  change(
    f: (
      config: PacerState.PacerConfig,
      state: PacerState.PacerState,
      now: number,
    ) => PacerState.PacerState,
  ): Effect.Effect<void> {
    return Effect.map(
      this.#modify((state, now) => [undefined, f(this.#config, state, now)]),
      () => {
        Line.wake(this.#line.head)
        this.#publish()
      },
    )
  }

  #modify<A>(
    f: (state: PacerState.PacerState, now: number) => readonly [A, PacerState.PacerState],
  ): Effect.Effect<A> {
    return this.#store.modify(this.#key, (state, now) =>
      f(state ?? PacerState.make(this.#config), now),
    )
  }

  #read<A>(f: (state: PacerState.PacerState, now: number) => A): Effect.Effect<A> {
    return this.#modify((state, now) => [f(state, now), state])
  }

  #publish(): void {
    for (const reader of this.#readers) Queue.offerUnsafe(reader, undefined)
  }

  #snapshot(state: PacerState.PacerState, now: number): PacerSnapshot {
    const seen = PacerState.view(state, now)
    return {
      limit: seen.limit,
      remaining: seen.remaining,
      ...(seen.windowMs !== null && { window: Duration.millis(seen.windowMs) }),
      trusted: seen.trusted,
      waiting: this.#line.size,
      inFlight: seen.inFlight,
      ...(seen.opensAt !== null && { opensIn: Duration.millis(seen.opensAt - now) }),
      ...(seen.observedAt !== null && {
        observedAgo: Duration.millis(Math.max(0, now - seen.observedAt)),
      }),
    }
  }
}

const late = ({ retryAfterMs }: { readonly retryAfterMs?: number }) =>
  new PacerUnavailable({
    reason: "deadline",
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })

/** Sleeps until somebody wakes this caller, then goes on. */
const asleep = <A, E>(
  waiter: Line.Waiter<Taken>,
  next: () => Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  Effect.callback<A, E>((resume) => {
    // Yielding lets the waker finish first: who is served first also sends first.
    waiter.wake = () => resume(Effect.flatMap(Effect.yieldNow, next))
    if (!waiter.woken) return
    waiter.woken = false
    Line.wake(waiter)
  })

const answer = (observation: PacerObservation, jitter: number): PacerState.Answer => ({
  refused: observation.rateLimited,
  jitter,
  ...(observation.limit !== undefined && { limit: observation.limit }),
  ...(observation.remaining !== undefined && { remaining: observation.remaining }),
  ...(observation.retryAfterMs !== undefined && { retryAfterMs: observation.retryAfterMs }),
  ...(observation.tooLong === true && { tooLong: true }),
})
