const { Aelyst } = require("@aelyst/node")
const { OutboxError, outbox } = require("@aelyst/outbox")
const { postgres } = require("@aelyst/outbox/postgres")

if (typeof postgres !== "function" || typeof OutboxError !== "function") throw new Error("no entry")
const main = async () => {
  const client = new Aelyst()
  const box = outbox({ client, file: "outbox/require.db" })
  const { id } = await box.accept({
    identifier: "id:outbox-require",
    contact: { firstName: "Outbox" },
  })
  await box.drain()
  const { state } = (await box.get(id)) ?? {}
  if (state !== "created") throw new Error(`it is ${state}`)
  await box.close()
  await client.close()
}
void main()
