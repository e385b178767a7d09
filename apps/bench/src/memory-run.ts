/**
 * Creates contacts in a separate process and reports the process's size on the way: `memory-run.ts <client> <port>
 * <rows>`. With `--expose-gc` it also reports the size of the live heap.
 */
import { Agent, request } from "undici"

import { contact, headers, token } from "./contact.ts"

const [, , client = "", port = "", rows = ""] = process.argv
const baseUrl = `http://127.0.0.1:${port}`
/** Rows between two reports, so many that reporting costs little. */
const every = 5_000

let done = 0
const count = () => {
  done++
  if (done % every !== 0) return
  const { rss } = process.memoryUsage()
  globalThis.gc?.()
  process.send?.({ done, rss, live: process.memoryUsage().heapUsed })
}

/** Generates the rows, and keeps no reference to them. */
function* source() {
  for (let n = 0; n < Number(rows); n++) yield { identifier: `id:${n}` as const, contact }
}

const createMany = async () => {
  const { Aelyst } = await import("../../../packages/node/dist/index.js")
  const aelyst = new Aelyst({ baseUrl, token })
  const run = aelyst.contacts.createMany(source())
  for await (const row of run) {
    if (row.outcome !== "created") throw new Error(`row ${row.index} ended ${row.outcome}`)
    count()
  }
  await aelyst.close()
}

const rawUndici = async () => {
  const agent = new Agent({ connections: 32 })
  const all = source()
  const worker = async () => {
    for (const { identifier } of all) {
      const { body } = await request(`${baseUrl}/contact/${identifier}`, {
        dispatcher: agent,
        method: "POST",
        headers,
        body: JSON.stringify(contact),
      })
      JSON.parse(await body.text())
      count()
    }
  }
  await Promise.all(Array.from({ length: 32 }, worker))
  await agent.close()
}

await (client === "undici" ? rawUndici() : createMany())
if (done !== Number(rows)) throw new Error(`${done} rows were created`)
process.disconnect()
