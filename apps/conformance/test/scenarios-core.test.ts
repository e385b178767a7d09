/** Runs the table of scenarios over core: over undici, over fetch, and in process on a virtual clock. */
import { layer as layerClient } from "@aelyst/core"
import { AelystClient } from "@aelyst/core"
import * as Transport from "@aelyst/node/transport"
import type { Variant } from "@aelyst/sandbox/scenarios"
import { play, variants } from "@aelyst/sandbox/scenarios"
import { SandboxService, layerInProcess } from "@aelyst/sandbox/effect"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, ManagedRuntime, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import type { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import type { Suite } from "./scenarios.ts"
import { failed, runScenarios } from "./scenarios.ts"

const layerOf = ({ client, token }: Variant, baseUrl: string) =>
  layerClient({
    baseUrl,
    token: Redacted.make(token),
    retries: client.retries,
    timeout: client.timeoutMs,
    maxWait: client.maxWaitMs,
    doubtDelay: client.doubtDelayMs,
  })

const createWith = ({ contact, delivery, identifier }: Variant) =>
  AelystClient.use((service) => service.create(identifier, contact, { delivery })).pipe(
    Effect.match({ onSuccess: ({ result }) => ({ result }), onFailure: failed }),
  )

const over =
  (transport: (baseUrl: string) => Layer.Layer<HttpClient.HttpClient, unknown>): Suite["connect"] =>
  async (variant, { baseUrl }) => {
    const runtime = ManagedRuntime.make(
      Layer.provide(layerOf(variant, baseUrl), transport(baseUrl)),
    )
    return {
      create: () => runtime.runPromise(createWith(variant)),
      close: () => runtime.dispose(),
    }
  }

runScenarios({
  name: "core over undici",
  connect: over((baseUrl) => Transport.layer({ baseUrl })),
})

// by default, fetch follows a 302 of a POST with a GET
const layerFetch = FetchHttpClient.layer.pipe(
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })),
)

runScenarios({
  name: "core over fetch",
  connect: over(() => layerFetch),
  takes: ({ requires }) => requires !== "phase",
})

describe("core in process", () => {
  for (const variant of variants) {
    // without a port, no server can be down
    if (variant.down) continue
    it.effect(`ends as the table expects: ${variant.title}`, () =>
      Effect.gen(function* () {
        const sandbox = yield* SandboxService
        const context = yield* Effect.context<AelystClient>()
        const played = yield* Effect.forkChild(
          Effect.promise(() =>
            play(variant, sandbox, {
              create: () => Effect.runPromiseWith(context)(createWith(variant)),
            }),
          ),
          { startImmediately: true },
        )
        // advance the clock only while the call waits
        while (played.pollUnsafe() === undefined) {
          yield* TestClock.adjust("100 millis")
          yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
        }
        assert.deepStrictEqual(yield* Fiber.join(played), variant.expected)
      }).pipe(
        Effect.provide(
          layerOf(variant, "http://127.0.0.1/v1").pipe(Layer.provideMerge(layerInProcess())),
        ),
      ),
    )
  }
})
