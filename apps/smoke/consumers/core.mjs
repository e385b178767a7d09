import { AelystClient, layerConfig } from "@aelyst/core"
import { AelystApi } from "@aelyst/core/contract"
import { errors } from "@aelyst/core/testing"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

if (AelystApi === undefined) throw new Error("no contract")
if (errors.rateLimit().status !== 429) throw new Error("no errors for tests")
await AelystClient.pipe(
  Effect.flatMap((client) => client.create("id:core-import", { firstName: "Core" })),
  Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
  Effect.runPromise,
)
