/**
 * Measures the cost of a create over a bare request: CPU and wall time of this process, the clients in turn and in random
 * order within each round, as ratios to raw undici in the same run.
 */
import { fork } from "node:child_process"
import { once } from "node:events"

import { AelystClient, layer as clientLayer } from "@aelyst/core"
import { FetchTransport } from "@aelyst/core/transport"
import { Aelyst } from "@aelyst/node"
import { layerTransport } from "@aelyst/node/effect"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { create as createAxios } from "axios"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { got } from "got"
import { Agent, request } from "undici"

import { contact, headers, token } from "./contact.ts"
import type { Measured, Table } from "./results.ts"
import { median, shuffled } from "./statistics.ts"

interface Client {
  readonly name: string
  readonly create: (n: number) => Promise<unknown>
  readonly close: () => Promise<void>
}

const Created = Schema.Struct({ code: Schema.String, message: Schema.String })
const secret = Redacted.make(token)
const nothing = () => Promise.resolve()

const overEffect = (
  name: string,
  baseUrl: string,
  transport: Layer.Layer<HttpClient.HttpClient, unknown>,
): Client => {
  const layer = Layer.provide(clientLayer({ baseUrl, token: secret }), transport)
  const runtime = ManagedRuntime.make(layer)
  return {
    name,
    create: (n) =>
      runtime.runPromise(AelystClient.use((client) => client.create(`id:${n}`, contact))),
    close: () => runtime.dispose(),
  }
}

const clients = (baseUrl: string): ReadonlyArray<Client> => {
  const url = (n: number) => `${baseUrl}/contact/id:${n}`
  const agent = new Agent({ connections: 64 })
  const plainAxios = createAxios({ headers })
  const plainGot = got.extend({ headers, retry: { limit: 0 } })
  const stock = ManagedRuntime.make(NodeHttpClient.layerUndici)
  const sdk = new Aelyst({ baseUrl, token })
  return [
    {
      name: "raw undici",
      create: async (n) => {
        const { body } = await request(url(n), {
          dispatcher: agent,
          method: "POST",
          headers,
          body: JSON.stringify(contact),
        })
        return JSON.parse(await body.text())
      },
      close: () => agent.close(),
    },
    {
      name: "global fetch",
      create: async (n) => {
        const body = JSON.stringify(contact)
        return (await fetch(url(n), { method: "POST", headers, body })).json()
      },
      close: nothing,
    },
    { name: "axios", create: (n) => plainAxios.post(url(n), contact), close: nothing },
    { name: "got", create: (n) => plainGot.post(url(n), { json: contact }).json(), close: nothing },
    {
      name: "stock Effect client over undici, with Schema",
      create: (n) =>
        stock.runPromise(
          Effect.flatMap(HttpClient.HttpClient, (client) =>
            client
              .execute(
                HttpClientRequest.post(url(n), {
                  headers,
                  body: HttpBody.text(JSON.stringify(contact), "application/json"),
                }),
              )
              .pipe(
                Effect.flatMap(HttpClientResponse.schemaBodyJson(Created)),
                Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
              ),
          ),
        ),
      close: () => stock.dispose(),
    },
    overEffect("@aelyst/core over Effect's FetchHttpClient", baseUrl, FetchHttpClient.layer),
    overEffect("@aelyst/core over its fetch transport", baseUrl, FetchTransport.layer),
    overEffect(
      "@aelyst/core over the transport of @aelyst/node",
      baseUrl,
      layerTransport({ baseUrl }),
    ),
    {
      name: "@aelyst/node",
      create: (n) => sdk.contacts.create(`id:${n}`, contact),
      close: () => sdk.close(),
    },
  ]
}

interface Sample {
  readonly cpu: number
  readonly wall: number
}

let serial = 0

const measure = async (client: Client, calls: number, inFlight: number): Promise<Sample> => {
  const cpu = process.cpuUsage()
  const began = performance.now()
  let left = calls
  const worker = async () => {
    while (left-- > 0) await client.create(serial++)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const used = process.cpuUsage(cpu)
  return { cpu: used.user + used.system, wall: performance.now() - began }
}

type Ratios = ReadonlyArray<readonly [name: string, ...ratios: ReadonlyArray<number>]>

/** Measures all clients: the ratios of CPU and wall time with 1 in flight, and with 32. */
const look = async (rounds: number): Promise<Ratios> => {
  const child = fork(new URL("./overhead-server.ts", import.meta.url))
  const [port] = await once(child, "message")
  const all = clients(`http://127.0.0.1:${port}`)
  const settings = [
    { inFlight: 1, calls: 400 },
    { inFlight: 32, calls: 2_000 },
  ]
  const samples = new Map(all.map(({ name }) => [name, settings.map((): Array<Sample> => [])]))
  for (let round = -1; round < rounds; round++) {
    for (const [at, { calls, inFlight }] of settings.entries()) {
      for (const client of shuffled(all, Math.random)) {
        const sample = await measure(client, calls, inFlight)
        // the first round warms up
        if (round >= 0) samples.get(client.name)?.[at]?.push(sample)
      }
    }
  }
  await Promise.all(all.map((client) => client.close()))
  child.disconnect()
  const ratio = (name: string, at: number, key: keyof Sample) => {
    const own = samples.get(name)?.[at] ?? []
    const raw = samples.get("raw undici")?.[at] ?? []
    return median(own.map((sample, i) => sample[key] / (raw[i]?.[key] ?? Number.NaN)))
  }
  return all.map(({ name }) => [
    name,
    ratio(name, 0, "cpu"),
    ratio(name, 0, "wall"),
    ratio(name, 1, "cpu"),
    ratio(name, 1, "wall"),
  ])
}

const tableOf = (ratios: Ratios): Table => ({
  head: ["client", "CPU, 1 in flight", "wall, 1", "CPU, 32 in flight", "wall, 32"],
  rows: ratios.map(([name, ...each]) => [name, ...each.map((ratio) => ratio.toFixed(2))]),
})

/** Takes several looks in turn and returns all of them, as they came. */
export const overhead = async (options: {
  readonly looks: number
  readonly rounds: number
}): Promise<Measured> => {
  const looks: Array<Ratios> = []
  for (let number = 1; number <= options.looks; number++) looks.push(await look(options.rounds))
  const ours = looks.map(
    (ratios) => ratios.find(([name]) => name === "@aelyst/node")?.[3] ?? Number.NaN,
  )
  return {
    blocks: looks.flatMap((ratios, at) => [`Look ${at + 1} of ${options.looks}:`, tableOf(ratios)]),
    goals: [
      {
        name: "CPU of `@aelyst/node` over raw undici, 32 in flight, median of the looks",
        value: median(ours),
        atMost: 1.6,
      },
    ],
  }
}
