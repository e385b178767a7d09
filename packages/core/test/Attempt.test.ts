import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Redacted, Stream } from "effect"
import { HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

import type { CreateOptions } from "../src/AelystClient.ts"
import * as AelystClient from "../src/AelystClient.ts"
import { createMany } from "../src/CreateMany.ts"
import type { CreateResult } from "../src/call/Call.ts"
import type { AelystError } from "../src/errors/AelystError.ts"
import { isAelystError } from "../src/errors/AelystError.ts"
import { codeOf, failureOf } from "../src/call/Attempt.ts"
import { maxBodyBytes } from "../src/call/ResponseBody.ts"
import { TransportProbe, abortable, makeTransportProbe } from "../src/call/TransportProbe.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const { make: scripted } = Scripted
const token = Redacted.make("token-for-tests")

type Body = string | ReadableStream<Uint8Array>

type Send = (tools: {
  readonly probe: TransportProbe
  readonly respond: (
    body: Body | null,
    init?: ResponseInit,
  ) => HttpClientResponse.HttpClientResponse
  readonly breaks: (cause: unknown) => HttpClientError.HttpClientError
}) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

interface Played {
  readonly exit: Exit.Exit<CreateResult, AelystError>
  readonly tookMs: number
  readonly sends: number
}

/** Plays one call, without resends, over a transport written out in the test. */
const play = (send: Send, options: CreateOptions = {}) =>
  Effect.gen(function* () {
    let sends = 0
    const http = HttpClient.make((request, _url, _signal, fiber) => {
      sends += 1
      return send({
        probe: fiber.getRef(TransportProbe),
        respond: (body, init) => HttpClientResponse.fromWeb(request, new Response(body, init)),
        breaks: (cause) =>
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause }),
          }),
      })
    })
    const client = yield* Effect.provideService(
      AelystClient.make({ token, retries: 0 }),
      HttpClient.HttpClient,
      http,
    )
    const started = yield* Clock.currentTimeMillis
    const fiber = yield* client.create("email:ana@example.com", { firstName: "Ana" }, options).pipe(
      Effect.exit,
      Effect.flatMap((exit) =>
        Effect.map(Clock.currentTimeMillis, (now) => ({ exit, tookMs: now - started })),
      ),
      Effect.forkChild,
    )
    yield* TestClock.adjust("5 minutes")
    return { ...(yield* Fiber.join(fiber)), sends } satisfies Played
  })

const errorOf = ({ exit }: Played): AelystError => {
  const error = Exit.findErrorOption(exit)
  assert(error._tag === "Some")
  return error.value
}

const json = '{"code":"200","message":"Contact added successfully!"}'
const bytes = (text: string) => new TextEncoder().encode(text)

/** Creates a body in pieces, without a declared length. */
const pieces = (
  chunks: ReadonlyArray<string | Uint8Array>,
  end: "close" | "error" | "stall" = "close",
): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) {
        controller.enqueue(typeof chunk === "string" ? bytes(chunk) : chunk)
      }
      if (end === "close") controller.close()
      if (end === "error") controller.error(new Error("terminated"))
    },
  })

describe("send's deadlines", () => {
  it.effect("ends connecting after 5 seconds as not_sent if the transport reports its phase", () =>
    Effect.gen(function* () {
      const played = yield* play(({ probe }) => {
        probe.watch()
        return Effect.never
      })
      assert.approximately(played.tookMs, 5_000, 2)
      const error = errorOf(played)
      assert(error._tag === "ConnectionError")
      assert.deepStrictEqual(
        [error.kind, error.code, error.outcome],
        ["timeout", "TIMEOUT", "not_sent"],
      )
      assert.strictEqual(error.attempts[0]?.phase, "connect")
    }),
  )

  it.effect("ends the wait for the first byte after 15 seconds as unknown", () =>
    Effect.gen(function* () {
      const played = yield* play(({ probe }) => {
        probe.watch()
        probe.dispatch()
        return Effect.never
      })
      assert.approximately(played.tookMs, 15_000, 2)
      const error = errorOf(played)
      assert(error._tag === "OutcomeUnknownError")
      assert.strictEqual(error.code, "TIMEOUT")
      assert.strictEqual(error.attempts[0]?.phase, "headers")
    }),
  )

  it.effect("has no connect deadline for a transport that does not report its phase", () =>
    Effect.gen(function* () {
      const played = yield* play(() => Effect.never)
      assert.approximately(played.tookMs, 15_000, 2)
      assert.strictEqual(errorOf(played).outcome, "unknown")
    }),
  )

  it.effect("counts the timeout from the start of the attempt, also if it connected late", () =>
    Effect.gen(function* () {
      const played = yield* play(({ probe }) => {
        probe.watch()
        return Effect.andThen(
          Effect.sleep("4 seconds"),
          Effect.suspend(() => {
            probe.dispatch()
            return Effect.never
          }),
        )
      })
      assert.approximately(played.tookMs, 15_000, 2)
      assert.strictEqual(errorOf(played).outcome, "unknown")
    }),
  )

  it.effect("applies a timeout shorter than the connect deadline to connecting", () =>
    Effect.gen(function* () {
      const played = yield* play(
        ({ probe }) => {
          probe.watch()
          return Effect.never
        },
        { timeout: "2 seconds" },
      )
      assert.approximately(played.tookMs, 2_000, 2)
      assert.strictEqual(errorOf(played)._tag, "ConnectionError")
    }),
  )

  it.effect("is unknown if the request left while the connect deadline was ending it", () =>
    Effect.gen(function* () {
      const played = yield* play(({ probe }) => {
        probe.watch()
        // the socket connects in the same moment, and is torn down only after that
        return Effect.onInterrupt(Effect.never, () =>
          Effect.sync(() => {
            probe.dispatch()
          }),
        )
      })
      assert.strictEqual(errorOf(played)._tag, "OutcomeUnknownError")
    }),
  )

  it.effect("ends a stalled body after 10 seconds and decides by the status", () =>
    Effect.gen(function* () {
      for (const [status, tag] of [
        [200, "UnexpectedResponseError"],
        [400, "BadRequestError"],
        [401, "AuthenticationError"],
        [429, "RateLimitError"],
        [500, "InternalServerError"],
      ] as const) {
        const played = yield* play(({ respond }) =>
          Effect.succeed(respond(pieces(['{"code":'], "stall"), { status })),
        )
        assert.approximately(played.tookMs, 10_000, 2)
        assert.strictEqual(errorOf(played)._tag, tag)
        assert.strictEqual(errorOf(played).attempts[0]?.phase, "body")
      }
    }),
  )

  for (const [what, responds, wrapped] of [
    ["that can fail its requests", false, (http: HttpClient.HttpClient) => http],
    [
      "that can, behind a client that never finishes preparing a request",
      true,
      (http: HttpClient.HttpClient) => HttpClient.mapRequestEffect(http, () => Effect.never),
    ],
    [
      "that can, behind a client that never returns its responses",
      true,
      (http: HttpClient.HttpClient) =>
        HttpClient.transformResponse(http, (effect) => Effect.andThen(effect, Effect.never)),
    ],
  ] as const) {
    it.effect(`keeps its deadline for a transport ${what}`, () =>
      Effect.gen(function* () {
        let aborts = 0
        const http = wrapped(
          abortable(
            HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
              (prepared) =>
                Effect.flatMapEager(prepared, (request) =>
                  Effect.withFiber((fiber) =>
                    Effect.callback((resume) => {
                      const probe = fiber.getRef(TransportProbe)
                      probe.watch(() => {
                        aborts += 1
                        const reason = new HttpClientError.TransportError({ request })
                        resume(Effect.fail(new HttpClientError.HttpClientError({ reason })))
                      })
                      probe.dispatch()
                      const created = new Response(JSON.stringify({ code: "200", message: "" }))
                      if (responds) {
                        resume(Effect.succeed(HttpClientResponse.fromWeb(request, created)))
                      }
                    }),
                  ),
                ),
              Effect.succeed,
            ),
          ),
        )
        const client = yield* Effect.provideService(
          AelystClient.make({ token, retries: 0 }),
          HttpClient.HttpClient,
          http,
        )
        const create = client.create("id:5", { firstName: "Ana" })
        for (let call = 0; call < 2; call++) {
          const started = yield* Clock.currentTimeMillis
          const fiber = yield* Effect.forkChild(
            Effect.andThen(Effect.exit(create), Clock.currentTimeMillis),
          )
          yield* TestClock.adjust("5 minutes")
          assert.strictEqual((yield* Fiber.join(fiber)) - started, 15_000)
        }
        assert.strictEqual(aborts, responds ? 0 : 2)
      }),
    )
  }

  it.effect("never overruns the deadline of the call, in any phase", () =>
    Effect.gen(function* () {
      for (const afterMs of [0, 3_000, 6_900]) {
        const played = yield* play(
          ({ respond }) =>
            Effect.andThen(
              Effect.sleep(afterMs),
              Effect.sync(() => respond(pieces(['{"code":'], "stall"))),
            ),
          { deadline: "7 seconds" },
        )
        assert.isAtMost(played.tookMs, 7_002)
        assert.strictEqual(errorOf(played)._tag, "UnexpectedResponseError")
      }
    }),
  )
})

describe("Arrived.body", () => {
  const readable: ReadonlyArray<readonly [string, () => Body, Readonly<Record<string, string>>?]> =
    [
      ["in one piece of declared length", () => json, { "content-length": String(json.length) }],
      ["in one piece", () => json],
      ["in pieces", () => pieces([json.slice(0, 9), json.slice(9, 30), json.slice(30)])],
      ["a byte at a time", () => pieces([...json])],
      ["with a byte order mark", () => pieces([new Uint8Array([0xef, 0xbb, 0xbf]), json])],
      [
        "cut within a character",
        () => pieces([bytes('{"message":"é"}').slice(0, 13), bytes('{"message":"é"}').slice(13)]),
      ],
      ["just below the cap", () => pieces([json, " ".repeat(maxBodyBytes - json.length)])],
      ["with an invalid length", () => json, { "content-length": "-1" }],
      [
        "declared as not encoded",
        () => json,
        { "content-length": String(json.length), "content-encoding": "identity" },
      ],
    ]
  for (const [how, body, headers] of readable) {
    it.effect(`reads a body ${how}`, () =>
      Effect.gen(function* () {
        const played = yield* play(({ respond }) =>
          Effect.succeed(respond(body(), headers === undefined ? {} : { headers })),
        )
        assert.isTrue(Exit.isSuccess(played.exit))
      }),
    )
  }

  const unreadable: ReadonlyArray<
    readonly [string, () => Body | null, Readonly<Record<string, string>>?]
  > = [
    ["is empty", () => null],
    ["breaks off", () => pieces([json.slice(0, 20)], "error")],
    ["breaks off at its end", () => pieces([json], "error")],
    ["is one byte above the cap", () => pieces([json, " ".repeat(maxBodyBytes - json.length + 1)])],
    [
      "is declared to be above the cap",
      () => json + " ".repeat(maxBodyBytes),
      { "content-length": String(maxBodyBytes + json.length) },
    ],
    ["is not text", () => pieces([new Uint8Array([0xff, 0xfe, 0x00])])],
  ]
  for (const [what, body, headers] of unreadable) {
    it.effect(`does not prove a contact if the body ${what}`, () =>
      Effect.gen(function* () {
        const played = yield* play(({ respond }) =>
          Effect.succeed(respond(body(), headers === undefined ? {} : { headers })),
        )
        const error = errorOf(played)
        assert(error._tag === "UnexpectedResponseError")
        assert.deepStrictEqual([error.reason, error.outcome], ["unreadable", "unknown"])
      }),
    )
  }

  it.effect("reads an endless body up to the cap and cancels it", () =>
    Effect.gen(function* () {
      let pulled = 0
      let cancelled = false
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled += 1
          controller.enqueue(new Uint8Array(16_384).fill(0x20))
        },
        cancel: () => {
          cancelled = true
        },
      })
      const played = yield* play(({ respond }) => Effect.succeed(respond(endless)))
      assert.strictEqual(errorOf(played)._tag, "UnexpectedResponseError")
      assert.isAtMost(pulled, 8)
      assert.isTrue(cancelled)
    }),
  )
})

describe("send", () => {
  it.effect("is unknown if the transport reports no status", () =>
    Effect.gen(function* () {
      const played = yield* play(({ respond }) =>
        Effect.succeed(Object.create(respond(json), { status: { value: Number.NaN } })),
      )
      assert.strictEqual(errorOf(played).outcome, "unknown")
    }),
  )

  it.effect(
    "treats a transport that throws as failed: not_sent before dispatch, unknown after it",
    () =>
      Effect.gen(function* () {
        const thrown = Object.assign(new Error("thrown"), { code: "EMINE" })
        const before = yield* play(({ probe }) => {
          probe.watch()
          return Effect.die(thrown)
        })
        assert.strictEqual(errorOf(before)._tag, "ConnectionError")
        const after = yield* play(({ probe }) => {
          probe.watch()
          probe.dispatch()
          return Effect.die(thrown)
        })
        const error = errorOf(after)
        assert(error._tag === "OutcomeUnknownError")
        assert.strictEqual(error.code, "EMINE")
      }),
  )
})

describe("send over a client that fails on statuses", () => {
  const clients = {
    filterStatusOk: HttpClient.filterStatusOk,
    filterStatus: HttpClient.filterStatus((status) => status === 200),
  }
  const headers = { "retry-after": "7", "x-ratelimit-limit": "10" }
  for (const [name, filtered] of Object.entries(clients)) {
    for (const status of [302, 400, 401, 403, 408, 409, 429, 500, 503]) {
      it.effect(`ends as without ${name} after a ${status}`, () =>
        Effect.gen(function* () {
          const body = { code: status, message: "The contact already exists" }
          const step: Step = { status, body, headers }
          const [plain, other] = yield* Effect.forEach(
            [(http: HttpClient.HttpClient) => http, filtered],
            (change) => {
              const { client } = scripted([step])
              return AelystClient.make({ token, retries: 0 }).pipe(
                Effect.provideService(HttpClient.HttpClient, change(client)),
                Effect.flatMap((aelyst) => aelyst.create("id:5", { firstName: "Ana" })),
                Effect.flip,
              )
            },
          )
          assert(isAelystError(plain) && isAelystError(other))
          assert.deepStrictEqual({ ...other }, { ...plain })
          assert.strictEqual(other.apiMessage, plain.apiMessage)
          assert.deepStrictEqual(other.response, plain.response)
        }),
      )
    }
  }

  it.effect("does not resend a 400 under natural-key, and ends a run at a 401", () =>
    Effect.gen(function* () {
      const bad = scripted([Scripted.status(400)])
      const refused = scripted([Scripted.status(401)])
      const rows = Stream.range(1, 5).pipe(
        Stream.map((n) => ({ identifier: `id:${n}`, contact: { firstName: "Ana" } })),
      )
      const run = (transport: HttpClient.HttpClient) =>
        createMany(rows, { concurrency: 1 }).pipe(
          Effect.flatMap(({ results, summary }) =>
            Effect.andThen(Stream.runDrain(results), summary),
          ),
          Effect.provide(AelystClient.layer({ token, delivery: "natural-key" })),
          Effect.provideService(HttpClient.HttpClient, HttpClient.filterStatusOk(transport)),
        )
      assert.strictEqual((yield* run(bad.client)).rejected, 5)
      assert.strictEqual(bad.received.length, 5)
      assert.strictEqual((yield* run(refused.client)).stopped, "unauthorized")
      assert.strictEqual(refused.received.length, 1)
    }),
  )
})

const coded = (code: unknown, cause?: unknown) =>
  Object.assign(new Error("x"), { code, ...(cause !== undefined && { cause }) })

describe("codeOf", () => {
  const request = HttpClientRequest.post("https://api.aelyst.ai/v1/contact/id:5")
  const loop = new Error("loop")
  loop.cause = loop
  const table: ReadonlyArray<readonly [string, unknown, string]> = [
    ["a system error", coded("ECONNRESET"), "ECONNRESET"],
    ["a cause", new TypeError("fetch failed", { cause: coded("ENOTFOUND") }), "ENOTFOUND"],
    ["the outer of two", coded("UND_ERR_SOCKET", coded("ECONNRESET")), "UND_ERR_SOCKET"],
    [
      "an HttpClientError",
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({
          request,
          cause: new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }),
        }),
      }),
      "ECONNREFUSED",
    ],
    ["a number as code", coded(20, coded("EPIPE")), "EPIPE"],
    ["a sentence as code", coded("contact ana@example.com"), "TRANSPORT"],
    ["a code that is too long", coded(`E${"X".repeat(80)}`), "TRANSPORT"],
    [
      "a chain that is too long",
      Array.from({ length: 9 }).reduce((cause) => new Error("x", { cause }), coded("DEEP")),
      "TRANSPORT",
    ],
    ["a loop", loop, "TRANSPORT"],
    ["a text", "ECONNRESET", "TRANSPORT"],
    ["nothing", undefined, "TRANSPORT"],
    ["null", null, "TRANSPORT"],
  ]
  for (const [what, error, code] of table) {
    it(`finds ${code} in ${what}`, () => {
      assert.strictEqual(codeOf(error), code)
    })
  }
})

describe("failureOf", () => {
  const unsent = makeTransportProbe()
  unsent.watch()
  const kinds: ReadonlyArray<readonly [string, string, resendable: boolean]> = [
    ["ENOTFOUND", "dns", true],
    ["EAI_AGAIN", "dns", true],
    ["ECONNREFUSED", "connect", true],
    ["ECONNRESET", "connect", true],
    ["EMFILE", "connect", true],
    ["TIMEOUT", "timeout", true],
    ["ETIMEDOUT", "timeout", true],
    ["UND_ERR_CONNECT_TIMEOUT", "timeout", true],
    ["EPROTO", "tls", true],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls", true],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate", false],
    ["SELF_SIGNED_CERT_IN_CHAIN", "certificate", false],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate", false],
    ["CERT_HAS_EXPIRED", "certificate", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate", false],
    ["PROXY_AUTHENTICATION_REQUIRED", "proxy_auth", false],
    ["PROXY_REFUSED", "proxy", true],
    ["PROXY_ECONNREFUSED", "proxy", true],
    ["PROXY_ERR_SSL_WRONG_VERSION_NUMBER", "proxy", true],
    ["PROXY_DEPTH_ZERO_SELF_SIGNED_CERT", "certificate", false],
    ["PROXY_UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate", false],
    ["PROXY_ERR_TLS_CERT_ALTNAME_INVALID", "certificate", false],
  ]
  for (const [code, kind, resendable] of kinds) {
    it(`classifies ${code} before dispatch as ${kind}, ${resendable ? "retryable" : "not retryable"}`, () => {
      const failure = failureOf(unsent, code)
      const error = failure.toError([])
      assert(error._tag === "ConnectionError")
      assert.strictEqual(error.kind, kind)
      assert.strictEqual(error.isRetryable, resendable)
      assert.strictEqual(failure.outcome, "not_sent")
    })
    it(`is unknown for ${code} after dispatch, or without a report of the phase`, () => {
      const left = makeTransportProbe()
      left.watch()
      left.dispatch()
      const silent = makeTransportProbe()
      silent.dispatch()
      for (const probe of [left, silent, makeTransportProbe()]) {
        assert.strictEqual(failureOf(probe, code).outcome, "unknown")
        assert.strictEqual(failureOf(probe, code).toError([])._tag, "OutcomeUnknownError")
      }
    })
  }

  it("starts each attempt with a fresh probe", () => {
    assert.isFalse(makeTransportProbe().unsent)
    assert.isTrue(unsent.unsent)
  })
})
