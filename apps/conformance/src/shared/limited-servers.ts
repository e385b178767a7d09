/**
 * Rate-limited APIs in a separate process, run by `LimitedServers`: each keeps a ledger of the requests that it received,
 * and by whom. An identifier is `id:<process>-<number>`. Times in the ledger are milliseconds since 1970, monotonic.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"

import type { ServerOptions } from "../pacing/Server.ts"
import { Server } from "../pacing/Server.ts"
import type { Arrival, LimitedOptions, Order, Report } from "./LimitedServers.ts"

const now = () => performance.timeOrigin + performance.now()
const send = (report: Report) => process.send?.(report)

/** One API: a limiter behind a network. */
class LimitedServer {
  readonly #id: number
  readonly #options: LimitedOptions
  readonly #http = createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
    void this.#respond(request, response)
  })
  readonly #arrivals: Array<Arrival> = []
  #server: Server | undefined
  #startedAt = 0
  #endedAt = 0

  constructor(id: number, options: LimitedOptions) {
    this.#id = id
    this.#options = options
    this.#http.listen(0, "127.0.0.1", () => {
      const address = this.#http.address()
      if (typeof address === "object" && address !== null) {
        send({ kind: "opened", id, port: address.port })
      }
    })
  }

  #way(): Promise<void> {
    return sleep((this.#options.roundTripMs / 2) * (0.8 + 0.4 * Math.random()))
  }

  /** The limiter, whose clock starts with the first request. */
  #limiter(): Server {
    if (this.#server === undefined) {
      this.#startedAt = now()
      this.#server = new Server({ ...this.#options, phaseMs: this.#startedAt % 3_600_000 })
    }
    return this.#server
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    const [identifier = "", by = ""] = /id:(\d+)-\d+/.exec(request.url ?? "") ?? []
    const process = Number(by)
    const limiter = this.#limiter()
    if (!this.#arrivals.some((arrival) => arrival.process === process)) {
      send({ kind: "first", id: this.#id, process })
    }
    await this.#way()
    const at = now()
    const simulated = limiter.handle(at - this.#startedAt)
    this.#arrivals.push({ process, identifier, at, rateLimited: simulated.rateLimited })
    await sleep(this.#arrivals.length === 1 ? (this.#options.firstResponseMs ?? 0) : 0)
    await this.#way()
    response.statusCode = simulated.rateLimited ? 429 : 200
    const headers = {
      "content-type": "application/json",
      "x-ratelimit-limit": simulated.limit,
      "x-ratelimit-remaining": simulated.remaining,
      "retry-after":
        simulated.retryAfterMs === undefined ? undefined : simulated.retryAfterMs / 1000,
    }
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) response.setHeader(name, value)
    }
    response.end(
      JSON.stringify(
        simulated.rateLimited
          ? { code: 429, message: "Too Many Requests" }
          : { code: "200", message: "Contact added successfully!" },
      ),
    )
    this.#endedAt = now()
  }

  close(): void {
    this.#http.close()
    this.#http.closeAllConnections()
    const server: ServerOptions = { ...this.#options, phaseMs: this.#startedAt % 3_600_000 }
    const ledger = { arrivals: this.#arrivals, startedAt: this.#startedAt, endedAt: this.#endedAt }
    send({ kind: "closed", id: this.#id, ledger: { ...ledger, server } })
  }
}

const open = new Map<number, LimitedServer>()

process.on("message", (order: Order) => {
  if (order.kind === "open") open.set(order.id, new LimitedServer(order.id, order.options))
  else open.get(order.id)?.close()
})
process.on("disconnect", () => process.exit())
