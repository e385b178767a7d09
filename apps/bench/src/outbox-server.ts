/**
 * An app that accepts contacts: `bare` makes one durable insert per request, `outbox` hands it to an outbox whose API is
 * down. Or a worker that sends what is in an outbox: `claims` is the bare loop, `worker` the outbox. The parent passes what it
 * is, and the file.
 */
import { Aelyst } from "@aelyst/node"
import { createContact } from "@aelyst/express"
import { outbox } from "@aelyst/outbox"
import express from "express"
import { DatabaseSync } from "node:sqlite"

const [, , kind = "", file = "", baseUrl = "http://127.0.0.1:9"] = process.argv
const client = new Aelyst({ baseUrl, token: "sandbox_ok", rateLimit: false })

const openBare = (): DatabaseSync => {
  const database = new DatabaseSync(file, { timeout: 5_000 })
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, identifier TEXT, body TEXT, state TEXT, owner INTEGER)`)
  return database
}

const serve = (): void => {
  const app = express()
  if (kind === "bare") {
    const insert = openBare().prepare(
      "INSERT INTO rows (identifier, body, state) VALUES (?, ?, 'planned')",
    )
    app.post("/", express.json(), (req, res) => {
      const { lastInsertRowid } = insert.run(`email:${req.body.email}`, JSON.stringify(req.body))
      res.status(202).json({ status: "accepted", id: String(lastInsertRowid) })
    })
  } else {
    const box = outbox({ client, file, maxPending: 10_000_000, log: () => {} })
    app.post("/", createContact({ client, delivery: box }))
  }
  const server = app.listen(0, "127.0.0.1", () => {
    const address = server.address()
    process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 })
  })
}

/** Claims, posts and ends rows, 16 at a time, without any promise. */
const claimLoop = async (): Promise<void> => {
  const database = openBare()
  const claim = database.prepare(`UPDATE rows SET state = 'claimed', owner = ${process.pid}
    WHERE seq IN (SELECT seq FROM rows WHERE state = 'planned' LIMIT 16) RETURNING seq, identifier, body`)
  const end = database.prepare("UPDATE rows SET state = 'done' WHERE seq = ?")
  while (true) {
    const rows = claim.all()
    if (rows.length === 0) break
    await Promise.all(
      rows.map(async ({ body, identifier, seq }) => {
        const response = await fetch(`${baseUrl}/contact/${String(identifier)}`, {
          method: "POST",
          headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
          body: String(body),
        })
        await response.text()
        end.run(Number(seq))
      }),
    )
  }
}

if (kind === "bare" || kind === "outbox") serve()
else {
  process.send?.({ ready: true })
  process.once("message", async () => {
    if (kind === "claims") await claimLoop()
    else {
      const box = outbox({ client, file, log: () => {} })
      await box.drain()
      await box.close()
    }
    await client.close()
    process.send?.({ done: true })
    process.disconnect()
  })
}
