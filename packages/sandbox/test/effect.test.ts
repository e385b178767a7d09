import { AelystClient, layer as layerClient } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { HttpBody, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import { SandboxService, layer, layerServer } from "../src/effect.ts"

const body = HttpBody.text('{"firstName":"Ana"}', "application/json")
const headers = { authorization: "Bearer sandbox_ok" }

const post = (identifier: string) =>
  HttpClient.post(`http://sandbox.localhost/v1/contact/${identifier}`, { headers, body })

const posts = (count: number) =>
  Effect.forEach(Array.from({ length: count }), (_, index) =>
    Effect.map(post(`id:${index}-${count}`), ({ status }) => status),
  )

describe("layer", () => {
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
    }).pipe(Effect.provide(layer())),
  )

  it.effect("opens its windows on the clock of the test", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* posts(3), [200, 200, 429])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* posts(1), [200])
    }).pipe(Effect.provide(layer({ limit: 2, windowMs: 10_000 }))),
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
    }).pipe(Effect.provide(layer({ latencyMs: 500 }))),
  )

  it.effect("fails a cut connection with the code of the socket, and creates the contact", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const error = yield* Effect.flip(post("email:drop@sandbox.test"))
      assert.strictEqual(error.reason._tag, "TransportError")
      assert.nestedPropertyVal(error, "reason.cause.cause.code", "ECONNRESET")
      assert.strictEqual(sandbox.ledger()[0]?.created, 1)
    }).pipe(Effect.provide(layer())),
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
    }).pipe(Effect.provide(layer())),
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
        layerClient({
          baseUrl: "http://127.0.0.1/v1",
          token: Redacted.make("sandbox_ok"),
        }).pipe(Layer.provideMerge(layer())),
      ),
    ),
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
