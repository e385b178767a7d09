import { spawn } from "node:child_process"

import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"

import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import * as Transport from "../src/transport/Transport.ts"
import { contactJson, exchange, phase, requestTo, serve, setUp, token } from "./exchange.ts"

const { created, creating } = RawServer

/** Parts of a URL that a parser keeps, encodes, removes or splits at. */
const pieces = [
  ..."/.:@%?#\\ +~a\t'{é",
  "..",
  "//",
  "%2e",
  "%2E%2e",
  "%41",
  "contact",
  "email:ana@example.com",
]

/** Returns the paths that the transport requests from a dispatcher, which fails every request. */
const pathsOf = (url: string) =>
  Effect.gen(function* () {
    const paths: Array<string> = []
    const dispatch = (options: object, handler: object) => {
      paths.push(String(Reflect.get(options, "path")))
      const fail: unknown = Reflect.get(handler, "onResponseError")
      if (typeof fail === "function") fail.call(handler, undefined, new Error("not this time"))
      return true
    }
    const http = Transport.fromDispatcher({ dispatch }, "https://api.test/v1")
    yield* Effect.ignore(http.post(url))
    return paths
  })

describe("Transport.make", () => {
  it.effect.prop(
    "requests the path that a URL parser reads",
    [Schema.Array(Schema.Literals(pieces)).check(Schema.isMaxLength(8))],
    ([parts]) =>
      Effect.gen(function* () {
        const url = `https://api.test/${parts.join("")}`
        const { pathname, search } = new URL(url)
        assert.deepStrictEqual(yield* pathsOf(url), [pathname + search])
      }),
    { arbitrary: { runs: 1000 } },
  )

  it.effect.each([
    "https://api.test@evil.test/v1",
    "https://api.test.evil.test/v1",
    "https://api.test:8443/v1",
    "http://api.test/v1",
    "https://api.tes",
    "//evil.test/v1",
  ])("sends nothing to another origin: %s", (url) =>
    Effect.map(pathsOf(url), (paths) => assert.isEmpty(paths)),
  )

  it.live("sends path, token, body and a user agent", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating)
      const { status, text, headers } = yield* send()
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(JSON.parse(text ?? ""), created)
      assert.strictEqual(headers?.["content-type"], "application/json")
      const [received] = server.requests
      assert.strictEqual(received?.method, "POST")
      assert.strictEqual(received?.path, "/v1/contact/email:ana@example.com")
      assert.strictEqual(received?.body, contactJson)
      assert.strictEqual(received?.headers["authorization"], `Bearer ${token}`)
      assert.strictEqual(received?.headers["accept"], "application/json")
      assert.strictEqual(received?.headers["accept-encoding"], "identity")
      assert.match(received?.headers["user-agent"] ?? "", /^aelyst-node\/\d+\.\d+\.\d+/)
    }),
  )

  it.live("writes its own headers over those of the caller", () =>
    Effect.gen(function* () {
      const { server, http } = yield* setUp(creating)
      yield* http.execute(
        requestTo(server.origin, {
          host: "evil.test",
          "accept-encoding": "gzip",
          "user-agent": "other",
          "transfer-encoding": "chunked",
          connection: "close",
          "proxy-authorization": "Basic eDp5",
        }),
      )
      const headers = server.requests[0]?.headers ?? {}
      assert.strictEqual(headers["host"], `127.0.0.1:${server.port}`)
      assert.strictEqual(headers["accept-encoding"], "identity")
      assert.match(headers["user-agent"] ?? "", /^aelyst-node/)
      assert.strictEqual(headers["connection"], "keep-alive")
      assert.isUndefined(headers["transfer-encoding"])
      assert.isUndefined(headers["proxy-authorization"])
    }),
  )

  it.live("reports a request to another origin as unsent", () =>
    Effect.gen(function* () {
      const { server, http } = yield* setUp(creating)
      const other = yield* serve(creating)
      for (const origin of [other.origin, `http://localhost:${server.port}`, "https://127.0.0.1"]) {
        const outcome = yield* exchange(http, origin)
        assert.strictEqual(outcome.code, "ORIGIN_REFUSED")
        assert.strictEqual(phase(outcome), "unsent")
      }
      assert.strictEqual(server.peers.length + other.peers.length, 0)
    }),
  )

  it.live("does not follow redirects", () =>
    Effect.gen(function* () {
      const other = yield* serve(creating)
      const { server, send } = yield* setUp(async (peer) => {
        await peer.request()
        await peer.respond(307, "", { location: `${other.origin}/v1/contact/x` })
      })
      const { status } = yield* send()
      assert.strictEqual(status, 307)
      assert.strictEqual(server.requests.length, 1)
      assert.strictEqual(other.peers.length, 0)
    }),
  )

  it.live("closes idle and busy connections with its scope, and refuses new requests", () =>
    Effect.gen(function* () {
      const server = yield* serve(async (peer) => {
        await peer.request()
        if (peer.index === 0) await peer.respond(200, created)
      })
      const { http, fiber } = yield* Effect.scoped(
        Effect.gen(function* () {
          const made = yield* Transport.make({ baseUrl: server.origin })
          const both = yield* Effect.forkDetach(
            Effect.all([exchange(made, server.origin), exchange(made, server.origin)], {
              concurrency: 2,
            }),
          )
          const second = yield* Effect.promise(() => server.connected(2))
          yield* Effect.promise(() => second.arrived(1))
          return { http: made, fiber: both }
        }),
      )
      const outcomes = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        outcomes.map(({ status, probe }) => [status, probe.dispatched]).toSorted(),
        [
          [200, true],
          [undefined, true],
        ].toSorted(),
      )
      yield* Effect.promise(() => Promise.all(server.peers.map(({ closed }) => closed)))
      const late = yield* exchange(http, server.origin)
      assert.strictEqual(late.code, "TRANSPORT_CLOSED")
      assert.strictEqual(phase(late), "unsent")
    }),
  )

  it.live(
    "does not keep the process alive with idle connections, or with one that was aborted while it connected",
    () =>
      Effect.gen(function* () {
        const { server } = yield* setUp(creating)
        const stalling = yield* serve(() => undefined)
        const child = spawn(
          process.execPath,
          [new URL("exitsTransport.ts", import.meta.url).pathname, server.origin, stalling.origin],
          { stdio: "inherit" },
        )
        const code = yield* Effect.callback<number | null>((resume) => {
          child.once("close", (exit) => resume(Effect.succeed(exit)))
        })
        assert.strictEqual(code, 0)
      }),
  )
})
