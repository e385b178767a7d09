/** Processes that share the file of an outbox, and everything that they have said before they were killed. */
import type { Delivery, OutboxState } from "@aelyst/outbox"
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

import type { Control } from "./Controls.ts"

/** The settings of a process. */
export interface WorkerSettings {
  readonly baseUrl: string
  readonly token: string
  readonly file?: string
  readonly url?: string
  readonly control?: Control
  readonly delivery: Delivery
  readonly leaseMs: number
  readonly doubtDelayMs: number
}

/** A message to a process. */
export type ToWorker =
  | { readonly accept: `id:${string}`; readonly idempotencyKey?: string }
  | { readonly stop: true }

type FromWorker =
  | { readonly ready: true }
  | { readonly accepted: string; readonly identifier: string }
  | { readonly rejected: string; readonly reason: string }
  | { readonly ended: string; readonly state: OutboxState }

const script = fileURLToPath(new URL("worker-process.ts", import.meta.url))

/** One process of the fleet. */
export interface Worker {
  readonly process: ChildProcess
  readonly ready: Promise<void>
  readonly exited: Promise<void>
  /** When it was started, by `performance.now()`. */
  readonly startedAt: number
}

/** The processes of one outbox. */
export class Fleet {
  readonly settings: WorkerSettings
  readonly workers: Array<Worker> = []
  /** The identifier of each contact that was reported as accepted, by `id`. */
  readonly accepted = new Map<string, string>()
  /** Every end that was reported, by `id`. */
  readonly ended = new Map<string, Array<OutboxState>>()
  readonly rejected: Array<string> = []
  /** The number of submissions that were accepted or rejected. */
  replies = 0

  constructor(settings: WorkerSettings) {
    this.settings = settings
  }

  /** Starts a process. */
  start(): Worker {
    const child = fork(script, [JSON.stringify(this.settings)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    })
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
    const ready = new Promise<void>((resolve) => {
      child.on("message", (message: FromWorker) => {
        if ("ready" in message) resolve()
        else this.#note(message)
      })
    })
    const worker = { process: child, ready, exited, startedAt: performance.now() }
    this.workers.push(worker)
    return worker
  }

  #note(message: Exclude<FromWorker, { readonly ready: true }>): void {
    if (!("ended" in message)) this.replies++
    if ("accepted" in message) this.accepted.set(message.accepted, message.identifier)
    else if ("rejected" in message) this.rejected.push(message.reason)
    else this.ended.set(message.ended, [...(this.ended.get(message.ended) ?? []), message.state])
  }

  /** Sends a message; one to a process that was killed is lost, like a request to a server. */
  send(worker: Worker, message: ToWorker): void {
    if (worker.process.connected) worker.process.send(message, () => {})
  }

  /** Ends a process by a signal, and waits for its end. */
  async kill(worker: Worker, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    worker.process.kill(signal)
    await worker.exited
    this.workers.splice(this.workers.indexOf(worker), 1)
  }

  /** Stops a process in order, and waits for its end. */
  async stop(worker: Worker): Promise<void> {
    this.send(worker, { stop: true })
    await worker.exited
    this.workers.splice(this.workers.indexOf(worker), 1)
  }

  /** Stops what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => this.kill(worker)))
  }
}
