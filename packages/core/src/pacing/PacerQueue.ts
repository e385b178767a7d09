/**
 * The engine of a pacer: callers wait in a queue, and the one at its head asks the store for a permit.
 *
 * Interruption is safe: what is taken (a place in the queue, a permit) is noted in the waiter or the ticket of its caller, and
 * released from there however the wait ends. What the store decides is noted right after it, since it may decide several times.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { PacerState } from "./StoredState.ts"
import * as Admission from "./Admission.ts"
import type { Step } from "./HeldPermit.ts"
import { HeldPermit } from "./HeldPermit.ts"
import { HeldTicket } from "./HeldTicket.ts"
import * as Monotonic from "./MonotonicClock.ts"
import * as State from "./PacerState.ts"
import type { PacerStore } from "./PacerStore.ts"
import * as RoundTrip from "./RoundTrip.ts"
import type { OpenTicket, Permit } from "./Ticket.ts"
import { PacerUnavailable } from "./Ticket.ts"
import { type Admitted, type WaitFailure, WaitQueue, Waiter, asleep } from "./WaitQueue.ts"

/** The store of the state, and how many callers may wait for their first permit. */
export interface QueueOptions {
  readonly config: State.PacerConfig
  readonly key: string
  readonly store: PacerStore["Service"]
  readonly maxQueue: number
}

/** The requests that the store has admitted, or when to ask again and how long it takes for certain. */
interface Decided {
  readonly admitted: ReadonlyArray<Admitted>
  readonly waitMs: number
  readonly certainMs: number
  /** Since when permits are free that are for other processes. */
  readonly leftSince?: number | undefined
}

/** The same, with the permit. */
type Asked = Decided & { readonly permit: Permit | undefined }

const notDecided: Decided = { admitted: [], waitMs: 0, certainMs: 0 }

/** Lets callers through in order. */
export class PacerQueue {
  readonly options: QueueOptions
  /** Each is woken by a change; one that is not asleep remembers that there was one, not which. */
  readonly #subscribers = new Set<Waiter>()
  readonly #queue = new WaitQueue()
  /** Names this queue to those of other processes. */
  readonly #process = crypto.randomUUID().slice(0, 8)
  /** See `Decided`. */
  #leftSince: number | undefined
  #nextOrder = 0
  /** Tickets that had no permit yet: `maxQueue` bounds these. */
  #unserved = 0

  constructor(options: QueueOptions) {
    this.options = options
  }

  /** Counts the callers in the queue. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Creates a ticket, unless the queue is full; `close` is then owed. */
  open(left?: number): Result.Result<OpenTicket, PacerUnavailable> {
    if (this.#unserved >= this.options.maxQueue)
      return Result.fail(new PacerUnavailable({ reason: "queue" }))
    this.#unserved++
    return Result.succeed(new HeldTicket(this, this.#nextOrder++, left))
  }

  /** Emits now and after every change. */
  readonly changes: Stream.Stream<void> = Stream.unwrap(
    Effect.acquireRelease(
      Effect.sync(() => {
        const subscriber = new Waiter(0, Number.POSITIVE_INFINITY, 0)
        subscriber.wake()
        this.#subscribers.add(subscriber)
        return subscriber
      }),
      (subscriber) => Effect.sync(() => this.#subscribers.delete(subscriber)),
    ).pipe(
      Effect.map((subscriber) =>
        Stream.fromPull(Effect.succeed(Effect.as(asleep(subscriber), [undefined] as const))),
      ),
    ),
  )

  /** Reads the state. */
  read<A>(f: (state: PacerState, now: number) => A): Effect.Effect<A> {
    return this.#modify((state, now) => [f(state, now), state])
  }

  /** Reads the newest state that is known at once, for a snapshot. */
  peek<A>(f: (state: PacerState, now: number) => A): Effect.Effect<A> {
    const { config, key, store } = this.options
    const peeked = store.peek?.(key, (stored, now) => f(State.restore(config, stored), now))
    return peeked ?? this.read(f)
  }

  /** Changes the state when a permit ends, as of now, and lets the head of the queue ask again. */
  change(step: Step): Effect.Effect<void> {
    return Monotonic.clockWith((clock) => {
      const endedAt = clock()
      // a shared store takes its time
      const changed = this.#modify((state, now, config) => [
        undefined,
        step(state, now - clock() + endedAt, config),
      ])
      return Effect.map(changed, () => {
        this.#queue.head?.wake()
        this.#publish()
      })
    })
  }

  /** Changes the state by a pure function: the store may run it several times. */
  #modify<A>(
    f: (state: PacerState, now: number, config: State.PacerConfig) => readonly [A, PacerState],
  ): Effect.Effect<A> {
    const { config, key, store } = this.options
    return store.modify(key, (stored, now, share = 1) =>
      f(State.restore(config, stored), now, share < 1 ? { ...config, share } : config),
    )
  }

  #publish(): void {
    for (const subscriber of this.#subscribers) subscriber.wake()
  }

  /** Requests a permit if no caller waits: most calls never have to join the queue. */
  tryAcquire(ticket: HeldTicket): Effect.Effect<Permit | undefined> {
    return Effect.suspend(() => {
      if (this.#queue.head !== undefined) return Effect.succeed(undefined)
      return Effect.map(this.#ask(ticket, undefined, 0), ({ permit }) => {
        this.#publish()
        return permit
      })
    })
  }

  /** Joins the queue if there is no permit at once, unless the turn provably comes after the deadline. */
  acquire(ticket: HeldTicket, deadline: number): Effect.Effect<Permit, PacerUnavailable> {
    return Effect.flatMap(this.tryAcquire(ticket), (permit) => {
      if (permit !== undefined) return Effect.succeed(permit)
      // A caller that comes back after a 429 has few ahead; a new one joins at the end.
      const nth = ticket.served ? 1 : this.#queue.size + 1
      const certain = this.read((state, now) => Admission.certainWait(state, now, nth))
      return Effect.flatMap(Monotonic.nowMillis, (now) =>
        Effect.flatMap(certain, (retryAfterMs) =>
          now + retryAfterMs < deadline
            ? this.#join(ticket, new Waiter(ticket.order, deadline, now))
            : late({ retryAfterMs }),
        ),
      )
    })
  }

  /** Joins the queue and sleeps in it. Thousands may do that, so a sleeper holds nothing but this. */
  #join(ticket: HeldTicket, waiter: Waiter): Effect.Effect<Permit, PacerUnavailable> {
    return Effect.callback<Permit, PacerUnavailable>((resume) => {
      const start = (first: Effect.Effect<void>): void => {
        const stand = Effect.flatMap(first, () => this.#stand(ticket, waiter))
        resume(
          Effect.onExit(stand, (exit) =>
            this.#leave(waiter, Exit.isSuccess(exit) ? undefined : ticket),
          ),
        )
      }
      waiter.resume = () => start(Effect.yieldNow)
      this.#queue.join(waiter)
      this.#publish()
      if (this.#queue.head === waiter) {
        waiter.resume = undefined
        start(Effect.void)
      }
      return Effect.suspend(() => this.#leave(waiter, ticket))
    })
  }

  /** Leaves the queue; releases the permit of a ticket, or the one that another caller has taken for it. */
  #leave(waiter: Waiter, unused: HeldTicket | undefined): Effect.Effect<void> {
    this.#queue.leave(waiter)
    this.#publish()
    if (unused === undefined) return Effect.void
    if (waiter.admitted !== undefined) this.#hold(unused, waiter.admitted, 0)
    return unused.permit?.giveBack ?? Effect.void
  }

  /** Notes the permit of a caller. */
  #hold(ticket: HeldTicket, admitted: Admitted, waitedMs: number): Permit {
    const permit = new HeldPermit(this, { ...admitted, waitedMs })
    this.serve(ticket)
    ticket.permit = permit
    return permit
  }

  /** Waits for a permit or a failure. Only the head asks and sets a timer; the others sleep until woken. */
  readonly #stand = Effect.fnUntraced(
    { self: this },
    function* (
      this: PacerQueue,
      ticket: HeldTicket,
      waiter: Waiter,
    ): Effect.fn.Return<Permit, PacerUnavailable> {
      while (waiter.failure === undefined) {
        const now = yield* Monotonic.nowMillis
        const waitedMs = now - waiter.arrivedAt
        if (waiter.admitted !== undefined) return this.#hold(ticket, waiter.admitted, waitedMs)
        if (this.#queue.head !== waiter) {
          yield* asleep(waiter)
          continue
        }
        this.#queue.expire(now, {})
        if (waiter.failure !== undefined) break
        const asked = yield* this.#ask(ticket, waiter, waitedMs)
        if (asked.permit !== undefined) return asked.permit
        this.#queue.expire(now + asked.certainMs, { retryAfterMs: asked.certainMs })
        if (waiter.failure !== undefined) break
        // Timers count whole milliseconds and may fire a fraction early: round up, or the head spins.
        const ms = Math.ceil(Math.min(asked.waitMs, this.#queue.nextDeadline - now))
        const timer = Effect.sleep(Duration.millis(Math.max(1, ms)))
        yield* Effect.raceFirst(asleep(waiter), timer)
      }
      return yield* late(waiter.failure)
    },
  )

  /** Requests a permit from the store, if `waiter` (undefined for a caller outside the queue) is still the head. */
  #ask(ticket: HeldTicket, waiter: Waiter | undefined, waitedMs: number): Effect.Effect<Asked> {
    const decided = this.#modify<Decided>((state, now, config) => {
      // A shared store takes its time: another caller may have joined the queue meanwhile.
      if (this.#queue.head !== waiter) return [notDecided, state]
      const { changeMs, recheckMs, admit = Admission.firstCome } = this.options.store
      const asking = {
        process: this.#process,
        callers: Math.max(1, this.#queue.size),
        leftSince: this.#leftSince,
        changeMs: changeMs?.() ?? 0,
        recheckMs,
      }
      const known = { ...config, left: ticket.left }
      const [{ ids, leftSince, untilMs }, next] = admit(Admission, asking, known, state, now)
      const minRoundTripMs = RoundTrip.minimum(next.roundTrip)
      const admitted = ids.map((id) => ({ id, minRoundTripMs }))
      if (admitted.length > 0) return [{ ...notDecided, admitted }, next]
      const certainMs = Admission.certainWait(next, now, 1)
      return [{ admitted, waitMs: untilMs - now, certainMs, leftSince }, next]
    })
    return Effect.uninterruptible(
      Effect.flatMap(decided, (decision): Effect.Effect<Asked> => {
        const [first, ...others] = decision.admitted
        this.#leftSince = decision.leftSince
        if (first === undefined) return Effect.succeed({ ...decision, permit: undefined })
        const asked = { ...decision, permit: this.#hold(ticket, first, waitedMs) }
        if (others.length === 0) return Effect.succeed(asked)
        return Effect.as(this.#serveOthers(waiter, others), asked)
      }),
    )
  }

  /** Lets the callers behind one that leaves go with it; gives back the permits that no caller waits for any more. */
  #serveOthers(waiter: Waiter | undefined, permits: ReadonlyArray<Admitted>): Effect.Effect<void> {
    if (waiter !== undefined) this.#queue.leave(waiter)
    const left = permits.filter((admitted) => !this.#queue.serveHead(admitted))
    if (left.length === 0) return Effect.void
    return this.change((state) => left.reduce((next, { id }) => State.giveBack(next, id), state))
  }

  /** Notes that a call has its first permit, or went away before. */
  serve(ticket: HeldTicket): void {
    if (!ticket.served) this.#unserved--
    ticket.served = true
  }
}

const late = (failure: WaitFailure): PacerUnavailable =>
  new PacerUnavailable({ reason: "deadline", ...failure })
