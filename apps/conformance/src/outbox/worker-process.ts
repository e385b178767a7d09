/**
 * A process with an outbox: accepts what its parent sends, and creates it. It says that a contact is accepted only when
 * the outbox has said so, and what became of it only when the outbox reports it.
 */
import { Aelyst } from "@aelyst/node"
import { outbox } from "@aelyst/outbox"

import type { ToWorker, WorkerSettings } from "./Fleet.ts"

// safe: the parent passes them
const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings
const client = new Aelyst({
  baseUrl: settings.baseUrl,
  token: settings.token,
  doubtDelayMs: settings.doubtDelayMs,
})
const box = outbox({
  client,
  file: settings.file,
  delivery: settings.delivery,
  leaseMs: settings.leaseMs,
  concurrency: 8,
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
      process.send?.({ refused: identifier, reason: error instanceof Error ? error.message : "" })
    })
})
process.send?.({ ready: true })
