/**
 * A process with an outbox: accepts what its parent sends, and creates it. It reports that a contact
 * is accepted, and how it ended, only when the outbox has reported it.
 */
import { Aelyst } from "@aelyst/node"
import { outbox } from "@aelyst/outbox"
import { postgres } from "@aelyst/outbox/postgres"
import { Pool } from "pg"

import { controlled } from "./Controls.ts"
import type { ToWorker, WorkerSettings } from "./Fleet.ts"

// safe: the parent passes them
const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings
const client = new Aelyst({
  baseUrl: settings.baseUrl,
  token: settings.token,
  doubtDelayMs: settings.doubtDelayMs,
})

const storeOf = (connectionString: string) => {
  const pool = new Pool({
    connectionString,
    max: 4,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
  })
  // a crashed server ends idle connections
  pool.on("error", () => {})
  return controlled(
    settings.control,
    (query) => postgres({ query }),
    (text, values) => pool.query(text, values),
  )
}

const box = outbox({
  client,
  ...(settings.file === undefined
    ? { store: storeOf(settings.url ?? "") }
    : { file: settings.file }),
  delivery: settings.delivery,
  leaseMs: settings.leaseMs,
  concurrency: 8,
  // the parent kills databases: their errors are expected
  log: () => {},
  onEnd: ({ id, state }) => process.send?.({ ended: id, state }),
})

process.on("message", (message: ToWorker) => {
  if ("stop" in message) {
    void box.close().then(async () => {
      await client.close()
      process.exit(0)
    })
    return
  }
  const { accept: identifier, idempotencyKey } = message
  box
    .accept({ identifier, contact: { firstName: "Ana" } }, { idempotencyKey })
    .then(({ id }) => process.send?.({ accepted: id, identifier }))
    .catch((error: unknown) => {
      process.send?.({ rejected: identifier, reason: error instanceof Error ? error.message : "" })
    })
})
process.send?.({ ready: true })
