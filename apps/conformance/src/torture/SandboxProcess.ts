/** Runs the sandbox of a campaign in another process, and counts its requests as they arrive. */
import { fork } from "node:child_process"

import type { FaultSpec, LedgerEntry, SandboxOptions } from "@aelyst/sandbox"

import type { Message, Question } from "./TortureSandbox.ts"

/** A sandbox in another process. */
export interface SandboxProcess extends AsyncDisposable {
  readonly baseUrl: string
  /** Resolves when so many more requests have arrived; never rejects. */
  readonly afterRequests: (count: number) => Promise<void>
  /** Forgets all contacts. */
  readonly reset: () => Promise<void>
  readonly ledger: () => Promise<ReadonlyArray<LedgerEntry>>
}

const rows = { identifier: "email:row*" }

/** The fault of the rows that the API rejects. */
export const rejecting: FaultSpec = { match: { identifier: "email:400-*" }, status: 400 }

/** The faults of the server: it rejects some rows, fails for some, before or after it has created them, and loses responses. */
const faults: ReadonlyArray<FaultSpec> = [
  rejecting,
  { match: rows, status: 429, retryAfter: 1, probability: 0.005 },
  { match: rows, status: 500, commit: false, probability: 0.01 },
  { match: rows, status: 500, commit: true, probability: 0.01 },
  { match: rows, delivery: "drop", commit: true, probability: 0.02 },
]

/** Starts a sandbox with these faults in another process; by default it has no limit to speak of. */
export const startSandbox = async (options: SandboxOptions): Promise<SandboxProcess> => {
  const input = { limit: 100_000, latencyMs: [0, 15], faults, ...options }
  const module = new URL("TortureSandbox.ts", import.meta.url)
  // without the flags of a test runner
  const child = fork(module, [JSON.stringify(input)], { execArgv: [] })
  const exited = new Promise((resolve) => child.once("exit", resolve))
  let requests = 0
  let waits: Array<{ readonly until: number; readonly resolve: () => void }> = []
  const next = <Type extends Message["type"]>(type: Type) =>
    new Promise<Message & { readonly type: Type }>((resolve, reject) => {
      child.on("message", function read(sent) {
        // safe: the type of its messages
        const message = sent as Message
        if (message.type !== type) return
        child.off("message", read)
        // safe: just compared
        resolve(message as Message & { readonly type: Type })
      })
      void exited.then(() => reject(new Error("the sandbox has ended")))
    })
  child.on("message", (sent) => {
    // safe: the type of its messages
    if ((sent as Message).type !== "request") return
    requests += 1
    for (const { resolve, until } of waits) if (until <= requests) resolve()
    waits = waits.filter(({ until }) => until > requests)
  })
  const ask = <Type extends Question>(question: Type) => {
    const reply = next(question)
    child.send(question)
    return reply
  }
  const { baseUrl } = await next("started")
  return {
    baseUrl,
    afterRequests: (count) =>
      new Promise((resolve) => {
        waits.push({ until: requests + count, resolve })
      }),
    reset: async () => void (await ask("reset")),
    ledger: async () => (await ask("ledger")).ledger,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await exited
    },
  }
}
