/**
 * An app that accepts contacts: `bare` makes one durable insert per request, `outbox` hands it to an outbox whose API is
 * down. Or a worker that sends what is in an outbox: `claims` is the bare loop, `worker` the outbox. The parent passes what it
 * is, and the file or the URL of the database.
 */
import { Aelyst } from "@aelyst/node"
import { createContact } from "@aelyst/express"
import { outbox } from "@aelyst/outbox"
import express from "express"

import { bareTable, storeOf } from "./outbox-locations.ts"

const [, , kind = "", location = "", baseUrl = "http://127.0.0.1:9"] = process.argv
const client = new Aelyst({ baseUrl, token: "sandbox_ok", rateLimit: false })

const serve = (): void => {
  const app = express()
  if (kind === "bare") {
    const { insert } = bareTable(location)
    app.post("/", express.json(), (req, res, next) => {
      insert(`email:${req.body.email}`, JSON.stringify(req.body)).then(
        (id) => res.status(202).json({ status: "accepted", id }),
        next,
      )
    })
  } else {
    const { store } = storeOf(location)
    const box = outbox({ client, ...store, maxPending: 10_000_000, log: () => {} })
    app.post("/", createContact({ client, delivery: box }))
  }
  const server = app.listen(0, "127.0.0.1", () => {
    const address = server.address()
    process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 })
  })
}

/** Claims, posts and ends rows, 16 at a time, without any promise. */
const claimLoop = async (): Promise<void> => {
  const { claim, close, end } = bareTable(location)
  while (true) {
    const rows = await claim(16, process.pid)
    if (rows.length === 0) break
    await Promise.all(
      rows.map(async ({ body, identifier, seq }) => {
        const response = await fetch(`${baseUrl}/contact/${identifier}`, {
          method: "POST",
          headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
          body,
        })
        await response.text()
        await end(seq)
      }),
    )
  }
  await close()
}

const send = async (): Promise<void> => {
  const { close, store } = storeOf(location)
  const box = outbox({ client, ...store, log: () => {} })
  await box.drain()
  await box.close()
  await close()
}

if (kind === "bare" || kind === "outbox") serve()
else {
  process.send?.({ ready: true })
  process.once("message", async () => {
    await (kind === "claims" ? claimLoop() : send())
    await client.close()
    process.send?.({ done: true })
    process.disconnect()
  })
}
