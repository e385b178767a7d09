/** Opens rate-limited APIs in a separate process, and reads their ledgers. */
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"

import type { ServerOptions } from "../pacing/Server.ts"

/** A limiter and the way to it; times in milliseconds. */
export interface LimitedOptions extends Omit<ServerOptions, "phaseMs" | "odd"> {
  /** The mean round trip; each way varies by a fifth. */
  readonly roundTripMs: number
  /** How much later than usual the first response comes. Default 0. */
  readonly firstResponseMs?: number
}

/** One request that the API has received, in order of time. */
export interface Arrival {
  readonly process: number
  readonly identifier: string
  readonly at: number
  readonly rateLimited: boolean
}

/** The requests of a run: the judge. */
export interface Ledger {
  readonly server: ServerOptions
  readonly arrivals: ReadonlyArray<Arrival>
  /** When the first request came. */
  readonly startedAt: number
  /** When the last response left. */
  readonly endedAt: number
}

/** A request to the process. */
export type Order =
  | { readonly kind: "open"; readonly id: number; readonly options: LimitedOptions }
  | { readonly kind: "close"; readonly id: number }

/** A response of the process, or news: the first request that a worker sent. */
export type Report =
  | { readonly kind: "opened"; readonly id: number; readonly port: number }
  | { readonly kind: "first"; readonly id: number; readonly process: number }
  | { readonly kind: "closed"; readonly id: number; readonly ledger: Ledger }

/** One open API. */
export interface LimitedServer {
  readonly baseUrl: string
  /** Waits for the first request of a process. */
  readonly firstOf: (process: number) => Promise<unknown>
  /** Closes it and returns its ledger. */
  readonly close: () => Promise<Ledger>
}

/** The process of the APIs; they end with it. */
export class LimitedServers implements Disposable {
  readonly #child: ChildProcess = fork(new URL("./limited-servers.ts", import.meta.url))
  readonly #seen = new Map<string, Report>()
  readonly #waiting = new Map<string, (report: Report) => void>()
  #next = 0

  constructor() {
    this.#child.on("message", (report: Report) => {
      const name = nameOf(report)
      this.#seen.set(name, report)
      this.#waiting.get(name)?.(report)
    })
  }

  #report<Kind extends Report["kind"]>(
    name: string,
    kind: Kind,
  ): Promise<Extract<Report, { readonly kind: Kind }>> {
    const isKind = (report: Report): report is Extract<Report, { readonly kind: Kind }> =>
      report.kind === kind
    return new Promise((resolve) => {
      const take = (report: Report) => {
        if (isKind(report)) resolve(report)
      }
      const seen = this.#seen.get(name)
      if (seen === undefined) this.#waiting.set(name, take)
      else take(seen)
    })
  }

  /** Opens an API. */
  async open(options: LimitedOptions): Promise<LimitedServer> {
    const id = this.#next++
    this.#child.send({ kind: "open", id, options } satisfies Order)
    const { port } = await this.#report(`opened ${id}`, "opened")
    return {
      baseUrl: `http://127.0.0.1:${port}`,
      firstOf: (process) => this.#report(`first ${id} ${process}`, "first"),
      close: async () => {
        this.#child.send({ kind: "close", id } satisfies Order)
        return (await this.#report(`closed ${id}`, "closed")).ledger
      },
    }
  }

  [Symbol.dispose](): void {
    this.#child.disconnect()
  }
}

const nameOf = (report: Report): string =>
  report.kind === "first" ? `first ${report.id} ${report.process}` : `${report.kind} ${report.id}`
