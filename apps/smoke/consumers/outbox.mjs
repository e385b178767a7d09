import { Aelyst } from "@aelyst/node"
import { OutboxError, outbox } from "@aelyst/outbox"
import { postgres } from "@aelyst/outbox/postgres"

if (typeof postgres !== "function" || typeof OutboxError !== "function") throw new Error("no entry")
const client = new Aelyst()
const box = outbox({ client, file: "outbox/import.db" })
const { id } = await box.accept({
  identifier: "id:outbox-import",
  contact: { firstName: "Outbox" },
})
await box.drain()
const { state } = (await box.get(id)) ?? {}
if (state !== "created") throw new Error(`it is ${state}`)
await box.close()
await client.close()
