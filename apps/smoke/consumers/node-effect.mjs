import { AelystClient, layer } from "@aelyst/core"
import { layerTransport } from "@aelyst/node/effect"
import { Effect, Layer, Redacted } from "effect"

const baseUrl = process.env.AELYST_BASE_URL
const client = layer({ baseUrl, token: Redacted.make(process.env.AELYST_TOKEN) })
await AelystClient.use((aelyst) => aelyst.create("id:node-effect", { firstName: "Effect" })).pipe(
  Effect.provide(Layer.provide(client, layerTransport({ baseUrl }))),
  Effect.runPromise,
)
