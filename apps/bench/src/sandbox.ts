/**
 * Measures the cost of the sandbox over a bare `node:http` handler with the same body parsing, and whether it slows down
 * as it stores more contacts. Servers and load are separate processes.
 */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"

import type { Load, Order } from "./sandbox-load.ts"
import type { Measured } from "./results.ts"
import { median, quantile } from "./statistics.ts"

interface Server {
  readonly child: ChildProcess
  readonly port: number
}

interface Usage {
  /** CPU time so far, in milliseconds. */
  readonly cpu: number
}

interface Sample {
  readonly perSecond: number
  /** CPU time of the server per request, in milliseconds. */
  readonly cpu: number
  readonly latencies: ReadonlyArray<number>
}

const start = async (kind: "bare" | "sandbox"): Promise<Server> => {
  const child = fork(new URL("./sandbox-server.ts", import.meta.url), [kind])
  const [port] = await once(child, "message")
  return { child, port: Number(port) }
}

const usageOf = async ({ child }: Server): Promise<Usage> => {
  child.send("usage")
  const [usage] = await once(child, "message")
  // safe: the report of sandbox-server.ts
  return usage as Usage
}

const measure = async (
  load: ChildProcess,
  server: Server,
  order: Omit<Order, "port">,
): Promise<Sample> => {
  const before = await usageOf(server)
  load.send({ ...order, port: server.port } satisfies Order)
  const [report] = await once(load, "message")
  // safe: the report of sandbox-load.ts
  const { latencies, ms } = report as Load
  const after = await usageOf(server)
  const count = order.to - order.from
  return { perSecond: (count * 1000) / ms, cpu: (after.cpu - before.cpu) / count, latencies }
}

/** Measures both. */
export const sandbox = async (options: {
  readonly rounds: number
  readonly perRound: number
}): Promise<Measured> => {
  const { perRound, rounds } = options
  const inFlight = 32
  const [bare, own] = await Promise.all([start("bare"), start("sandbox")])
  const load = fork(new URL("./sandbox-load.ts", import.meta.url))
  const samples: { readonly bare: Array<Sample>; readonly own: Array<Sample> } = {
    bare: [],
    own: [],
  }
  for (let round = 0; round < rounds; round++) {
    const order = { from: round * perRound, to: (round + 1) * perRound, inFlight }
    // in turn, so that other work on the machine affects both
    const first = round % 2 === 0
    if (first) samples.bare.push(await measure(load, bare, order))
    samples.own.push(await measure(load, own, order))
    if (!first) samples.bare.push(await measure(load, bare, order))
  }
  for (const child of [bare.child, own.child, load]) child.disconnect()
  // the first round of each warms up
  const later = { bare: samples.bare.slice(1), own: samples.own.slice(1) }
  const ratios = (of: (sample: Sample) => number) =>
    later.own.map((sample, at) => {
      const other = later.bare[at]
      return of(sample) / (other === undefined ? Number.NaN : of(other))
    })
  const fifth = Math.max(1, Math.floor(later.own.length / 5))
  const latenciesOf = (part: ReadonlyArray<Sample>) => part.flatMap(({ latencies }) => latencies)
  const growth = (share: number) => {
    const first = quantile(latenciesOf(later.own.slice(0, fifth)), share)
    return (quantile(latenciesOf(later.own.slice(-fifth)), share) / first).toFixed(2)
  }
  const count = (rounds * perRound).toLocaleString("en-US")
  return {
    blocks: [
      {
        head: ["measure", "ratio"],
        rows: [
          [
            "requests per second, to the bare handler",
            median(ratios(({ perSecond }) => perSecond)).toFixed(2),
          ],
          [
            "requests per CPU second of the server, to the bare handler",
            (1 / median(ratios(({ cpu }) => cpu))).toFixed(2),
          ],
          [`median latency, last fifth of ${count} contacts against the first`, growth(0.5)],
          ["99.9th percentile, likewise", growth(0.999)],
        ],
      },
    ],
  }
}
