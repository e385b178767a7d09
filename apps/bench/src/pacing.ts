/** Paces 300 creates against every kind of limiter, and compares the time with that of a client that knows the limiter's state. */
import { fork } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"

import type { ServerOptions } from "@aelyst-apps/conformance/pacing/Server"
import { ideal } from "@aelyst-apps/conformance/pacing/Server"

import type { Rate } from "./pacing-clients.ts"
import { pacedClients } from "./pacing-clients.ts"
import type { Order, Report } from "./pacing-server.ts"
import type { Measured } from "./results.ts"

interface Scenario {
  readonly name: string
  readonly server: Omit<ServerOptions, "phaseMs">
  readonly hint: Rate
}

const total = 300
const inFlight = [1, 10, 100]
/** Cells that run at a time; a cell is idle almost always. */
const together = 24

const tenPerSecond: Rate = { limit: 10, windowMs: 1_000 }
const honest = { headers: "always", retryAfter: true } as const

const scenario = (
  name: string,
  kind: ServerOptions["limiter"]["kind"],
  rate: Rate = tenPerSecond,
  extra: Partial<Omit<ServerOptions, "phaseMs" | "limiter">> = {},
): Scenario => ({
  name,
  server: { limiter: { kind, ...rate }, ...honest, ...extra },
  hint: rate,
})

// a third of 10 per second, evenly, for five minutes
const neighbour = Array.from({ length: 1_000 }, (_, n) => n * 300)

const scenarios: ReadonlyArray<Scenario> = [
  scenario("fixed window, aligned, 10/s", "fixed-window-aligned"),
  scenario("fixed window, from first request, 10/s", "fixed-window-first-request"),
  scenario("sliding log, 10/s", "sliding-log"),
  scenario("token bucket, 10/s", "token-bucket"),
  scenario("GCRA, 10/s", "gcra"),
  scenario("fixed window, 20 per 5 s", "fixed-window-first-request", {
    limit: 20,
    windowMs: 5_000,
  }),
  scenario("sliding log, 100 per 60 s", "sliding-log", { limit: 100, windowMs: 60_000 }),
  scenario("limit 10, then 4, then 20", "fixed-window-first-request", tenPerSecond, {
    changes: [
      { atMs: 8_000, limit: 4 },
      { atMs: 20_000, limit: 20 },
    ],
  }),
  scenario("a neighbour takes a third", "sliding-log", tenPerSecond, { neighbour }),
  scenario("headers on 429s only", "fixed-window-first-request", tenPerSecond, {
    headers: "on-429",
  }),
  scenario("no X-RateLimit headers", "fixed-window-first-request", tenPerSecond, {
    headers: "never",
  }),
  scenario("429 without Retry-After", "fixed-window-first-request", tenPerSecond, {
    retryAfter: false,
  }),
]

type Closed = Extract<Report, { readonly kind: "closed" }>

/** Runs the servers in a separate process. */
class Servers {
  readonly #child = fork(new URL("./pacing-server.ts", import.meta.url))
  readonly #waiting = new Map<number, (report: Report) => void>()
  #next = 0

  constructor() {
    this.#child.on("message", (report: Report) => this.#waiting.get(report.id)?.(report))
  }

  #order(order: Order): Promise<Report> {
    return new Promise((resolve) => {
      this.#waiting.set(order.id, resolve)
      this.#child.send(order)
    })
  }

  async open(options: Omit<ServerOptions, "phaseMs">): Promise<{ id: number; baseUrl: string }> {
    const id = this.#next++
    const report = await this.#order({ kind: "open", id, options })
    if (report.kind !== "opened") throw new Error("the server did not open")
    return { id, baseUrl: `http://127.0.0.1:${report.port}` }
  }

  async close(id: number): Promise<Closed> {
    const report = await this.#order({ kind: "close", id })
    if (report.kind !== "closed") throw new Error("the server did not close")
    return report
  }

  end(): void {
    this.#child.disconnect()
  }
}

interface Cell {
  readonly scenario: Scenario
  readonly client: string
  readonly concurrency: number
  text: string
}

const runCell = async (servers: Servers, cell: Cell): Promise<void> => {
  const { server, hint } = cell.scenario
  const make = pacedClients[cell.client]
  if (make === undefined) return
  const { id, baseUrl } = await servers.open(server)
  const client = make(baseUrl, hint)
  let left = total
  let lost = 0
  const worker = async () => {
    while (left-- > 0) {
      try {
        await client.create(left)
      } catch {
        lost += 1
      }
    }
  }
  // cells that start together must not all hit the same phase of an aligned window
  await sleep(Math.random() * 1_000)
  await Promise.all(Array.from({ length: cell.concurrency }, worker))
  await client.close()
  const { created, rateLimited, makespanMs, phaseMs } = await servers.close(id)
  const best = ideal({ ...server, phaseMs }, created, cell.concurrency, 30)
  cell.text = `${(makespanMs / best).toFixed(2)} · ${rateLimited} · ${lost}`
}

/** Runs all cells, many at a time; returns one table per client. */
export const pacing = async (): Promise<Measured> => {
  const servers = new Servers()
  const cells = scenarios.flatMap((one) =>
    Object.keys(pacedClients).flatMap((client) =>
      inFlight.map((concurrency): Cell => ({ scenario: one, client, concurrency, text: "" })),
    ),
  )
  const queue = [...cells]
  const worker = async () => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      await runCell(servers, cell)
      console.error(
        `${cells.length - queue.length}/${cells.length} ${cell.client}, ${cell.scenario.name}, ${cell.concurrency}: ${cell.text}`,
      )
    }
  }
  await Promise.all(Array.from({ length: together }, worker))
  servers.end()
  const textOf = (client: string, one: Scenario, concurrency: number): string =>
    cells.find(
      (cell) => cell.scenario === one && cell.client === client && cell.concurrency === concurrency,
    )?.text ?? ""
  return {
    blocks: Object.keys(pacedClients).flatMap((client) => [
      `### ${client}`,
      {
        head: ["server", ...inFlight.map((n) => `${n} in flight`)],
        rows: scenarios.map((one) => [
          one.name,
          ...inFlight.map((concurrency) => textOf(client, one, concurrency)),
        ]),
      },
    ]),
  }
}
