import { AelystClient, ConfigurationError, layer } from "@aelyst/core"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"

import type { TransportOptions } from "../src/effect.ts"
import { layerTransport, makeTransport } from "../src/effect.ts"
import * as Ports from "../../../apps/conformance/src/network/Ports.ts"

const create = (baseUrl: string) =>
  AelystClient.use((aelyst) => aelyst.create("id:5", { firstName: "Ana" })).pipe(
    Effect.provide(
      Layer.provide(
        layer({ baseUrl, token: Redacted.make("sandbox_ok"), retries: 0 }),
        layerTransport({ baseUrl }),
      ),
    ),
  )

describe("layerTransport", () => {
  it.live(
    "sends the requests of a client, and tells a server that is down from a lost response",
    () =>
      Effect.gen(function* () {
        const port = yield* Effect.promise(() => Ports.own())
        const sandbox = yield* Effect.promise(() => Sandbox.start({ port }))
        assert.strictEqual((yield* create(sandbox.baseUrl)).result, "created")
        sandbox.fail({ preset: "drop" })
        const lost = yield* Effect.flip(create(sandbox.baseUrl))
        assert.deepInclude(lost, { _tag: "OutcomeUnknownError", outcome: "unknown" })
        yield* Effect.promise(() => sandbox.close())
        const refused = yield* Effect.flip(create(sandbox.baseUrl))
        assert.deepInclude(refused, { _tag: "ConnectionError", outcome: "not_sent" })
      }),
  )
})

describe("makeTransport", () => {
  const secret = "http://user:password@proxy.test"
  const wrong: ReadonlyArray<readonly [option: string, options: object, shows: RegExp]> = [
    ["baseUrl", { baseUrl: "api.test" }, /must be an http or https URL/],
    ["baseUrl", { baseUrl: "ftp://a.b" }, /must be an http or https URL/],
    ["baseUrl", { baseUrl: 5 }, /got 5/],
    ["baseURL", { baseURL: "https://api.test" }, /did you mean `baseUrl`/],
    ["proxy", { proxy: true }, /must be false, "env" or a URL/],
    ["proxy", { proxy: `socks5${secret.slice(4)}` }, /must be an http or https proxy/],
    ["proxy", { proxy: { url: secret } }, /must be false, "env" or a URL$/],
    ["idleMs", { idleMs: 1_001 }, /between 1 and 1000 \(got 1001\)/],
    ["idleMs", { idleMs: 0.5 }, /got 0.5/],
    ["ca", { ca: "/etc/ca.pem" }, /PEM/],
    ["lookup", { lookup: "system" }, /a function/],
  ]
  for (const [option, options, shows] of wrong) {
    it.effect(`fails with the name of the option for ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        // safe: wrong on purpose
        const error = yield* Effect.flip(makeTransport(options as TransportOptions))
        assert.instanceOf(error, ConfigurationError)
        assert.strictEqual(error.option, option)
        assert.match(error.message, shows)
        assert.notInclude(error.message, "password")
      }),
    )
  }

  it.effect("fails if the options are not an object", () =>
    Effect.gen(function* () {
      // safe: wrong on purpose
      const error = yield* Effect.flip(makeTransport(null as unknown as TransportOptions))
      assert.strictEqual(error.option, "options")
    }),
  )

  it.effect("sends to the API by default, and to no other origin", () =>
    Effect.gen(function* () {
      const http = yield* makeTransport()
      const error = yield* Effect.flip(http.get("http://127.0.0.1:9/v1"))
      assert.strictEqual(String(Reflect.get(Object(error.cause), "code")), "ORIGIN_REFUSED")
    }),
  )

  it.live("takes every option", () =>
    Effect.gen(function* () {
      const options: Required<TransportOptions> = {
        baseUrl: new URL("http://name.test:9/v1"),
        proxy: false,
        idleMs: 1,
        ca: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        lookup: (_name, _options, done) => {
          done(Object.assign(new Error("none"), { code: "ENOTFOUND" }), [])
        },
      }
      const http = yield* makeTransport(options)
      const error = yield* Effect.flip(http.get("http://name.test:9/v1"))
      assert.strictEqual(String(Reflect.get(Object(error.cause), "code")), "ENOTFOUND")
    }),
  )
})
