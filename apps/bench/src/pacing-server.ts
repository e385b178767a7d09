/** Rate-limited servers in a separate process, one per cell: each holds a simulated API and delays its responses. */
import { createServer } from "node:http"
import type { Server as HttpServer } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"

import type { ServerOptions } from "@aelyst-apps/conformance/pacing/Server"
import { Server } from "@aelyst-apps/conformance/pacing/Server"

/** Opens a server, or closes one and requests its ledger. */
export type Order =
  | { readonly kind: "open"; readonly id: number; readonly options: Omit<ServerOptions, "phaseMs"> }
  | { readonly kind: "close"; readonly id: number }

/** Answers an order. */
export type Report =
  | { readonly kind: "opened"; readonly id: number; readonly port: number }
  | {
      readonly kind: "closed"
      readonly id: number
      readonly created: number
      readonly rateLimited: number
      /** From the first request to the last response, in milliseconds. */
      readonly makespanMs: number
      /** Position of the first request in an aligned window. */
      readonly phaseMs: number
    }

interface Cell {
  readonly http: HttpServer
  server: Server | undefined
  startedAt: number
  phaseMs: number
  lastAt: number
  created: number
  rateLimited: number
}

const roundTripMs = 30
const jitter = () => (roundTripMs / 2) * (0.8 + 0.4 * Math.random())
const cells = new Map<number, Cell>()
const send = (report: Report) => process.send?.(report)

const open = (id: number, options: Omit<ServerOptions, "phaseMs">) => {
  const cell: Cell = {
    http: createServer({ keepAliveTimeout: 120_000 }, async (request, response) => {
      request.resume()
      const arrivedAt = performance.now()
      if (cell.server === undefined) {
        cell.startedAt = arrivedAt
        cell.phaseMs = Date.now() % 3_600_000
        cell.server = new Server({ ...options, phaseMs: cell.phaseMs })
      }
      await sleep(jitter())
      const simulated = cell.server.handle(performance.now() - cell.startedAt)
      await sleep(jitter())
      const status = simulated.rateLimited ? 429 : 200
      response.statusCode = status
      response.setHeader("content-type", "application/json")
      if (simulated.limit !== undefined) response.setHeader("x-ratelimit-limit", simulated.limit)
      if (simulated.remaining !== undefined)
        response.setHeader("x-ratelimit-remaining", simulated.remaining)
      if (simulated.retryAfterMs !== undefined)
        response.setHeader("retry-after", simulated.retryAfterMs / 1000)
      response.end(
        JSON.stringify(
          simulated.rateLimited
            ? { code: 429, message: "Too Many Requests" }
            : { code: "200", message: "Contact added successfully!" },
        ),
      )
      cell.lastAt = performance.now()
      if (simulated.rateLimited) cell.rateLimited += 1
      else cell.created += 1
    }),
    server: undefined,
    startedAt: 0,
    phaseMs: 0,
    lastAt: 0,
    created: 0,
    rateLimited: 0,
  }
  cells.set(id, cell)
  cell.http.listen(0, "127.0.0.1", () => {
    const address = cell.http.address()
    if (typeof address === "object" && address !== null) {
      send({ kind: "opened", id, port: address.port })
    }
  })
}

process.on("message", (order: Order) => {
  if (order.kind === "open") return open(order.id, order.options)
  const cell = cells.get(order.id)
  if (cell === undefined) return
  cell.http.close()
  cell.http.closeAllConnections()
  cells.delete(order.id)
  const { created, rateLimited, phaseMs } = cell
  const makespanMs = cell.lastAt - cell.startedAt
  send({ kind: "closed", id: order.id, created, rateLimited, makespanMs, phaseMs })
})
process.on("disconnect", () => process.exit())
