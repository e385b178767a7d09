import * as v8 from "node:v8"
import * as vm from "node:vm"

import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

import * as Monotonic from "../src/pacing/MonotonicClock.ts"
import type { PacerStore } from "../src/pacing/PacerStore.ts"
import { memoryStore } from "../src/pacing/PacerStore.ts"
import { call, makePacer, ok, server } from "./paced.ts"

v8.setFlagsFromString("--expose-gc")
// safe: the flag above makes the global, a function without arguments
const collect = vm.runInNewContext("gc") as () => void

/** The heap in use without garbage, in bytes: collected until it shrinks no more, since some is held for a few turns. */
const heapUsed = Effect.gen(function* () {
  let least = Number.POSITIVE_INFINITY
  for (let unchanged = 0; unchanged < 2;) {
    yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    collect()
    const used = process.memoryUsage().heapUsed
    unchanged = used < least - 10_000 ? 0 : unchanged + 1
    least = Math.min(least, used)
  }
  return least
})

/** The heap that 10,000 fibers of this take once so many wait, in bytes. */
const heapOf = (effect: Effect.Effect<unknown, unknown>, waiting: Effect.Effect<number>) =>
  Effect.gen(function* () {
    const before = yield* heapUsed
    const fibers = yield* Effect.forEach(Array.from({ length: 10_000 }), () =>
      Effect.forkDetach(effect),
    )
    while ((yield* waiting) < fibers.length) yield* Effect.yieldNow
    const grown = (yield* heapUsed) - before
    yield* Fiber.interruptAll(fibers)
    return grown
  })

/** A store whose changes take a while; counts them. */
const slowStore = (changeMs: number, roundTripMs: number) => {
  const memory = memoryStore()
  let changes = 0
  const store: PacerStore["Service"] = {
    changeMs: () => changeMs,
    modify: (key, f) => {
      changes++
      const changed = memory.modify(key, f)
      return roundTripMs === 0 ? changed : Effect.delay(changed, roundTripMs)
    },
  }
  return { store, changes: () => changes }
}

describe("PacerQueue", () => {
  it.effect(
    "sends only the first request, then a quarter of the limit, then as many as the responses say remain",
    () =>
      Effect.gen(function* () {
        const pacer = yield* makePacer()
        const { reply, sends } = yield* server()
        const fiber = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 25 }, () => call(pacer, reply)),
            { concurrency: "unbounded", discard: true },
          ),
        )
        yield* TestClock.adjust(5)
        assert.strictEqual(sends.length, 1)
        yield* TestClock.adjust(10)
        assert.strictEqual(sends.length, 4)
        yield* TestClock.adjust(10)
        assert.strictEqual(sends.length, 10)
        yield* TestClock.adjust(3000)
        yield* Fiber.join(fiber)
        assert.strictEqual(sends.length, 25)
      }),
  )

  it.effect("serves in the order of arrival", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const { reply } = yield* server()
      const served: Array<number> = []
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 40 }, (_, index) => index),
          (index) => call(pacer, () => (served.push(index), reply())),
          { concurrency: "unbounded", discard: true },
        ),
      )
      yield* TestClock.adjust(6000)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        served,
        Array.from({ length: 40 }, (_, index) => index),
      )
    }),
  )

  it.effect("lets interrupted callers leave the queue and free their turn", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const { reply, sends } = yield* server()
      const fibers = yield* Effect.forEach(Array.from({ length: 300 }), () =>
        Effect.forkChild(call(pacer, reply)),
      )
      yield* TestClock.adjust(100)
      yield* Fiber.interruptAll(fibers.slice(10))
      assert.strictEqual((yield* pacer.snapshot).waiting, 0)
      const last = yield* Effect.forkChild(call(pacer, reply))
      yield* TestClock.adjust(1100)
      assert.isAtMost(Duration.toMillis(yield* Fiber.join(last)), 1000)
      assert.strictEqual(sends.length, 11)
    }),
  )

  it.effect("holds every caller after a 429 until Retry-After, and reopens with one scout", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const sends: Array<number> = []
      const clock = yield* Monotonic.nowMillis
      const calls = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 5 }, () =>
            Effect.scoped(
              Effect.gen(function* () {
                const ticket = yield* pacer.enter
                for (;;) {
                  const permit = yield* ticket.acquire()
                  const at = (yield* Monotonic.nowMillis) - clock
                  sends.push(at)
                  yield* Effect.sleep(10)
                  if (at >= 2000) return yield* permit.observe(ok(5))
                  yield* permit.observe({
                    rateLimited: true,
                    limit: 10,
                    remaining: 0,
                    retryAfterMs: 2000,
                  })
                }
              }),
            ),
          ),
          { concurrency: "unbounded", discard: true },
        ),
      )
      yield* TestClock.adjust(2005)
      assert.strictEqual(sends.length, 1)
      // A 429 in response to the first request means that others use the limit: the calls are spread.
      yield* TestClock.adjust(5000)
      yield* Fiber.join(calls)
      assert.isAtLeast(sends[1] ?? 0, 2010)
      assert.isAtMost(sends[1] ?? 0, 2010 + 200)
      assert.isAtLeast((sends[2] ?? 0) - (sends[1] ?? 0), 10)
    }),
  )

  it.effect(
    "waits for nothing but a 429 without a schedule, and serves its calls first again",
    () =>
      Effect.gen(function* () {
        const pacer = yield* makePacer({ schedule: false })
        const { reply, sends } = yield* server()
        const ended: Array<number> = []
        const start = (from: number, count: number) =>
          Effect.forEach(Array.from({ length: count }), (_, index) =>
            Effect.forkChild(
              Effect.andThen(
                call(pacer, reply),
                Effect.sync(() => void ended.push(from + index)),
              ),
              { startImmediately: true },
            ),
          )
        const early = yield* start(0, 12)
        // all at once: two more than the window takes
        assert.strictEqual(sends.length, 12)
        yield* TestClock.adjust(100)
        const late = yield* start(12, 3)
        yield* TestClock.adjust(900)
        assert.strictEqual(sends.length, 12)
        yield* TestClock.adjust(300)
        yield* Effect.forEach([...early, ...late], Fiber.join)
        assert.strictEqual(sends.length, 17)
        const [scout = 0, ...rest] = sends.slice(12).map((at) => at - (sends[0] ?? 0))
        assert.isAtLeast(scout, 1010)
        assert.deepStrictEqual(
          rest,
          Array.from({ length: 4 }, () => scout + 10),
        )
        assert.deepStrictEqual(
          ended,
          Array.from(ended, (_, index) => index),
        )
      }),
  )

  it.effect("fails at its deadline when the wait has no lower bound, and leaves the queue", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const first = yield* Effect.scoped(
        Effect.gen(function* () {
          const ticket = yield* pacer.enter
          yield* ticket.acquire()
          const other = yield* pacer.enter
          const now = yield* Monotonic.nowMillis
          const waiting = yield* Effect.forkChild(
            Effect.exit(other.acquire({ deadline: now + 500 })),
          )
          yield* TestClock.adjust(499)
          assert.strictEqual((yield* pacer.snapshot).waiting, 1)
          yield* TestClock.adjust(2)
          return yield* Fiber.join(waiting)
        }),
      )
      assert.isTrue(Exit.isFailure(first))
      assert.strictEqual((yield* pacer.snapshot).waiting, 0)
    }),
  )

  it.effect(
    "fails at once with the wait when the gate is closed for longer than the deadline",
    () =>
      Effect.gen(function* () {
        const pacer = yield* makePacer()
        const failure = yield* Effect.scoped(
          Effect.gen(function* () {
            const ticket = yield* pacer.enter
            const permit = yield* ticket.acquire()
            yield* permit.observe({ rateLimited: true, retryAfterMs: 30000 })
            const now = yield* Monotonic.nowMillis
            return yield* Effect.flip(ticket.acquire({ deadline: now + 10_000 }))
          }),
        )
        assert.strictEqual(failure.reason, "deadline")
        assert.isAtLeast(failure.retryAfterMs ?? 0, 30_000)
      }),
  )

  it.effect("fails one caller more than the queue holds", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer({ maxQueue: 2 })
      const failure = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* pacer.enter
          yield* pacer.enter
          return yield* Effect.flip(pacer.enter)
        }),
      )
      assert.strictEqual(failure.reason, "queue")
      yield* Effect.scoped(pacer.enter)
    }),
  )

  it.effect("serves a rate-limited call first when the gate opens again", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const served: Array<number> = []
      const one = (index: number) => {
        let rateLimits = index === 0 ? 1 : 0
        return call(pacer, () => {
          if (rateLimits-- > 0) return { rateLimited: true, retryAfterMs: 1000 }
          served.push(index)
          return ok(9 - served.length)
        })
      }
      const fiber = yield* Effect.forkChild(
        Effect.forEach([0, 1, 2, 3], one, { concurrency: "unbounded", discard: true }),
      )
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(served, [0, 1, 2, 3])
    }),
  )

  it.effect(
    "takes as many permits at a time as the limit has for two changes of a slow store",
    () =>
      Effect.gen(function* () {
        const { changes, store } = slowStore(20, 0)
        const pacer = yield* makePacer({ store, prior: { limit: 100, window: "1 second" } })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const scout = yield* (yield* pacer.enter).acquire()
            const served: Array<number> = []
            const fibers = yield* Effect.forEach(Array.from({ length: 9 }), (_, index) =>
              Effect.forkChild(
                Effect.scoped(
                  Effect.gen(function* () {
                    yield* (yield* pacer.enter).acquire()
                    served.push(index)
                    yield* Effect.never
                  }),
                ),
              ),
            )
            yield* TestClock.adjust(1)
            assert.strictEqual((yield* pacer.snapshot).waiting, 9)
            const before = changes()
            yield* scout.observe(ok(99, 100))
            while (served.length < 9) yield* TestClock.adjust(1)
            // one for the response, then 4, 4 and 1
            assert.strictEqual(changes() - before, 4)
            assert.deepStrictEqual(
              served,
              Array.from({ length: 9 }, (_, index) => index),
            )
            yield* Fiber.interruptAll(fibers)
          }),
        )
      }),
  )

  it.effect("gives permits back that were taken for callers which have left meanwhile", () =>
    Effect.gen(function* () {
      const { store } = slowStore(50, 20)
      const pacer = yield* makePacer({ store, prior: { limit: 100, window: "1 second" } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const entered = yield* Effect.forkChild(
            Effect.flatMap(pacer.enter, (one) => one.acquire()),
          )
          yield* TestClock.adjust(20)
          const scout = yield* Fiber.join(entered)
          const fibers = yield* Effect.forEach(Array.from({ length: 6 }), () =>
            Effect.forkChild(
              Effect.scoped(
                Effect.andThen(
                  Effect.flatMap(pacer.enter, (ticket) => ticket.acquire()),
                  Effect.never,
                ),
              ),
            ),
          )
          yield* TestClock.adjust(100)
          const observed = yield* Effect.forkChild(scout.observe(ok(99, 100)))
          // the head asks for all of them
          yield* TestClock.adjust(30)
          yield* Fiber.join(observed)
          yield* Effect.forEach(fibers.slice(2), (fiber) =>
            Effect.forkChild(Fiber.interrupt(fiber)),
          )
          yield* TestClock.adjust(200)
          const snapshot = yield* Effect.forkChild(pacer.snapshot)
          yield* TestClock.adjust(20)
          const { inFlight, waiting } = yield* Fiber.join(snapshot)
          assert.deepStrictEqual({ inFlight, waiting }, { inFlight: 2, waiting: 0 })
          yield* Effect.forkChild(Fiber.interruptAll(fibers))
          yield* TestClock.adjust(100)
        }),
      )
    }),
  )

  it.effect.prop(
    "serves every caller that stays, in order, whichever is interrupted and when",
    {
      changeMs: Schema.Literals([0, 1000]),
      leave: Schema.Array(
        Schema.Struct({
          caller: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 39 })),
          after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
        }),
      ).check(Schema.isMaxLength(30)),
    },
    ({ leave, changeMs }) =>
      Effect.gen(function* () {
        const pacer = yield* makePacer({ store: slowStore(changeMs, 0).store })
        const { reply } = yield* server()
        const sent: Array<number> = []
        const fibers = yield* Effect.forEach(Array.from({ length: 40 }), (_, index) =>
          Effect.forkChild(call(pacer, () => (sent.push(index), reply()))),
        )
        for (const { after, caller } of leave) {
          yield* TestClock.adjust(after)
          const fiber = fibers[caller]
          if (fiber !== undefined) yield* Fiber.interrupt(fiber)
        }
        yield* TestClock.adjust("10 seconds")
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        const first = sent.filter((index, position) => sent.indexOf(index) === position)
        assert.deepStrictEqual(
          first,
          first.toSorted((a, b) => a - b),
        )
        for (const [index, exit] of exits.entries()) {
          const asked = leave.some(({ caller }) => caller === index)
          if (!asked) assert.isTrue(Exit.isSuccess(exit))
        }
        const { inFlight, waiting } = yield* pacer.snapshot
        assert.deepStrictEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 })
      }),
    { arbitrary: { runs: 100 } },
  )

  it.effect("gives a permit back whose call never went out", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer({ prior: { limit: 2, window: "1 second" } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const first = yield* (yield* pacer.enter).acquire()
          yield* first.observe(ok(1, 2))
          const second = yield* (yield* pacer.enter).acquire()
          const before = (yield* pacer.snapshot).inFlight
          yield* second.giveBack
          yield* second.abandon
          assert.strictEqual((yield* pacer.snapshot).inFlight, before - 1)
          // two fit into a window: this one would wait for the next if the permit were kept
          yield* (yield* pacer.enter).acquire()
          assert.strictEqual((yield* pacer.snapshot).inFlight, before)
        }),
      )
    }),
  )

  it.effect(
    "fails at once behind more callers than a trusted window takes before the deadline",
    () =>
      Effect.gen(function* () {
        const pacer = yield* makePacer()
        const { reply } = yield* server()
        const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () =>
          Effect.forkChild(call(pacer, reply)),
        )
        yield* TestClock.adjust("3500 millis")
        assert.isTrue((yield* pacer.snapshot).trusted)
        const now = yield* Monotonic.nowMillis
        const failure = yield* Effect.scoped(
          Effect.flatMap(pacer.enter, (ticket) =>
            Effect.flip(ticket.acquire({ deadline: now + 3000 })),
          ),
        )
        assert.strictEqual(failure.reason, "deadline")
        assert.isAbove(failure.retryAfterMs ?? 0, 3000)
        yield* Fiber.interruptAll(fibers)
      }),
  )

  it.live(
    "keeps 10,000 waiting callers in less than 10 MB beyond their fibers and scopes",
    () =>
      Effect.gen(function* () {
        const pacer = yield* makePacer()
        const hold = yield* Effect.scoped(
          Effect.gen(function* () {
            const permit = yield* (yield* pacer.enter).acquire()
            // so that none goes, however long this takes
            yield* permit.observe({ rateLimited: true, retryAfterMs: 3_600_000 })
            let idling = 0
            const idle = Effect.scoped(
              Effect.andThen(
                Effect.acquireRelease(
                  Effect.sync(() => void idling++),
                  () => Effect.sync(() => void idling--),
                ),
                Effect.never,
              ),
            )
            const queued = Effect.map(pacer.snapshot, ({ waiting }) => waiting)
            const inQueue = Effect.scoped(
              Effect.flatMap(pacer.enter, (ticket) => ticket.acquire({ deadline: 1e12 })),
            )
            const difference = Effect.gen(function* () {
              const bare = yield* heapOf(
                idle,
                Effect.sync(() => idling),
              )
              return (yield* heapOf(inQueue, queued)) - bare
            })
            // the first time warms up
            yield* difference
            return yield* difference
          }),
        )
        assert.isBelow(hold, 10e6)
        assert.strictEqual((yield* pacer.snapshot).waiting, 0)
      }),
    300_000,
  )
})
