/**
 * Measures the cost of the handler and the proxy over a bare Express route that calls raw undici: CPU time per request of
 * a process that serves one route, in turn and in random order within each round, as ratios in the same run.
 */
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { once } from "node:events"

import { Agent, request } from "undici"

import { contact } from "./contact.ts"
import type { Measured } from "./results.ts"
import { median, shuffled } from "./statistics.ts"

const routes = [
  { name: "bare route with raw undici", path: (_n: number) => "/raw" },
  { name: "bare route with `@aelyst/node`", path: (_n: number) => "/sdk" },
  { name: "`createContact`", path: (_n: number) => "/handler" },
  { name: "`createContact`, default map", path: (_n: number) => "/default-map" },
  {
    name: "`contactProxy`",
    path: (n: number) => `/proxy/contact/email:test${n}@example.com`,
  },
]

const ask = async (child: ChildProcess, question: string): Promise<unknown> => {
  const replied = once(child, "message")
  child.send(question)
  const [reply] = await replied
  return reply
}

const cpuOf = async (child: ChildProcess): Promise<number> =>
  Number(Reflect.get(Object(await ask(child, "cpu")), "cpu"))

let serial = 0

/** Measures all routes. */
export const expressOverhead = async (options: { readonly rounds: number }): Promise<Measured> => {
  const api = fork(new URL("./overhead-server.ts", import.meta.url))
  const [apiPort] = await once(api, "message")
  // one process per route, so that routes do not share heap and optimiser
  const apps = await Promise.all(
    routes.map(async (route) => {
      const child = fork(new URL("./express-server.ts", import.meta.url), [
        `http://127.0.0.1:${apiPort}`,
      ])
      const [started] = await once(child, "message")
      return {
        ...route,
        child,
        origin: `http://127.0.0.1:${Reflect.get(Object(started), "port")}`,
      }
    }),
  )
  const agent = new Agent({ connections: 64 })
  const send = async (url: string, n: number): Promise<void> => {
    const { body, statusCode } = await request(url, {
      dispatcher: agent,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...contact, email: `test${n}@example.com` }),
    })
    await body.dump()
    if (statusCode >= 300) throw new Error(`${url} responded with ${statusCode}`)
  }
  const settings = [
    { inFlight: 1, calls: 300 },
    { inFlight: 32, calls: 4_000 },
  ]
  const samples = new Map(routes.map(({ name }) => [name, settings.map((): Array<number> => [])]))
  for (let round = -3; round < options.rounds; round++) {
    for (const [at, { calls, inFlight }] of settings.entries()) {
      for (const { child, name, origin, path } of shuffled(apps, Math.random)) {
        const before = await cpuOf(child)
        let left = calls
        const worker = async () => {
          while (left-- > 0) {
            const n = serial++
            await send(origin + path(n), n)
          }
        }
        await Promise.all(Array.from({ length: inFlight }, worker))
        const used = (await cpuOf(child)) - before
        // the first rounds warm up
        if (round >= 0) samples.get(name)?.[at]?.push(used)
      }
    }
  }
  await agent.close()
  for (const { child } of apps) child.disconnect()
  api.disconnect()
  const bare = routes[0]?.name ?? ""
  const ratio = (name: string, at: number) => {
    const base = samples.get(bare)?.[at] ?? []
    const own = samples.get(name)?.[at] ?? []
    return median(own.map((cpu, i) => cpu / (base[i] ?? Number.NaN))).toFixed(2)
  }
  return {
    blocks: [
      {
        head: ["route", "CPU, 1 in flight", "CPU, 32 in flight"],
        rows: routes.map(({ name }) => [name, ratio(name, 0), ratio(name, 1)]),
      },
    ],
  }
}
