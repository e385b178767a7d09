import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Redacted, Stream } from "effect"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest, UrlParams } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import * as FetchTransport from "../src/call/FetchTransport.ts"
import { isAbortable } from "../src/call/TransportProbe.ts"

const created = '{"code":"200","message":"Contact added successfully!"}'
const small = (body: string) => ({ headers: { "content-length": String(body.length) } })
const never = <A>() => new Promise<A>(() => undefined)

/** Creates a function like `fetch` that records its calls. */
const recorded = (respond: (init: RequestInit) => Response | Promise<Response>) => {
  const calls: Array<{ readonly url: string; readonly init: RequestInit }> = []
  const fetch: typeof globalThis.fetch = async (url, init = {}) => {
    calls.push({ url: String(url), init })
    return respond(init)
  }
  return { calls, fetch }
}

const post = HttpClientRequest.post("https://api.test/v1/contact/id:5")
const created200 = () => new Response(created, small(created))

/** Rejects when it is aborted, as fetch does. */
const hangs = ({ signal }: RequestInit) =>
  new Promise<Response>((_, reject) => {
    signal?.addEventListener("abort", () => reject(new Error("aborted")))
  })

const throws: typeof globalThis.fetch = () => {
  throw new TypeError("not here")
}
const stalls = () => new Response(new ReadableStream(), small(created))

/** Creates one contact over a function like `fetch`; returns how that ended, and after how long. */
const create = (fetch: typeof globalThis.fetch) =>
  Effect.gen(function* () {
    const client = yield* AelystClient.make({ token: Redacted.make("token-for-tests"), retries: 0 })
    const started = yield* Clock.currentTimeMillis
    const call = Effect.exit(client.create("id:5", { firstName: "Ana" }))
    const fiber = yield* Effect.forkChild(Effect.all([call, Clock.currentTimeMillis]))
    yield* TestClock.adjust("1 minute")
    const [exit, ended] = yield* Fiber.join(fiber)
    return { exit, tookMs: ended - started }
  }).pipe(Effect.provideService(HttpClient.HttpClient, FetchTransport.make(fetch)))

describe("FetchTransport.make", () => {
  for (const returned of [undefined, null, 5, {}, "created", { status: 200 }]) {
    it.effect(
      `fails with a typed error if the function returns ${JSON.stringify(returned)} (T9)`,
      () =>
        Effect.gen(function* () {
          // safe: what a caller without types may pass
          const fetch = (async () => returned) as unknown as typeof globalThis.fetch
          const { exit } = yield* create(fetch)
          assert(Exit.isFailure(exit))
          const error = Exit.findErrorOption(exit)
          assert(error._tag === "Some")
          assert.deepInclude(error.value, { _tag: "OutcomeUnknownError", code: "TRANSPORT" })
        }),
    )
  }

  it.effect("sends the request once, and follows no redirect", () =>
    Effect.gen(function* () {
      const { calls, fetch } = recorded(created200)
      const { exit } = yield* create(fetch)
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(calls.length, 1)
      const [call] = calls
      assert(call !== undefined)
      assert.strictEqual(call.url, "https://api.aelyst.ai/v1/contact/id:5")
      const { body, headers, method, redirect } = call.init
      assert.deepStrictEqual([method, redirect, body], ["POST", "manual", '{"firstName":"Ana"}'])
      assert.deepStrictEqual(Object.fromEntries(new Headers(headers)), {
        accept: "application/json",
        authorization: "Bearer token-for-tests",
        "content-type": "application/json",
      })
    }),
  )

  it.effect("takes the caller's fetch and settings, but no redirect, method, header or body", () =>
    Effect.gen(function* () {
      const { calls, fetch } = recorded(created200)
      const client = FetchTransport.make()
      yield* client
        .execute(
          post.pipe(HttpClientRequest.bodyText("text"), HttpClientRequest.setHeader("a", "1")),
        )
        .pipe(
          Effect.provideService(FetchHttpClient.Fetch, fetch),
          Effect.provideService(FetchHttpClient.RequestInit, {
            credentials: "include",
            redirect: "follow",
            method: "PUT",
            headers: { a: "2", b: "2" },
          }),
        )
      const { body, credentials, headers, method, redirect } = calls[0]?.init ?? {}
      assert.deepStrictEqual(
        [credentials, redirect, method, body],
        ["include", "manual", "POST", "text"],
      )
      // fetch writes content-length itself
      assert.deepStrictEqual(Object.fromEntries(new Headers(headers)), {
        a: "1",
        b: "2",
        "content-type": "text/plain",
      })
    }),
  )

  it.effect("adds parameters to the URL, and sends every body that is in memory", () =>
    Effect.gen(function* () {
      const { calls, fetch } = recorded(created200)
      const client = FetchTransport.make(fetch)
      const form = new FormData()
      const bytes = new Uint8Array([1, 2])
      for (const body of [
        HttpBody.empty,
        HttpBody.uint8Array(bytes),
        HttpBody.raw("raw"),
        HttpBody.formData(form),
      ]) {
        yield* client.execute(
          post.pipe(HttpClientRequest.setUrlParam("a", "b c"), HttpClientRequest.setBody(body)),
        )
      }
      assert.deepStrictEqual(
        calls.map(({ init }) => init.body),
        [null, bytes, "raw", form],
      )
      assert.strictEqual(calls[0]?.url, "https://api.test/v1/contact/id:5?a=b+c")
    }),
  )

  it.effect("fails if the body is a stream, or if fetch throws", () =>
    Effect.gen(function* () {
      const { calls, fetch } = recorded(created200)
      const stream = HttpClientRequest.bodyStream(post, Stream.make(new Uint8Array([1])))
      const refused = yield* Effect.flip(FetchTransport.make(fetch).execute(stream))
      assert.strictEqual(refused.reason._tag, "TransportError")
      assert.strictEqual(calls.length, 0)
      const thrown = yield* Effect.flip(FetchTransport.make(throws).execute(post))
      assert.strictEqual(thrown.reason._tag, "TransportError")
    }),
  )

  it.effect("counts a failure of the network as in doubt, with its code", () =>
    Effect.gen(function* () {
      const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
      const { exit } = yield* create(() => Promise.reject(new TypeError("fetch failed", { cause })))
      const error = Exit.findErrorOption(exit)
      assert(error._tag === "Some" && error.value._tag === "OutcomeUnknownError")
      assert.deepStrictEqual([error.value.outcome, error.value.code], ["unknown", "ECONNREFUSED"])
    }),
  )

  for (const [what, fetch] of [
    ["a request", recorded(hangs).fetch],
    ["a request, even if fetch ignores its signal", () => never<Response>()],
  ] as const) {
    it.effect(`ends ${what} after 15 seconds, as in doubt`, () =>
      Effect.gen(function* () {
        const { exit, tookMs } = yield* create(fetch)
        const error = Exit.findErrorOption(exit)
        assert(error._tag === "Some" && error.value._tag === "OutcomeUnknownError")
        assert.deepStrictEqual([error.value.code, tookMs], ["TIMEOUT", 15_000])
      }),
    )
  }

  for (const [what, init] of [
    ["of declared length", small(created)],
    ["of unknown length", {}],
  ] as const) {
    it.effect(`ends the wait for a body ${what} after 10 seconds`, () =>
      Effect.gen(function* () {
        const { calls, fetch } = recorded(() => new Response(new ReadableStream(), init))
        const { exit, tookMs } = yield* create(fetch)
        const error = Exit.findErrorOption(exit)
        assert(error._tag === "Some" && error.value._tag === "UnexpectedResponseError")
        assert.deepStrictEqual([error.value.reason, tookMs], ["unreadable", 10_000])
        assert.strictEqual(calls.length, 1)
      }),
    )
  }

  it.effect("aborts fetch as soon as the request, or the wait for its body, is interrupted", () =>
    Effect.gen(function* () {
      for (const respond of [hangs, stalls]) {
        const { calls, fetch } = recorded(respond)
        const read = Effect.flatMap(FetchTransport.make(fetch).execute(post), ({ text }) => text)
        const fiber = yield* Effect.forkChild(read)
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        assert.isFalse(calls[0]?.init.signal?.aborted)
        yield* Fiber.interrupt(fiber)
        assert.isTrue(calls[0]?.init.signal?.aborted)
      }
    }),
  )

  it.effect("trusts no response of a function that followed a redirect", () =>
    Effect.gen(function* () {
      const { fetch } = recorded(() =>
        Object.defineProperty(created200(), "redirected", { value: true }),
      )
      const { exit } = yield* create(fetch)
      const error = Exit.findErrorOption(exit)
      assert(error._tag === "Some" && error.value._tag === "UnexpectedResponseError")
      assert.strictEqual(error.value.reason, "redirect")
    }),
  )

  it.effect("has every part of a response", () =>
    Effect.gen(function* () {
      const body = "a=1"
      const { fetch } = recorded(
        ({ method }) =>
          new Response(method === "POST" ? body : null, {
            status: 201,
            headers: {
              "content-type": "application/x-www-form-urlencoded",
              "set-cookie": "c=1",
              "x-one": "1",
            },
          }),
      )
      const client = FetchTransport.make(fetch)
      const execute = client.execute(post)
      const response = yield* execute
      assert.strictEqual(response.status, 201)
      assert.strictEqual(response.headers["x-one"], "1")
      assert.strictEqual(response.cookies.cookies["c"]?.value, "1")
      assert.strictEqual(response.remoteAddress._tag, "None")
      assert.strictEqual(yield* response.text, body)
      assert.strictEqual((yield* (yield* execute).arrayBuffer).byteLength, 3)
      assert.strictEqual((yield* (yield* execute).formData).get("a"), "1")
      const parameters = yield* (yield* execute).urlParamsBody
      assert.strictEqual(UrlParams.toString(parameters), body)
      const streamed = yield* Stream.runCollect((yield* execute).stream)
      assert.strictEqual(Buffer.concat(streamed).toString(), body)
      const empty = yield* client.get("https://api.test/")
      assert.strictEqual(Buffer.concat(yield* Stream.runCollect(empty.stream)).length, 0)
      assert.strictEqual((yield* Effect.flip(response.json)).reason._tag, "DecodeError")
      assert.strictEqual((yield* Effect.flip((yield* execute).json)).reason._tag, "DecodeError")
      assert.strictEqual((yield* Effect.flip(response.upgrade)).reason._tag, "StatusCodeError")
    }),
  )

  it("needs no fiber for its deadlines", () => {
    assert.isTrue(isAbortable(FetchTransport.make()))
  })
})

describe("FetchTransport.layer", () => {
  it.effect("provides the transport over the fetch of the context", () =>
    Effect.gen(function* () {
      const { calls, fetch } = recorded(created200)
      yield* HttpClient.post("https://api.test/v1").pipe(
        Effect.provide(FetchTransport.layer),
        Effect.provideService(FetchHttpClient.Fetch, fetch),
      )
      assert.strictEqual(calls.length, 1)
    }),
  )
})
