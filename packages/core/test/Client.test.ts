import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Layer, Redacted, Result, Scope, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import type { LayerOptions } from "../src/AelystClient.ts"
import { AelystClient, layer, make } from "../src/AelystClient.ts"
import type { CreateOptions } from "../src/call/Client.ts"
import { makeWith } from "../src/call/Client.ts"
import { ConfigurationError, parse } from "../src/call/ClientOptions.ts"
import { Hooks } from "../src/call/Hooks.ts"
import * as SharedState from "../src/call/SharedState.ts"
import type { Validated } from "../src/contact/Contact.ts"
import type { CallEnd, WaitEvent } from "../src/types.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const { lost, ok, rateLimited, status } = Scripted
const token = Redacted.make("token-for-tests")

/** Creates a client over a scripted transport. */
const clientOf = (script: ReadonlyArray<Step>, options: Partial<LayerOptions> = {}) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const client = yield* Effect.provideService(
      make({ token, ...options }),
      HttpClient.HttpClient,
      server.client,
    )
    return { client, received: server.received }
  })

/** A contact that counts how often its name is read. */
const counted = () => {
  let reads = 0
  return {
    contact: {
      get firstName(): string {
        reads += 1
        return "Ana"
      },
    },
    get reads(): number {
      return reads
    },
  }
}

describe("Client.create", () => {
  it.effect("returns the result of the contact that it created", () =>
    Effect.gen(function* () {
      const headers = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "9" }
      const { client, received } = yield* clientOf([{ ...ok, headers }])
      const result = yield* client.create("email:ana@example.com", { firstName: "Ana" })
      assert.strictEqual(String(result.identifier), "email:ana@example.com")
      assert.deepInclude(result, {
        result: "created",
        outcome: "created",
        status: 200,
        message: "Contact added successfully!",
      })
      assert.deepInclude(result.rateLimit, { limit: 10, remaining: 9 })
      assert.strictEqual(result.response?.status, 200)
      assert.strictEqual(result.attempts.length, 1)
      assert.strictEqual(received.length, 1)
    }),
  )

  it.effect("rejects an invalid contact with all its issues, without any request", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([ok])
      const error = yield* Effect.flip(client.create("email:ana@", { firstName: "" }))
      assert(error._tag === "InvalidContactError")
      assert.isAtLeast(error.issues.length, 2)
      assert.deepStrictEqual([error.outcome, error.attempts], ["not_sent", []])
      assert.isEmpty(received)
    }),
  )

  it.effect("sends a contact that was validated before, without reading it again", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([ok])
      const source = counted()
      const valid = yield* client.validate("id:5", source.contact)
      const { reads } = source
      assert.isAbove(reads, 0)
      const result = yield* client.create(valid)
      assert.deepStrictEqual([String(result.identifier), result.outcome], ["id:5", "created"])
      assert.strictEqual(source.reads, reads)
      assert.strictEqual(received[0]?.body, valid.body)
    }),
  )

  it.effect("takes the options of a call after a validated contact", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([rateLimited("1"), ok])
      const valid = yield* client.validate("id:5", { firstName: "Ana" })
      const error = yield* Effect.flip(
        client.create(valid, { headers: { "x-id": "7" }, retries: 0 }),
      )
      assert.strictEqual(error._tag, "RateLimitError")
      assert.deepStrictEqual(
        received.map(({ headers }) => headers["x-id"]),
        ["7"],
      )
    }),
  )

  it.effect("rejects a copy of a validated contact, without any request", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([ok])
      const valid = yield* client.validate("id:5", { firstName: "Ana" })
      for (const forged of [{ ...valid }, Object.create(valid), structuredClone(valid)]) {
        // safe: what a caller without types may pass
        const error = yield* Effect.flip(client.create(forged as unknown as Validated))
        assert.strictEqual(error._tag, "InvalidContactError")
      }
      assert.isEmpty(received)
    }),
  )

  for (const [option, options] of [
    ["retries", { retries: -1 }],
    ["timeout", { timeout: "soon" }],
    ["headers", { headers: { Authorization: "secret" } }],
    ["headers", { headers: { "content-length": "secret" } }],
    ["headers", { headers: { Cookie: "secret" } }],
    ["headers", { headers: { "a b": "secret" } }],
    ["headers", { headers: { "": "secret" } }],
    ["baseUrl", { baseUrl: "https://secret.example.com" }],
  ] as const) {
    it.effect(`dies with an error that names a wrong option: ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const { client, received } = yield* clientOf([ok])
        const exit = yield* Effect.exit(
          // safe: what a caller without types may pass
          client.create("id:5", { firstName: "Ana" }, options as unknown as CreateOptions),
        )
        assert(Exit.isFailure(exit))
        const defect = Cause.squash(exit.cause)
        assert.instanceOf(defect, ConfigurationError)
        assert.strictEqual(defect.option, option)
        assert.notMatch(defect.message, /secret/)
        assert.isEmpty(received)
      }),
    )
  }
})

describe("Client.validate", () => {
  it.effect("returns the contact as it will be sent, without any request", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([ok])
      const valid = yield* client.validate("phone:+60123456789", { firstName: "Ana" })
      assert.strictEqual(valid.identifier, "phone:+60123456789")
      assert.deepStrictEqual(valid.payload, { firstName: "Ana", phone: "+60123456789" })
      assert.strictEqual(valid.body, '{"firstName":"Ana","phone":"+60123456789"}')
      assert.isEmpty(received)
    }),
  )

  it.effect("fills email or phone from the identifier, unless `fill` is false (U7, D14)", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([ok])
      const { client: other, received: asGiven } = yield* clientOf([ok], { fill: false })
      const ana = { firstName: "Ana" }
      for (const [id, contact] of [
        ["email:ana@example.com", ana],
        ["phone:+60123456789", ana],
        ["id:5", ana],
        ["email:ana@example.com", { ...ana, email: "other@example.com" }],
        ["email:ana@example.com", { ...ana, email: null }],
      ] as const) {
        yield* client.create(id, contact)
        yield* other.create(id, contact)
      }
      assert.deepStrictEqual(
        received.map(({ body }): unknown => JSON.parse(body)),
        [
          { ...ana, email: "ana@example.com" },
          { ...ana, phone: "+60123456789" },
          ana,
          { ...ana, email: "other@example.com" },
          { ...ana, email: "ana@example.com" },
        ],
      )
      const [first] = asGiven
      assert.strictEqual(first?.body, JSON.stringify(ana))
    }),
  )

  it.effect("fails with every issue at once", () =>
    Effect.gen(function* () {
      const { client } = yield* clientOf([ok])
      const error = yield* Effect.flip(
        client.validate("email:ana@", { firstName: "", countryCode: "Malaysia" }),
      )
      assert.deepStrictEqual([...new Set(error.issues.map(({ path }) => path[0]))].toSorted(), [
        "countryCode",
        "firstName",
        "identifier",
      ])
    }),
  )
})

/** Starts a call, and returns its fiber with the ends that its hook receives. */
const watched = (script: ReadonlyArray<Step>, identifier = "id:5") =>
  Effect.gen(function* () {
    const { client } = yield* clientOf(script)
    const ends: Array<CallEnd> = []
    const fiber = yield* client
      .create(identifier, { firstName: "Ana" })
      .pipe(
        Effect.provideService(Hooks, { onOutcome: (end) => void ends.push(end) }),
        Effect.forkChild,
      )
    return { ends, fiber }
  })

describe("Client's hooks", () => {
  it.effect("passes one end to onOutcome, with the outcome of a result", () =>
    Effect.gen(function* () {
      const { ends, fiber } = yield* watched([rateLimited("1"), ok])
      yield* TestClock.adjust("1 minute")
      const result = yield* Fiber.join(fiber)
      assert.strictEqual(ends.length, 1)
      assert.strictEqual(ends[0]?.outcome, "created")
      assert.deepStrictEqual(ends[0]?.attempts, result.attempts)
      assert.deepStrictEqual(ends[0]?.response, result.response)
    }),
  )

  it.effect("passes one end to onOutcome, with the outcome of an error", () =>
    Effect.gen(function* () {
      for (const [step, outcome, code] of [
        [status(400), "rejected", 400],
        [status(500), "unknown", 500],
        [lost, "unknown", undefined],
      ] as const) {
        const { ends, fiber } = yield* watched([step])
        const error = yield* Effect.flip(Fiber.join(fiber))
        assert.strictEqual(ends.length, 1)
        assert.strictEqual(ends[0]?.outcome, outcome)
        assert.strictEqual(ends[0]?.response?.status, code)
        assert.deepStrictEqual(ends[0]?.attempts, error.attempts)
      }
    }),
  )

  it.effect("passes one end to onOutcome if the call is interrupted", () =>
    Effect.gen(function* () {
      for (const [dispatched, outcome] of [
        [true, "unknown"],
        [false, "not_sent"],
      ] as const) {
        const { ends, fiber } = yield* watched([{ hangs: true, dispatched }])
        yield* TestClock.adjust("1 second")
        assert.isEmpty(ends)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(
          ends.map((end) => [end.outcome, end.attempts, end.response]),
          [[outcome, [], undefined]],
        )
      }
    }),
  )

  it.effect("passes no end to onOutcome if the contact is invalid", () =>
    Effect.gen(function* () {
      const { ends, fiber } = yield* watched([ok], "email:ana@")
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.isEmpty(ends)
    }),
  )
})

describe("Client's settle", () => {
  it.effect("waits after a success and reports the wait", () =>
    Effect.gen(function* () {
      const { client } = yield* clientOf([ok], { settle: "10 seconds" })
      const waits: Array<WaitEvent> = []
      const fiber = yield* client
        .create("id:5", { firstName: "Ana" })
        .pipe(
          Effect.provideService(Hooks, { onWait: (wait) => void waits.push(wait) }),
          Effect.forkChild,
        )
      yield* TestClock.adjust(9_999)
      assert.isUndefined(fiber.pollUnsafe())
      assert.deepInclude(waits.at(-1), { reason: "settle", ms: 10_000 })
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).outcome, "created")
    }),
  )

  it.effect("prefers the wait of the call to that of the client", () =>
    Effect.gen(function* () {
      const { client } = yield* clientOf([ok], { settle: "10 seconds" })
      const create = client.create("id:5", { firstName: "Ana" }, { settle: 0 })
      assert.strictEqual((yield* create).outcome, "created")
    }),
  )

  it.effect("does not wait after an error", () =>
    Effect.gen(function* () {
      const { client } = yield* clientOf([status(400)], { settle: "10 seconds" })
      const error = yield* Effect.flip(client.create("id:5", { firstName: "Ana" }))
      assert.strictEqual(error._tag, "BadRequestError")
    }),
  )

  it.effect("reports created before the wait, which an interruption may end", () =>
    Effect.gen(function* () {
      const { client } = yield* clientOf([ok], { settle: "10 seconds" })
      const outcomes: Array<string> = []
      const fiber = yield* client
        .create("id:5", { firstName: "Ana" })
        .pipe(
          Effect.provideService(Hooks, { onOutcome: ({ outcome }) => void outcomes.push(outcome) }),
          Effect.forkChild,
        )
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(outcomes, ["created"])
    }),
  )
})

describe("Client.rateLimit", () => {
  it.effect("is of the pacer that holds now, which another client can replace", () =>
    Effect.gen(function* () {
      const config = Result.getOrThrow(parse({}))
      const shared = yield* SharedState.make(config)
      const other = yield* SharedState.make(Result.getOrThrow(parse({ rateLimit: false })))
      let { pacer } = shared
      const state = {
        ...shared,
        get pacer() {
          return pacer
        },
      }
      const client = yield* makeWith(config, token, state)
      pacer = other.pacer
      const ticket = yield* pacer.enter
      const permit = yield* ticket.acquire()
      yield* permit.observe({ rateLimited: false, limit: 77, remaining: 70 })
      assert.deepInclude(yield* client.rateLimit, { limit: 77 })
      const [first] = yield* Stream.runCollect(Stream.take(client.rateLimitChanges, 1))
      assert.strictEqual(first?.limit, 77)
    }).pipe(
      Effect.scoped,
      Effect.provideService(HttpClient.HttpClient, Scripted.make([ok]).client),
    ),
  )

  it.effect("returns the state that the responses taught the pacer", () =>
    Effect.gen(function* () {
      const headers = { "x-ratelimit-limit": "7", "x-ratelimit-remaining": "6" }
      const { client } = yield* clientOf([{ ...ok, headers }])
      yield* client.create("id:5", { firstName: "Ana" })
      assert.deepInclude(yield* client.rateLimit, { limit: 7, waiting: 0, inFlight: 0 })
    }),
  )

  it.effect("counts no call as waiting or in flight after its token effect failed", () =>
    Effect.gen(function* () {
      const { client } = yield* clientOf([ok], { token: Effect.fail("vault closed") })
      const error = yield* Effect.flip(client.create("id:5", { firstName: "Ana" }))
      assert.deepInclude(error, { _tag: "UnavailableError", reason: "token" })
      assert.deepInclude(yield* client.rateLimit, { waiting: 0, inFlight: 0 })
    }),
  )
})

describe("Client.rateLimitChanges", () => {
  it.effect("emits the state that a response taught the pacer", () =>
    Effect.gen(function* () {
      const headers = { "x-ratelimit-limit": "7", "x-ratelimit-remaining": "6" }
      const { client } = yield* clientOf([{ ...ok, headers }])
      const fiber = yield* client.rateLimitChanges.pipe(
        Stream.filter(({ limit }) => limit === 7),
        Stream.runHead,
        Effect.forkChild({ startImmediately: true }),
      )
      yield* client.create("id:5", { firstName: "Ana" })
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Some")
    }),
  )
})

describe("makeWith", () => {
  it.effect("creates clients that send one request at a time for a key if they share a state", () =>
    Effect.gen(function* () {
      const server = Scripted.make([{ ...ok, afterMs: 1_000 }])
      const config = Result.getOrThrow(parse({}))
      const sharedState = yield* SharedState.make(config)
      const client = Effect.provideService(
        makeWith(config, token, sharedState),
        HttpClient.HttpClient,
        server.client,
      )
      const clients = [yield* client, yield* client]
      const fiber = yield* Effect.forkChild(
        Effect.forEach(clients, ({ create }) => create("id:5", { firstName: "Ana" }), {
          concurrency: "unbounded",
        }),
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      const [first, second] = server.received
      assert.isAtLeast((second?.atMs ?? 0) - (first?.atMs ?? 0), 1_000)
    }),
  )
})

describe("one stray 429 (T10)", () => {
  it.effect("holds up 80 creates for 10 seconds at most on a server without a limit", () =>
    Effect.gen(function* () {
      const { client, received } = yield* clientOf([rateLimited(), ok])
      const create = (i: number) => client.create(`id:${i}`, { firstName: "Ana" })
      const first = yield* Effect.forkChild(create(80))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(first)
      const creates = Array.from({ length: 80 }, (_, i) => create(i))
      const fiber = yield* Effect.forkChild(Effect.all(creates, { concurrency: "unbounded" }))
      yield* TestClock.adjust("120 seconds")
      assert.isAtMost((received.at(-1)?.atMs ?? Number.NaN) - (received[2]?.atMs ?? 0), 10_000)
      assert.strictEqual((yield* Fiber.join(fiber)).length, 80)
    }),
  )
})

/** Starts a call, closes its client after a second, and returns how the call ended. */
const closedDuring = (script: ReadonlyArray<Step>, options: Partial<LayerOptions> = {}) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { client, received } = yield* Scope.provide(clientOf(script, options), scope)
    const ends: Array<CallEnd> = []
    const hooks = { onOutcome: (end: CallEnd) => void ends.push(end) }
    const create = Effect.provideService(client.create("id:5", { firstName: "Ana" }), Hooks, hooks)
    const fiber = yield* Effect.forkChild(Effect.result(create))
    yield* TestClock.adjust("1 second")
    assert.isUndefined(fiber.pollUnsafe())
    yield* Scope.close(scope, Exit.void)
    const result = yield* Fiber.join(fiber)
    return { create, ends, received, result }
  })

describe("Client's scope", () => {
  for (const [what, script, options, sends] of [
    ["connects", [{ hangs: true, dispatched: false }], {}, 1],
    [
      "waits for a resend after a connection error",
      [{ fails: "ECONNREFUSED", dispatched: false, afterMs: 1_000 }],
      {},
      1,
    ],
    ["waits for its token", [ok], { token: Effect.never }, 0],
  ] as const) {
    it.effect(`ends a call with UnavailableError if it closes while the call ${what}`, () =>
      Effect.gen(function* () {
        const { ends, received, result } = yield* closedDuring(script, options)
        assert(Result.isFailure(result))
        assert.deepInclude(result.failure, { _tag: "UnavailableError", reason: "closed" })
        assert.deepStrictEqual(
          ends.map(({ attempts, outcome }) => [outcome, attempts]),
          [["not_sent", result.failure.attempts]],
        )
        assert.strictEqual(received.length, sends)
      }),
    )
  }

  for (const [what, script, last] of [
    ["waits for a response", [{ hangs: true, dispatched: true }], undefined],
    ["reads a body", [{ ...ok, stallBody: true }], undefined],
    ["waits out a doubt", [status(500)], "InternalServerError"],
  ] as const) {
    it.effect(`ends a call with OutcomeUnknownError if it closes while the call ${what}`, () =>
      Effect.gen(function* () {
        const { ends, received, result } = yield* closedDuring(script, { delivery: "natural-key" })
        assert(Result.isFailure(result) && result.failure._tag === "OutcomeUnknownError")
        assert.strictEqual(result.failure.code, "CLOSED")
        assert.strictEqual(result.failure.last?._tag, last)
        assert.deepStrictEqual(
          ends.map(({ outcome }) => outcome),
          ["unknown"],
        )
        assert.strictEqual(received.length, 1)
      }),
    )
  }

  for (const [what, script, tag] of [
    ["waits in the queue after a 429", [rateLimited("30")], "RateLimitError"],
    ["reads the body of a 400", [{ ...status(400), stallBody: true }], "BadRequestError"],
    ["reads the body of a 403", [{ ...status(403), stallBody: true }], "UnexpectedResponseError"],
  ] as const) {
    it.effect(`ends a call with its rejection if it closes while the call ${what} (T6)`, () =>
      Effect.gen(function* () {
        const { ends, received, result } = yield* closedDuring(script)
        assert(Result.isFailure(result))
        assert.deepInclude(result.failure, { _tag: tag, outcome: "rejected" })
        assert.strictEqual(result.failure.attempts.length, 1)
        assert.deepStrictEqual(
          ends.map(({ attempts, outcome }) => [outcome, attempts]),
          [["rejected", result.failure.attempts]],
        )
        assert.strictEqual(received.length, 1)
      }),
    )
  }

  it.effect("ends the wait after a success, and the call with its result", () =>
    Effect.gen(function* () {
      const { ends, result } = yield* closedDuring([ok], { settle: "10 seconds" })
      assert(Result.isSuccess(result))
      assert.deepInclude(result.success, {
        result: "created",
        message: "Contact added successfully!",
      })
      assert.strictEqual(ends.length, 1)
    }),
  )

  it.effect("ends a call that waits for its key, and the one that holds it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const script: ReadonlyArray<Step> = [{ hangs: true, dispatched: true }]
      const { client, received } = yield* Scope.provide(clientOf(script), scope)
      const create = Effect.flip(client.create("id:5", { firstName: "Ana" }))
      const fiber = yield* Effect.forkChild(
        Effect.all([create, create], { concurrency: "unbounded" }),
      )
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(
        (yield* Fiber.join(fiber)).map(({ _tag }) => _tag),
        ["OutcomeUnknownError", "UnavailableError"],
      )
      assert.strictEqual(received.length, 1)
    }),
  )

  it.effect(
    "sends nothing once it closes, though the end of a call frees its key for another",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const script: ReadonlyArray<Step> = [
          { ...ok, afterMs: 100 },
          { hangs: true, dispatched: true },
        ]
        const { client, received } = yield* Scope.provide(clientOf(script), scope)
        const start = (identifier: string) =>
          Effect.forkChild(Effect.result(client.create(identifier, { firstName: "Ana" })), {
            startImmediately: true,
          })
        const calls = [yield* start("id:1"), yield* start("id:2"), yield* start("id:2")] as const
        yield* Effect.forkChild(TestClock.adjust("100 millis"))
        yield* Fiber.join(calls[0])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(
          (yield* Fiber.joinAll(calls)).map((end) =>
            Result.isSuccess(end) ? end.success.outcome : end.failure.outcome,
          ),
          ["created", "not_sent", "not_sent"],
        )
        assert.strictEqual(received.length, 1)
      }),
  )

  it.effect("returns the result of a contact whose response was verified before it closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { client } = yield* Scope.provide(clientOf([{ ...ok, afterMs: 10 }]), scope)
      const fiber = yield* client.create("id:5", { firstName: "Ana" }).pipe(
        Effect.provideService(Hooks, {
          onAttempt: () => Scope.close(scope, Exit.void),
        }),
        Effect.forkChild,
      )
      yield* TestClock.adjust("1 second")
      const result = yield* Fiber.join(fiber)
      assert.deepInclude(result, { result: "created", status: 200 })
      assert.strictEqual(result.attempts.length, 1)
    }),
  )

  it.effect("rejects a call once it is closed, sends nothing, and reports the end", () =>
    Effect.gen(function* () {
      const { create, ends, received } = yield* closedDuring([{ hangs: true, dispatched: true }])
      const error = yield* Effect.flip(create)
      assert.deepInclude(error, { _tag: "UnavailableError", reason: "closed", outcome: "not_sent" })
      assert.strictEqual(received.length, 1)
      assert.deepStrictEqual(
        ends.map(({ outcome }) => outcome),
        ["unknown", "not_sent"],
      )
    }),
  )

  it.effect("is that of the layer", () =>
    Effect.gen(function* () {
      const server = Scripted.make([{ hangs: true, dispatched: true }])
      const transport = Layer.succeed(HttpClient.HttpClient, server.client)
      const scope = yield* Scope.make()
      const live = Layer.provide(layer({ token }), transport)
      const client = Context.get(yield* Layer.buildWithScope(live, scope), AelystClient)
      const fiber = yield* Effect.forkChild(
        Effect.flip(client.create("id:5", { firstName: "Ana" })),
      )
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "OutcomeUnknownError", code: "CLOSED" })
    }),
  )
})
