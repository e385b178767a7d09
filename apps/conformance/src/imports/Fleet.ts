/** Worker processes that share the imports of one database, which are killed, frozen and stopped. */
import type { WorkerEnd } from "@aelyst/workflow"
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

import type { Control } from "./Controls.ts"

/** The settings of a worker process. */
export interface WorkerSettings {
  readonly url: string
  readonly baseUrl: string
  readonly token: string
  readonly leaseMs: number
  readonly doubtDelayMs: number
  /** Requests in flight per range. */
  readonly concurrency: number
  readonly control?: Control | undefined
  /** Megabytes of heap; Node's own limit by default. */
  readonly heapMb?: number | undefined
}

/** A message of a worker process. */
export type FromWorker =
  | { readonly ready: true }
  | { readonly rssMb: number }
  | { readonly end: WorkerEnd }

/** A worker process. */
export interface Worker {
  readonly process: ChildProcess
  readonly ready: Promise<void>
  readonly exited: Promise<unknown>
  /** How it ended, once it has said so. */
  end?: WorkerEnd
  /** The most memory that it was seen to use. */
  rssMb: number
}

const script = fileURLToPath(new URL("worker-process.ts", import.meta.url))

/** The worker processes of one database. */
export class Fleet {
  readonly settings: WorkerSettings
  readonly workers: Array<Worker> = []
  /** The most memory of all workers, those that have ended included. */
  mostRssMb = 0

  constructor(settings: WorkerSettings) {
    this.settings = settings
  }

  /** Starts a worker. */
  start(): Worker {
    const { heapMb } = this.settings
    const child = fork(script, [JSON.stringify(this.settings)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // without the second, a small heap is marked all the time: Node.js 24 lets the young generation grow to 64 MB
      execArgv:
        heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`, "--max-semi-space-size=8"],
    })
    const exited = once(child, "exit")
    const ready = new Promise<void>((resolve) => {
      child.on("message", (said: FromWorker) => {
        if ("ready" in said) resolve()
        else if ("end" in said) worker.end = said.end
        else {
          worker.rssMb = Math.max(worker.rssMb, said.rssMb)
          this.mostRssMb = Math.max(this.mostRssMb, said.rssMb)
        }
      })
    })
    const worker: Worker = { process: child, ready, exited, rssMb: 0 }
    this.workers.push(worker)
    return worker
  }

  /** Ends a worker by a signal, and waits for its end: SIGTERM stops it in order. */
  async kill(worker: Worker, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    worker.process.kill(signal)
    await worker.exited
    this.workers.splice(this.workers.indexOf(worker), 1)
  }

  /** Ends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => this.kill(worker)))
  }
}
