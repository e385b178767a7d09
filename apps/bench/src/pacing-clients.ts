/** The clients that the pacing benchmark compares: ours gets no hint, the others get limit and window. */
import { AelystClient, layer } from "@aelyst/core"
import { layerTransport } from "@aelyst/node/effect"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import Bottleneck from "bottleneck"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import { setTimeout as sleep } from "node:timers/promises"
import PQueue from "p-queue"
import pThrottle from "p-throttle"
import { Agent, request } from "undici"

import { contact, headers, token } from "./contact.ts"

/** The rate that clients are given which cannot learn it. */
export interface Rate {
  readonly limit: number
  readonly windowMs: number
}

/** A client against one server; `create` makes the contact `id:<n>`, and rejects if it was not created. */
export interface PacedClient {
  readonly create: (n: number | string) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Resends a rate-limited request up to three times, after `Retry-After`. */
export const retrying = (baseUrl: string): PacedClient => {
  const agent = new Agent({ connections: 128 })
  const create = async (n: number | string): Promise<unknown> => {
    for (let attempt = 0; ; attempt++) {
      const response = await request(`${baseUrl}/contact/id:${n}`, {
        dispatcher: agent,
        method: "POST",
        headers,
        body: JSON.stringify(contact),
      })
      const body = await response.body.text()
      if (response.statusCode === 200) return body
      if (response.statusCode !== 429 || attempt === 3) throw new Error("not created")
      const seconds = Number(response.headers["retry-after"] ?? 1)
      await sleep(seconds * 1000)
    }
  }
  return { create, close: () => agent.close() }
}

/** Limits with Effect's `withRateLimiter`, on a store. */
export const withRateLimiter = <E>(
  baseUrl: string,
  { limit, windowMs }: Rate,
  store: Layer.Layer<RateLimiter.RateLimiterStore, E>,
): PacedClient => {
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(NodeHttpClient.layerUndici, Layer.provide(RateLimiter.layer, store)),
  )
  const program = (n: number | string) =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.RateLimiter
      const client = HttpClient.withRateLimiter(yield* HttpClient.HttpClient, {
        limiter,
        limit,
        window: windowMs,
        key: baseUrl,
        algorithm: "fixed-window",
      })
      const response = yield* client.execute(
        HttpClientRequest.post(`${baseUrl}/contact/id:${n}`, {
          headers,
          body: HttpBody.text(JSON.stringify(contact), "application/json"),
        }),
      )
      yield* response.text
      if (response.status !== 200) return yield* Effect.fail(new Error("not created"))
      return response.status
    }).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
  return { create: (n) => runtime.runPromise(program(n)), close: () => runtime.dispose() }
}

/** Lists the clients by name. */
export const pacedClients: Readonly<Record<string, (baseUrl: string, rate: Rate) => PacedClient>> =
  {
    "@aelyst/core": (baseUrl) => {
      const client = layer({
        baseUrl,
        token: Redacted.make(token),
        deadline: "1 hour",
        maxWait: "15 minutes",
        retries: 100,
      })
      const runtime = ManagedRuntime.make(Layer.provide(client, layerTransport({ baseUrl })))
      return {
        create: (n) =>
          runtime.runPromise(AelystClient.use((aelyst) => aelyst.create(`id:${n}`, contact))),
        close: () => runtime.dispose(),
      }
    },
    "p-throttle": (baseUrl, { limit, windowMs }) => {
      const { create, close } = retrying(baseUrl)
      return { create: pThrottle({ limit, interval: windowMs })(create), close }
    },
    bottleneck: (baseUrl, { limit, windowMs }) => {
      const { create, close } = retrying(baseUrl)
      const limiter = new Bottleneck({
        reservoir: limit,
        reservoirRefreshAmount: limit,
        // bottleneck takes multiples of 250 ms
        reservoirRefreshInterval: Math.ceil(windowMs / 250) * 250,
      })
      return {
        create: (n) => limiter.schedule(() => create(n)),
        close: async () => {
          await limiter.disconnect()
          await close()
        },
      }
    },
    "p-queue": (baseUrl, { limit, windowMs }) => {
      const { create, close } = retrying(baseUrl)
      const queue = new PQueue({ intervalCap: limit, interval: windowMs })
      return { create: (n) => queue.add(() => create(n)), close }
    },
    "Effect withRateLimiter": (baseUrl, rate) =>
      withRateLimiter(baseUrl, rate, RateLimiter.layerStoreMemory),
    "retry loop": (baseUrl) => retrying(baseUrl),
  }
