import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option, Redacted, Tracer } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"

import * as AelystClient from "../src/AelystClient.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import * as Tracing from "../src/call/Tracing.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"
import * as RecordingTracer from "./tracer.ts"

const { lost, ok, rateLimited, status, unreachable } = Scripted
const token = Redacted.make("token-for-tests")

/** Plays one call against a script. */
const play = (script: ReadonlyArray<Step>, options: ClientOptions = {}) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const client = yield* Effect.provideService(
      AelystClient.make({ token, ...options }),
      HttpClient.HttpClient,
      server.client,
    )
    const fiber = yield* Effect.forkChild(
      Effect.exit(client.create("email:ana@example.com", { firstName: "Ana" })),
    )
    yield* TestClock.adjust("5 minutes")
    return { exit: yield* Fiber.join(fiber), received: server.received }
  })

const traced = (script: ReadonlyArray<Step>, options: ClientOptions = {}) =>
  Effect.gen(function* () {
    const { spans, tracer } = RecordingTracer.make()
    const played = yield* Effect.provideService(play(script, options), Tracer.Tracer, tracer)
    return { ...played, spans }
  })

const attributesOf = (span: Tracer.NativeSpan | undefined) =>
  Object.fromEntries(span?.attributes ?? [])

/** Returns the error that a span ended with. */
const failureOf = (span: Tracer.NativeSpan | undefined): Error | undefined => {
  assert(span?.status._tag === "Ended")
  const failure = Option.getOrUndefined(Exit.findErrorOption(span.status.exit))
  assert(failure === undefined || failure instanceof Error)
  return failure
}

describe("tracing", () => {
  it.effect("creates one span for a create and a child for each attempt", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced([unreachable, rateLimited("1"), ok])
      assert.deepStrictEqual(
        spans.map(({ name }) => name),
        ["AelystClient.create", ...Array.from({ length: 3 }, () => "AelystClient.attempt")],
      )
      const [create, first, second, third] = spans
      assert.deepStrictEqual(attributesOf(create), {
        "http.request.method": "POST",
        "url.template": "/contact/{identifier}",
        "aelyst.identifier.kind": "email",
        "aelyst.outcome": "created",
        "aelyst.attempts": 3,
      })
      const common = { "http.request.method": "POST", "url.template": "/contact/{identifier}" }
      assert.deepStrictEqual(attributesOf(first), {
        ...common,
        "aelyst.attempt": 1,
        "aelyst.outcome": "not_sent",
        "error.type": "ECONNREFUSED",
      })
      assert.deepStrictEqual(attributesOf(second), {
        ...common,
        "aelyst.attempt": 2,
        "aelyst.outcome": "rejected",
        "http.response.status_code": 429,
        "error.type": "429",
      })
      assert.deepStrictEqual(attributesOf(third), {
        ...common,
        "aelyst.attempt": 3,
        "aelyst.outcome": "created",
        "http.response.status_code": 200,
      })
      for (const attempt of [first, second, third]) {
        assert.strictEqual(attempt?.kind, "client")
        assert.strictEqual(
          Option.getOrUndefined(attempt?.parent ?? Option.none())?.spanId,
          create?.spanId,
        )
      }
      for (const { status: ended } of spans) assert.strictEqual(ended._tag, "Ended")
    }),
  )

  it.effect("hides the result, which would name the contact, from the tracer", () =>
    Effect.gen(function* () {
      const { exit, spans } = yield* traced([ok])
      assert.isTrue(Exit.isSuccess(exit))
      for (const { status: ended } of spans) {
        assert(ended._tag === "Ended" && Exit.isSuccess(ended.exit))
        assert.isUndefined(ended.exit.value)
      }
    }),
  )

  it.effect("ends the span of a failed create as failed, with its outcome and its error", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced([status(500)])
      const [create, attempt] = spans
      assert.deepInclude(attributesOf(create), {
        "aelyst.outcome": "unknown",
        "error.type": "InternalServerError",
      })
      assert.match(String(failureOf(create)), /^InternalServerError: The API answered 500/)
      assert.strictEqual(attributesOf(attempt)["http.response.status_code"], 500)
    }),
  )

  it.effect("ends the span of every attempt that failed as failed, with its status or code", () =>
    Effect.gen(function* () {
      for (const [step, type] of [
        [ok, undefined],
        [status(400), "400"],
        [status(401), "401"],
        [status(404), "404"],
        [rateLimited("120"), "429"],
        [status(503), "503"],
        [{ status: 302 }, "HTTP_302"],
        [{ status: 200, text: "<html>" }, "HTTP_200"],
        [lost, "ECONNRESET"],
        [unreachable, "ECONNREFUSED"],
        [{ hangs: true, dispatched: true }, "TIMEOUT"],
      ] as const satisfies ReadonlyArray<readonly [Step, string | undefined]>) {
        const { spans } = yield* traced([step], { retries: 0 })
        const attempt = spans[1]
        assert.strictEqual(attributesOf(attempt)["error.type"], type)
        assert.strictEqual(failureOf(attempt)?.message, type)
      }
    }),
  )

  it.effect("shows the tracer nothing of an error but its name and message", () =>
    Effect.gen(function* () {
      const canary = "canary of the API"
      const { exit, spans } = yield* traced([
        { ...status(400, canary), headers: { "x-echo": canary } },
      ])
      const error = Option.getOrThrow(Exit.findErrorOption(exit))
      assert.strictEqual(error.apiMessage, canary)
      for (const span of spans) {
        const failure = failureOf(span)
        assert(failure !== undefined)
        assert.sameMembers(Reflect.ownKeys(failure), ["message", "name", "stack", "type"])
        assert.isUndefined(Reflect.get(failure, "apiMessage"))
        assert.isUndefined(Reflect.get(failure, "response"))
        assert.notInclude(inspect(span.status, { depth: 20, showHidden: true }), canary)
      }
    }),
  )

  it.effect("ends the spans of an interrupted call as interrupted, not as failed", () =>
    Effect.gen(function* () {
      const { spans, tracer } = RecordingTracer.make()
      const server = Scripted.make([{ hangs: true, dispatched: true }])
      const client = yield* Effect.provideService(
        AelystClient.make({ token }),
        HttpClient.HttpClient,
        server.client,
      )
      const fiber = yield* client
        .create("id:5", { firstName: "Ana" })
        .pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.forkChild)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(spans.length, 2)
      for (const span of spans) {
        assert(span.status._tag === "Ended" && Exit.isFailure(span.status.exit))
        assert.isTrue(Cause.hasInterruptsOnly(span.status.exit.cause))
        assert.isUndefined(attributesOf(span)["error.type"])
      }
      assert.strictEqual(attributesOf(spans[0])["aelyst.outcome"], "unknown")
    }),
  )

  it.effect("hides a defect that an interruption brings about from the tracer", () =>
    Effect.gen(function* () {
      const { spans, tracer } = RecordingTracer.make()
      const stubborn = Effect.onInterrupt(Effect.never, () => Effect.die(new Error("canary")))
      const fiber = yield* Tracing.spanned(
        "sample",
        () => ({}),
        () => stubborn,
      ).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.forkChild)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.hasInterrupts(exit) && Exit.hasDies(exit))
      assert.strictEqual(failureOf(spans[0])?.name, "Defect")
      assert.notInclude(inspect(spans[0]?.status, { depth: 20, showHidden: true }), "canary")
    }),
  )

  it.effect("ends as it would without a tracer if the tracer throws at the end of a span", () =>
    Effect.gen(function* () {
      class Throwing extends Tracer.NativeSpan {
        override end(): void {
          throw new Error("not the call's error")
        }
      }
      const tracer = Tracer.make({ span: (options) => new Throwing(options) })
      const result = yield* Tracing.spanned(
        "sample",
        () => ({}),
        () => Effect.succeed("created"),
      ).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.strictEqual(result, "created")
    }),
  )

  it.effect("dies, and does not hang, if the tracer throws at the beginning of a span", () =>
    Effect.gen(function* () {
      const tracer = Tracer.make({
        span: () => {
          throw new Error("no span")
        },
      })
      const exit = yield* Tracing.spanned(
        "sample",
        () => ({}),
        () => Effect.succeed("created"),
      ).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.exit)
      assert.isTrue(Exit.hasDies(exit))
    }),
  )

  it.effect("suppresses the transport's span, which would carry the URL", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced([lost])
      assert.isEmpty(spans.filter(({ name }) => !name.startsWith("AelystClient.")))
    }),
  )

  it.effect("sends no traceparent by default", () =>
    Effect.gen(function* () {
      const { received } = yield* traced([ok])
      const names = Object.keys(received[0]?.headers ?? {})
      assert.sameMembers(names, ["accept", "authorization", "content-type"])
    }),
  )

  it.effect("sends the traceparent of each attempt when propagateTrace is on", () =>
    Effect.gen(function* () {
      const { received, spans } = yield* traced([rateLimited("1"), ok], { propagateTrace: true })
      const [create, ...attempts] = spans
      assert.deepStrictEqual(
        received.map(({ headers }) => headers["traceparent"]),
        attempts.map(({ spanId, traceId }) => `00-${traceId}-${spanId}-01`),
      )
      for (const { traceId } of attempts) assert.strictEqual(traceId, create?.traceId)
      assert.notInclude(Object.keys(received[0]?.headers ?? {}), "b3")
    }),
  )

  it.effect("creates no span without a tracer, and propagates only the caller's", () =>
    Effect.gen(function* () {
      const caller = Tracer.externalSpan({
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        sampled: false,
      })
      const inside = yield* Effect.withParentSpan(play([ok], { propagateTrace: true }), caller)
      assert.strictEqual(
        inside.received[0]?.headers["traceparent"],
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
      )
      const outside = yield* play([ok], { propagateTrace: true })
      assert.isUndefined(outside.received[0]?.headers["traceparent"])
    }),
  )
})
