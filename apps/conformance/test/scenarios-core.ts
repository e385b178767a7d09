/** Runs the table of scenarios over core and an HTTP client: as it is, with `filterStatusOk` and with `followRedirects`. */
import { AelystClient, layer as layerClient } from "@aelyst/core"
import type { Expected, Variant } from "@aelyst/sandbox/scenarios"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { HttpClient } from "effect/http"

import type { Provider } from "../src/clients/HttpClients.ts"
import { httpClients, through } from "../src/clients/HttpClients.ts"
import { failed, runScenarios } from "./scenarios.ts"

/** Provides a client with the settings of a variant. */
export const layerOf = ({ client, token }: Variant, baseUrl: string) =>
  layerClient({
    baseUrl,
    token: Redacted.make(token),
    retries: client.retries,
    timeout: client.timeoutMs,
    maxWait: client.maxWaitMs,
    doubtDelay: client.doubtDelayMs,
  })

/** Creates the contact of a variant; returns the report. */
export const createWith = ({ contact, delivery, identifier }: Variant) =>
  AelystClient.use((service) => service.create(identifier, contact, { delivery })).pipe(
    Effect.match({ onSuccess: ({ result }) => ({ result }), onFailure: failed }),
  )

/** Lists the changes to a client that change no result. */
const changes = {
  "": (client: HttpClient.HttpClient) => client,
  " with filterStatusOk": HttpClient.filterStatusOk,
  " with followRedirects": HttpClient.followRedirects(3),
}

const withoutPhase = ({ expected, requires }: Variant): Expected =>
  requires === "phase"
    ? { ...expected, report: { error: { name: "OutcomeUnknownError", outcome: "unknown" } } }
    : expected

/** Registers the tests of the table over one client. */
export const runOver = (name: keyof typeof httpClients): void => {
  const provider: Provider = httpClients[name]
  for (const [how, change] of Object.entries(changes)) {
    const changed = how === "" ? provider : through(change, provider)
    runScenarios({
      name: `core over ${name}${how}`,
      connect: async (variant, { baseUrl }) => {
        const runtime = ManagedRuntime.make(
          Layer.provide(layerOf(variant, baseUrl), changed(baseUrl)),
        )
        return {
          create: () => runtime.runPromise(createWith(variant)),
          close: () => runtime.dispose(),
        }
      },
      ...(name !== "the transport of @aelyst/node" && { expected: withoutPhase }),
    })
  }
}
