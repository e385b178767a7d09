/** Redirects through every client that core can be given: none ends as a created contact, even if it was followed. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

import { AelystClient, layer as layerClient } from "@aelyst/core"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { Agent, interceptors } from "undici"

import type { Provider } from "../src/clients/HttpClients.ts"
import { httpClients, through } from "../src/clients/HttpClients.ts"

const statuses = [301, 302, 303, 307, 308]

/** Starts a server that redirects the contact, and says to every further request that it was created. */
const serve = (status: number, locationOf: (path: string) => string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const received: Array<string> = []
      const server = createServer((request, response) => {
        const { method = "", url = "" } = request
        received.push(`${method} ${url}`)
        if (received.length > 1) {
          response.end('{"code":"200","message":"Contact added successfully!"}')
        } else response.writeHead(status, { location: locationOf(url) }).end()
      })
      await once(server.listen(0, "127.0.0.1"), "listening")
      // safe: it listens on a port
      const { port } = server.address() as AddressInfo
      return { server, received, baseUrl: `http://127.0.0.1:${port}/v1` }
    }),
    ({ server }) => Effect.sync(() => server.close().closeAllConnections()),
  )

/** Creates a contact through a redirect; returns how that ended, and the requests that the server received. */
const createThrough = (status: number, locationOf: (path: string) => string, provider: Provider) =>
  Effect.gen(function* () {
    const { baseUrl, received } = yield* serve(status, locationOf)
    const client = layerClient({ baseUrl, token: Redacted.make("sandbox_ok"), retries: 0 })
    const error = yield* AelystClient.use((service) =>
      service.create("id:5", { firstName: "Ana" }),
    ).pipe(Effect.flip, Effect.provide(Layer.provide(client, provider(baseUrl))))
    assert(error._tag === "UnexpectedResponseError")
    assert.deepStrictEqual([error.reason, error.outcome], ["redirect", "unknown"])
    return received
  }).pipe(Effect.scoped)

const elsewhere = () => "/elsewhere"
const back = (path: string) => path
const methodAfter = (status: number) => (status < 304 ? "GET" : "POST")

const follows: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "follow" })
const followsByHand: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const location = response.headers.get("location")
  return location === null ? response : fetch(new URL(location, response.url))
}
const overFetch =
  (own: typeof fetch): Provider =>
  () =>
    Layer.provide(httpClients.fetch(), Layer.succeed(FetchHttpClient.Fetch, own))

describe("a redirect of a create", () => {
  for (const [name, provider] of Object.entries(httpClients)) {
    for (const status of statuses) {
      it.live(`is not followed over ${name}: ${status}`, () =>
        Effect.gen(function* () {
          const received = yield* createThrough(status, elsewhere, provider)
          assert.deepStrictEqual(received, ["POST /v1/contact/id:5"])
        }),
      )

      it.live(`is no created contact if followRedirects follows it over ${name}: ${status}`, () =>
        Effect.gen(function* () {
          const following = through(HttpClient.followRedirects(3), provider)
          const received = yield* createThrough(status, elsewhere, following)
          assert.deepStrictEqual(received, [
            "POST /v1/contact/id:5",
            `${methodAfter(status)} /elsewhere`,
          ])
        }),
      )
    }
  }

  for (const status of statuses) {
    for (const [where, locationOf] of Object.entries({ elsewhere, back })) {
      // a 307 or 308 to the same URL sends the same request again
      if (where === "back" && status > 303) continue
      it.live(`is no created contact if the caller's fetch follows it ${where}: ${status}`, () =>
        Effect.gen(function* () {
          const received = yield* createThrough(status, locationOf, overFetch(follows))
          assert.strictEqual(received.length, 2)
        }),
      )
    }

    it.live(`is no created contact if the caller's fetch sends another request: ${status}`, () =>
      Effect.gen(function* () {
        const received = yield* createThrough(status, elsewhere, overFetch(followsByHand))
        assert.deepStrictEqual(received, ["POST /v1/contact/id:5", "GET /elsewhere"])
      }),
    )

    it.live(`is not followed by an undici dispatcher that follows redirects: ${status}`, () =>
      Effect.gen(function* () {
        const agent = new Agent()
        const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 3 }))
        const received = yield* createThrough(status, elsewhere, () =>
          Layer.provide(
            NodeHttpClient.layerUndiciNoDispatcher,
            Layer.succeed(NodeHttpClient.Dispatcher, dispatcher),
          ),
        )
        yield* Effect.promise(() => agent.close())
        assert.deepStrictEqual(received, ["POST /v1/contact/id:5"])
      }),
    )
  }
})
