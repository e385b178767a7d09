// Compiled, not run: the types of every library as a consumer's compiler reads them.
import type { CreateResult } from "@aelyst/core"
import { AelystClient, layerConfig } from "@aelyst/core"
import { AelystApi } from "@aelyst/core/contract"
import { layerTest } from "@aelyst/core/testing"
import { aelyst, aelystErrors, createContact } from "@aelyst/express"
import { Aelyst, isAelystError } from "@aelyst/node"
import { layerTransport } from "@aelyst/node/effect"
import { Sandbox } from "@aelyst/sandbox"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import express from "express"

export const create: Effect.Effect<CreateResult, unknown> = AelystClient.pipe(
  Effect.flatMap((client) => client.create("id:types", { firstName: "Types" })),
  Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
)
export const api = AelystApi
export const tested: Layer.Layer<AelystClient> = layerTest()
export const knowing = Layer.provide(layerConfig(), layerTransport({ proxy: "env" }))

export const main = async (): Promise<number> => {
  const sandbox = await Sandbox.start({ limit: 10 })
  const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
  try {
    const { attempts } = await client.contacts.create("email:ana@example.com", { firstName: "Ana" })
    return attempts.length
  } catch (error) {
    if (isAelystError(error) && error.name === "RateLimitError") return error.retryAfterMs ?? 0
    throw error
  } finally {
    await client.close()
    await sandbox.close()
  }
}

const app = express()
app.use(express.json(), aelyst())
app.post("/signup", createContact({ identifyBy: ["email"] }))
app.use(aelystErrors())
// @ts-expect-error firstName is required
export const wrong = (client: Aelyst) => client.contacts.create("id:types", { lastName: "Types" })
