const { AelystClient, layerConfig } = require("@aelyst/core")
const { AelystApi } = require("@aelyst/core/contract")
const { Effect, Layer } = require("effect")
const { FetchHttpClient } = require("effect/http")

if (AelystApi === undefined) throw new Error("no contract")
void AelystClient.pipe(
  Effect.flatMap((client) => client.create("id:core-require", { firstName: "Core" })),
  Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
  Effect.runPromise,
)
