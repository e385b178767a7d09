import { AelystClient, layer as layerCore } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Redacted, Result } from "effect"
import { HttpBody, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import { SandboxService, layerClient, layerInProcess, layerServer } from "../src/effect.ts"

const body = HttpBody.text('{"firstName":"Ana"}', "application/json")
const headers = { authorization: "Bearer sandbox_ok" }

const post = (identifier: string) =>
  HttpClient.post(`http://sandbox.localhost/v1/contact/${identifier}`, { headers, body })

const posts = (count: number) =>
  Effect.forEach(Array.from({ length: count }), (_, index) =>
    Effect.map(post(`id:${index}-${count}`), ({ status }) => status),
  )

describe("layerInProcess", () => {
  it.effect("responds to an HttpClient without a port", () =>
    Effect.gen(function* () {
      const response = yield* post("id:1")
      const sandbox = yield* SandboxService
      assert.deepStrictEqual(yield* response.json, {
        code: "200",
        message: "Contact added successfully!",
      })
      assert.strictEqual(response.headers["x-ratelimit-remaining"], "9")
      assert.strictEqual(sandbox.contacts()[0]?.firstName, "Ana")
    }).pipe(Effect.provide(layerInProcess())),
  )

  it.effect("opens its windows on the clock of the test", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* posts(3), [200, 200, 429])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* posts(1), [200])
    }).pipe(Effect.provide(layerInProcess({ limit: 2, windowMs: 10_000 }))),
  )

  it.effect("waits its latency on the clock of the test", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const fiber = yield* Effect.forkChild(post("id:1"), { startImmediately: true })
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(sandbox.requests()[0]?.phase, "waiting")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
      assert.strictEqual(sandbox.requests()[0]?.ms, 500)
    }).pipe(Effect.provide(layerInProcess({ latencyMs: 500 }))),
  )

  it.effect("fails a cut connection with the code of the socket, and creates the contact", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const error = yield* Effect.flip(post("email:drop@sandbox.test"))
      assert.strictEqual(error.reason._tag, "TransportError")
      assert.nestedPropertyVal(error, "reason.cause.cause.code", "ECONNRESET")
      assert.strictEqual(sandbox.ledger()[0]?.created, 1)
    }).pipe(Effect.provide(layerInProcess())),
  )

  it.effect("never responds to a stall, and records that the client left", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const fiber = yield* Effect.forkChild(post("email:stall@sandbox.test"), {
        startImmediately: true,
      })
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(sandbox.requests()[0]?.phase, "waiting")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(sandbox.requests()[0]?.phase, "gone")
    }).pipe(Effect.provide(layerInProcess())),
  )

  it.effect("serves the client of core: a 429, then the contact is created", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const client = yield* AelystClient
      const identifier = "email:429-7s-x1@sandbox.test"
      const fiber = yield* Effect.forkChild(client.create(identifier, { firstName: "Ana" }), {
        startImmediately: true,
      })
      yield* TestClock.adjust("20 seconds")
      const created = yield* Fiber.join(fiber)
      assert.strictEqual(created.result, "created")
      const [first, second] = sandbox.requests()
      assert.isAtLeast((second?.at ?? 0) - (first?.at ?? 0), 7000)
      assert.deepInclude(sandbox.ledger()[0], { posts: 2, created: 1 })
    }).pipe(
      Effect.provide(
        layerCore({
          baseUrl: "http://127.0.0.1/v1",
          token: Redacted.make("sandbox_ok"),
        }).pipe(Layer.provideMerge(layerInProcess())),
      ),
    ),
  )
})

const create = (identifier: string) =>
  Effect.flatMap(AelystClient, (client) => client.create(identifier, { firstName: "Ana" }))

/** Runs a call to its end, however long it waits. */
const ended = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.result(call), { startImmediately: true })
    yield* TestClock.adjust("5 minutes")
    return yield* Fiber.join(fiber)
  })

/** Returns the error of a call that is neither resent nor waits. */
const failsWith = (token: string) =>
  Effect.flip(create("email:429-7s-x1@sandbox.test")).pipe(
    Effect.map(({ _tag }) => _tag),
    Effect.provide(
      layerClient({ client: { maxWait: 0, retries: 0, token: Redacted.make(token) } }),
    ),
  )

describe("layerClient", () => {
  it.effect("creates contacts in a new sandbox", () =>
    Effect.gen(function* () {
      const first = Effect.gen(function* () {
        const { result, rateLimit } = yield* create("email:ana@example.com")
        const sandbox = yield* SandboxService
        return [result, rateLimit.limit, sandbox.contacts().length]
      })
      const layer = layerClient({ sandbox: { limit: 50 } })
      assert.deepStrictEqual(yield* Effect.provide(first, layer), ["created", 50, 1])
      // built again: the contact of before is not there
      assert.deepStrictEqual(yield* Effect.provide(first, layer), ["created", 50, 1])
    }),
  )

  it.effect("waits and resends on the clock of the test, as the real client does", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const lost = yield* ended(create("email:drop@sandbox.test"))
      assert.strictEqual(Result.isFailure(lost) && lost.failure._tag, "OutcomeUnknownError")
      assert.isTrue(Result.isSuccess(yield* ended(create("email:429-7s-x1@sandbox.test"))))
      const [, refused, created] = sandbox.requests()
      assert.isAtLeast((created?.at ?? 0) - (refused?.at ?? 0), 7000)
      assert.deepStrictEqual(
        sandbox.ledger().map((entry) => [entry.posts, entry.created]),
        [
          [1, 1],
          [2, 1],
        ],
      )
    }).pipe(Effect.provide(layerClient())),
  )

  it.effect("takes the options of the client, the token among them", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* failsWith("sandbox_ok"), "RateLimitError")
      assert.strictEqual(yield* failsWith("sandbox_401"), "AuthenticationError")
    }),
  )

  it.effect("dies of a wrong option", () =>
    Effect.gen(function* () {
      for (const options of [{ client: { retries: -1 } }, { sandbox: { limit: -1 } }]) {
        const exit = yield* Effect.exit(Effect.provide(create("id:1"), layerClient(options)))
        assert.isTrue(Exit.hasDies(exit))
      }
    }),
  )
})

describe("layerServer", () => {
  it.live("listens while the layer is there and not after", () =>
    Effect.gen(function* () {
      const url = yield* Effect.provide(
        Effect.gen(function* () {
          const sandbox = yield* SandboxService
          const health = `${sandbox.origin}/_sandbox/health`
          assert.strictEqual((yield* Effect.promise(() => fetch(health))).status, 200)
          return health
        }),
        layerServer(),
      )
      const failed = yield* Effect.promise(() => fetch(url).catch((error: unknown) => error))
      assert.instanceOf(failed, TypeError)
    }),
  )
})
