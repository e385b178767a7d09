import { inspect } from "node:util"

import type * as Core from "@aelyst/core"
import type { Scope } from "effect"
import { Clock, Effect, Option } from "effect"
import { assert, describe, it } from "@effect/vitest"

import * as StillClock from "../../../apps/conformance/src/network/StillClock.ts"
import type { WaitEvent } from "../src/index.ts"
import { Aelyst } from "../src/index.ts"
import * as SharedStates from "../src/SharedStates.ts"
import { forImport, forRequire } from "./copies.ts"
import { version } from "../src/version.ts"
import { iterate } from "./idle.ts"
import { ana } from "./sandboxed.ts"

const limits = (perSecond?: number, origin = "https://api.example.test", scheduled = true) => ({
  origin,
  maxQueue: 10,
  perSecond,
  scheduled,
})

/** Collects the warnings of the process while `during` runs. */
const warningsOf = async (during: () => void): Promise<ReadonlyArray<unknown>> => {
  const codes: Array<unknown> = []
  const note = (warning: Error) => codes.push(Reflect.get(warning, "code"))
  process.on("warning", note)
  during()
  // warnings are emitted in the next tick
  await iterate(2)
  process.off("warning", note)
  return codes
}

const give = () => "token-one"

const created = (headers: Record<string, string> = {}) =>
  new Response('{"code":200,"message":"Contact created"}', { status: 200, headers })

const rateLimited = () => new Response("{}", { status: 429, headers: { "retry-after": "1" } })

/** A transport that responds on demand. */
const onDemand = () => {
  const calls: Array<{ readonly path: string; readonly respond: (response: Response) => void }> = []
  let arrived: (() => void) | undefined
  const transport: typeof fetch = (input) =>
    new Promise((respond) => {
      calls.push({ path: new URL(String(input)).pathname, respond })
      arrived?.()
    })
  return {
    calls,
    transport,
    paths: () => calls.map(({ path }) => path.split("/").at(-1)),
    /** Resolves when this many requests have arrived. */
    arrives: (count: number) =>
      new Promise<void>((resolve) => {
        arrived = () => (calls.length >= count ? resolve() : undefined)
        arrived()
      }),
  }
}

/** Returns a permit if the ticket gets one within a few iterations of the event loop. */
const acquireNow = (ticket: Core.Pacer.Ticket) =>
  Effect.raceFirst(
    Effect.asSome(ticket.acquire()),
    Effect.as(
      Effect.promise(() => iterate(20)),
      Option.none<Core.Pacer.Permit>(),
    ),
  )

/** Runs an effect on a clock that does not move. */
const atOneMoment = <A, E>(
  effect: Effect.Effect<A, E, Scope.Scope>,
  clock: Clock.Clock = StillClock.make(),
) => Effect.runPromise(Effect.provideService(Effect.scoped(effect), Clock.Clock, clock))

/** Returns how many requests the state permits at this moment. */
const burst = (state: ReturnType<typeof SharedStates.join>["state"], clock: Clock.Clock) =>
  atOneMoment(
    Effect.gen(function* () {
      let gone = 0
      for (;;) {
        const ticket = yield* state.pacer.enter
        const permit = yield* acquireNow(ticket)
        if (permit._tag === "None") return gone
        yield* permit.value.observe({ rateLimited: false, limit: 10 })
        gone += 1
      }
    }),
    clock,
  )

describe("the shared state of a token and an origin", () => {
  it("is one for all that share both, and forgotten with the last", () => {
    const before = SharedStates.count()
    const a = SharedStates.join("token-one", limits())
    const b = SharedStates.join("token-one", limits())
    const otherOrigin = SharedStates.join("token-one", limits(undefined, "https://other.test"))
    const otherToken = SharedStates.join("token-one-and-more", limits())
    assert.strictEqual(a.state, b.state)
    assert.strictEqual(new Set([a.state, otherOrigin.state, otherToken.state]).size, 3)
    assert.strictEqual(SharedStates.count(), before + 3)
    a.leave()
    assert.strictEqual(SharedStates.count(), before + 3)
    for (const { leave } of [b, otherOrigin, otherToken]) leave()
    assert.strictEqual(SharedStates.count(), before)
  })

  it("is one for all that share a token function, and another for every other function", () => {
    const a = SharedStates.join(give, limits())
    const b = SharedStates.join(give, limits())
    const c = SharedStates.join(() => "token-one", limits())
    assert.strictEqual(a.state, b.state)
    assert.notStrictEqual(a.state, c.state)
    for (const { leave } of [a, b, c]) leave()
  })

  it("keeps to the lowest ceiling of its members, for as long as they are there", async () => {
    const a = SharedStates.join("token-two", limits())
    const b = SharedStates.join("token-two", limits(2))
    const clock = StillClock.make()
    assert.strictEqual(await burst(a.state, clock), 2)
    b.leave()
    // what was sent counts on: the pacer's state outlives the pacer
    assert.strictEqual(await burst(a.state, clock), 8)
    a.leave()
  })
})

describe("a shared state without a schedule", () => {
  it("gets one as soon as a member asks for it, and for as long as it is there", async () => {
    const free = limits(undefined, "https://api.example.test", false)
    const a = SharedStates.join("token-three", free)
    const atOnce = () =>
      atOneMoment(
        Effect.gen(function* () {
          const tickets = yield* Effect.replicateEffect(a.state.pacer.enter, 5)
          const permits = yield* Effect.forEach(tickets, acquireNow, {
            concurrency: "unbounded",
          })
          return permits.filter(({ _tag }) => _tag === "Some").length
        }),
      )
    const b = SharedStates.join("token-three", limits())
    // a schedule begins with a single request
    assert.strictEqual(await atOnce(), 1)
    b.leave()
    assert.strictEqual(await atOnce(), 5)
    a.leave()
  })

  it("sends all requests at once, and still waits after a 429", async () => {
    const { transport, calls, arrives } = onDemand()
    const token = "token-of-a-burst"
    await using aelyst = new Aelyst({ token, transport, rateLimit: false })
    const creates = Array.from({ length: 12 }, (_, index) =>
      aelyst.contacts.create(`id:${index}`, ana),
    )
    // all of them have left before the first response
    await arrives(12)
    for (const [index, { respond }] of calls.entries()) {
      respond(index < 5 ? created() : rateLimited())
    }
    const respondTo = async (index: number): Promise<void> => {
      if (index === 19) return
      await arrives(index + 1)
      calls[index]?.respond(created())
      await respondTo(index + 1)
    }
    await respondTo(12)
    const results = await Promise.all(creates)
    assert.strictEqual(calls.length, 19)
    const resent = results.filter(({ attempts }) => attempts.length === 2)
    assert.strictEqual(resent.length, 7)
    // from the start of the first attempt: on a slow machine its end comes later than the 429 that closed the gate
    for (const { attempts } of resent) {
      const [first, second] = attempts.map(({ startedAt }) => startedAt)
      assert.isAtLeast((second ?? 0) - (first ?? 0), 999)
    }
  })
})

/** Two clients of one token, one of each copy, over a transport that responds on demand. */
const setUpBoth = () => {
  const { transport, ...server } = onDemand()
  let waiting: (() => void) | undefined
  const waits = new Promise<void>((resolve) => {
    waiting = resolve
  })
  const hooks = {
    onWait: ({ resend }: WaitEvent) => {
      if (resend > 0) waiting?.()
    },
  }
  const options = { token: "token-of-both-copies", transport, rateLimit: false, hooks } as const
  const clients = [new forImport.Aelyst(options), new forRequire.Aelyst(options)] as const
  return {
    ...server,
    clients,
    /** Resolves when a call waits to send again. */
    waits,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.close({ timeoutMs: 0 })))
    },
  }
}

describe("the copies for import and for require", () => {
  it("know one limit: what one was told, the other keeps", async () => {
    await using at = setUpBoth()
    const [a, b] = at.clients
    assert.strictEqual(b.rateLimit.observedAt, undefined)
    const pending = a.contacts.create("id:1", ana)
    await at.arrives(1)
    assert.strictEqual(b.rateLimit.inFlight, 1)
    at.calls[0]?.respond(created({ "x-ratelimit-limit": "7", "x-ratelimit-remaining": "6" }))
    await pending
    assert.strictEqual(b.rateLimit.limit, 7)
    assert.notStrictEqual(b.rateLimit.observedAt, undefined)
  })

  it("close one gate: a 429 that one got holds up the other", async () => {
    await using at = setUpBoth()
    const [a, b] = at.clients
    const first = a.contacts.create("id:1", ana)
    await at.arrives(1)
    at.calls[0]?.respond(rateLimited())
    await at.waits
    assert.notStrictEqual(b.rateLimit.retryAt, undefined)
    const second = b.contacts.create("id:2", ana)
    for (const position of [1, 2]) {
      await at.arrives(position + 1)
      at.calls[position]?.respond(created())
    }
    await Promise.all([first, second])
    // the one that was refused keeps its place
    assert.deepStrictEqual(at.paths(), ["id:1", "id:1", "id:2"])
  })

  it("lock one key: two creates of a contact are never in flight together", async () => {
    await using at = setUpBoth()
    const [a, b] = at.clients
    const first = a.contacts.create("id:1", ana)
    const second = b.contacts.create("id:1", ana)
    const other = b.contacts.create("id:2", ana)
    // the third was asked for last, so the second would be here by now
    await at.arrives(2)
    assert.deepStrictEqual(at.paths(), ["id:1", "id:2"])
    for (const { respond } of at.calls) respond(created())
    await Promise.all([first, other])
    await at.arrives(3)
    at.calls[2]?.respond(created())
    assert.strictEqual((await second).result, "created")
  })

  it("share nothing with another version", () => {
    const [one, again, other] = ["1.0.0", "1.0.0", "1.0.1"].map(SharedStates.registryOf)
    assert.strictEqual(one, again)
    assert.notStrictEqual(one, other)
  })

  it("show no token to code that finds what they share", () => {
    const a = SharedStates.join("token-that-is-secret", limits())
    const shown = inspect(SharedStates.registryOf(version), { showHidden: true, depth: 20 })
    assert.notInclude(shown, "token-that-is-secret")
    a.leave()
  })
})

describe("many clients (V10)", () => {
  it("keeps the strictest limits of 200,000 clients, warns once, and forgets them", async () => {
    const before = SharedStates.count()
    const leave: Array<() => void> = []
    const codes = await warningsOf(() => {
      for (let i = 0; i < 200_000; i++) {
        leave.push(SharedStates.join("many-clients", limits(i === 5 ? 2 : undefined)).leave)
      }
    })
    assert.deepStrictEqual(
      codes.filter((code) => code === "AELYST_MANY_CLIENTS"),
      ["AELYST_MANY_CLIENTS"],
    )
    assert.strictEqual(SharedStates.count(), before + 1)
    for (const each of leave) each()
    assert.strictEqual(SharedStates.count(), before)
  })
})
