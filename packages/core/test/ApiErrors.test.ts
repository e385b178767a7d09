import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Schema } from "effect"
import { HttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { TestClock } from "effect/testing"

import { AelystApi, Authorization } from "../src/AelystApi.ts"
import * as RateLimitSchedule from "../src/RateLimitSchedule.ts"
import {
  BadRequest,
  InternalError,
  TooManyRequests,
  TooManyRequestsResponse,
  Unauthorized,
} from "../src/errors/ApiErrors.ts"
import * as Scripted from "./scripted.ts"
import * as RecordingTracer from "./tracer.ts"

const create = (script: ReadonlyArray<Scripted.Step>) => {
  const json = { "content-type": "application/json" }
  const server = Scripted.make(
    script.map((step) =>
      "status" in step ? { ...step, headers: { ...step.headers, ...json } } : step,
    ),
  )
  const program = Effect.gen(function* () {
    const client = yield* HttpApiClient.make(AelystApi, { baseUrl: "https://api.aelyst.ai/v1" })
    const request = { params: { identifier: "id:5" }, payload: { firstName: "Ana" } }
    return (yield* client.createContact(request)).body.message
  }).pipe(
    Effect.provide(Authorization.layerClient(Redacted.make("token-for-tests"))),
    Effect.provide(Layer.succeed(HttpClient.HttpClient, server.client)),
  )
  return { program, received: server.received }
}

describe("the errors of a derived client", () => {
  it.effect("are caught by their tags", () =>
    Effect.gen(function* () {
      for (const [step, tag] of [
        [Scripted.status(400), "BadRequest"],
        [Scripted.status(401), "Unauthorized"],
        [Scripted.status(500), "InternalError"],
        [Scripted.rateLimited("2"), "TooManyRequests 2"],
      ] as const) {
        const { program } = create([step])
        const caught = yield* program.pipe(
          Effect.catchTags({
            BadRequest: ({ _tag }) => Effect.succeed(_tag),
            Unauthorized: ({ _tag }) => Effect.succeed(_tag),
            InternalError: ({ _tag }) => Effect.succeed(_tag),
            TooManyRequests: ({ _tag, retryAfter }) => Effect.succeed(`${_tag} ${retryAfter}`),
          }),
        )
        assert.strictEqual(caught, tag)
      }
    }),
  )

  it.effect("are instances of their classes, also without the members that are optional (W6)", () =>
    Effect.gen(function* () {
      const { program } = create([{ status: 400, body: {} }])
      const error = yield* Effect.flip(program)
      assert.instanceOf(error, BadRequest)
      assert.notProperty(error, "code")
    }),
  )

  it.effect("are repeated by RateLimitSchedule after a 429", () =>
    Effect.gen(function* () {
      const { program, received } = create([Scripted.rateLimited("2"), Scripted.ok])
      const fiber = yield* program.pipe(Effect.retry(RateLimitSchedule.make()), Effect.forkChild)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(fiber), "Contact added successfully!")
      const [first, second, ...more] = received.map(({ atMs }) => atMs)
      assert.isAtLeast((second ?? 0) - (first ?? 0), 2_000)
      assert.deepStrictEqual(more, [])
    }),
  )
})

/** Sends one request with a tracer; returns what its spans and the request show. */
const traced = (quiet: boolean) =>
  Effect.gen(function* () {
    const { spans, tracer } = RecordingTracer.make()
    const { program, received } = create([Scripted.ok])
    const references = quiet
      ? Layer.mergeAll(
          Layer.succeed(HttpClient.TracerPropagationEnabled, false),
          Layer.succeed(HttpClient.TracerDisabledWhen, () => true),
        )
      : Layer.empty
    yield* Effect.withTracer(Effect.provide(program, references), tracer)
    const shown = spans.flatMap((span) => [...span.attributes.values()])
    return { shown: JSON.stringify(shown), headers: received[0]?.headers ?? {} }
  })

describe("the limits of a derived client", () => {
  it.effect("are that it sends its trace, and that its span has the URL", () =>
    Effect.gen(function* () {
      const { headers, shown } = yield* traced(false)
      assert.containsAllKeys(headers, ["traceparent", "b3"])
      assert.match(shown, /contact\/id(?::|%3A)5/)
    }),
  )

  it.effect("end with two references of Effect", () =>
    Effect.gen(function* () {
      const { headers, shown } = yield* traced(true)
      assert.doesNotHaveAnyKeys(headers, ["traceparent", "b3"])
      assert.notInclude(shown, "contact")
    }),
  )
})

describe("the errors that a server fails with", () => {
  for (const [Class, body] of [
    [BadRequest, { code: 400, message: "Validation error." }],
    [Unauthorized, { code: 401, message: "UN_AUTHORIZED" }],
    [InternalError, { code: 500, message: "Unexpected error occurred" }],
  ] as const) {
    it(`have the documented body, and no tag on the wire: ${body.code} (W6, W7, W9)`, () => {
      assert.deepStrictEqual<object>(Schema.encodeUnknownSync(Class)(new Class()), body)
    })
  }

  it("have the documented body and headers of a 429 (W8)", () => {
    const error = new TooManyRequests({ retryAfter: 1, limit: 10, remaining: 0 })
    assert.deepStrictEqual<object>(Schema.encodeSync(TooManyRequestsResponse)(error), {
      body: { code: 429, message: "Too Many Requests" },
      headers: { "retry-after": "1", "x-ratelimit-limit": "10", "x-ratelimit-remaining": "0" },
    })
    const bare = Schema.encodeSync(TooManyRequestsResponse)(new TooManyRequests())
    assert.deepStrictEqual(bare.headers, {})
  })
})
