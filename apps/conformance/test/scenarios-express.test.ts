/** Runs the table of scenarios over the Express blocks: the handler of a form, and the proxy. */
import type { AddressInfo } from "node:net"

import { aelystErrors, contactProxy, createContact } from "@aelyst/express"
import { Aelyst } from "@aelyst/node"
import type { Variant } from "@aelyst/sandbox/scenarios"
import express from "express"
import type { Express } from "express"

import type { Adapter } from "./scenarios.ts"
import { runScenarios } from "./scenarios.ts"

interface Reply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const listen = async (app: Express) => {
  const server = app.listen(0, "127.0.0.1")
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve)
    server.once("error", reject)
  })
  // safe: it listens on a TCP port
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { origin: `http://127.0.0.1:${port}`, close }
}

const ask = async (url: string, body: unknown): Promise<Reply> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  // safe: every response of the blocks has an object as its body
  return { status: response.status, body: (await response.json()) as Reply["body"] }
}

const clientOf = ({ client, delivery, token }: Variant, baseUrl: string, hooks = {}): Aelyst =>
  new Aelyst({
    baseUrl,
    token,
    delivery,
    hooks,
    ...client,
  })

const errorOf = (name: unknown, outcome: unknown) => ({
  error: { name: String(name), outcome: String(outcome) },
})

runScenarios({
  name: "createContact",
  connect: async (variant, { baseUrl }): Promise<Adapter> => {
    const aelyst = clientOf(variant, baseUrl)
    let result: string | undefined
    const app = express().use(express.json())
    app.post(
      "/",
      createContact({
        client: aelyst,
        checks: false,
        map: ({ body }) => body.contact,
        identifyBy: (_, { body }) => body.identifier,
        onCreated: (created) => void (result = created.result),
      }),
    )
    app.use(aelystErrors({ checks: false, expose: "full" }))
    const { close, origin } = await listen(app)
    return {
      create: async (identifier, contact) => {
        const { body, status } = await ask(origin, { identifier, contact })
        return status === 201
          ? { result: result ?? "nothing" }
          : errorOf(body["error"], body["outcome"])
      },
      close: async () => {
        await close()
        await aelyst.close({ timeoutMs: 0 })
      },
    }
  },
})

const names: Readonly<Record<string, string>> = {
  invalid_contact: "InvalidContactError",
  contact_refused: "BadRequestError",
  already_exists: "BadRequestError",
  upstream_auth: "AuthenticationError",
  rate_limited: "RateLimitError",
  upstream_error: "InternalServerError",
  upstream_unexpected: "UnexpectedResponseError",
  upstream_unreachable: "ConnectionError",
  outcome_unknown: "OutcomeUnknownError",
  unavailable: "UnavailableError",
}

runScenarios({
  name: "contactProxy",
  connect: async (variant, { baseUrl }): Promise<Adapter> => {
    // the client's hook reports the outcome of every contact that passed validation
    let outcome = "not_sent"
    const aelyst = clientOf(variant, baseUrl, {
      onOutcome: (end: { readonly outcome: string }) => void (outcome = end.outcome),
    })
    const app = express().use(
      contactProxy({ client: aelyst, checks: false, authorize: () => true }),
    )
    const { close, origin } = await listen(app)
    return {
      create: async (identifier, contact) => {
        const url = `${origin}/contact/${encodeURIComponent(identifier)}`
        const { body, status } = await ask(url, contact)
        return status === 200 && body["code"] === "200"
          ? { result: outcome }
          : errorOf(names[String(body["error"])], outcome)
      },
      close: async () => {
        await close()
        await aelyst.close({ timeoutMs: 0 })
      },
    }
  },
})
