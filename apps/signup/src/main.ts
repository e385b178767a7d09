/**
 * Starts the sign-up page on an embedded sandbox, or on the API that `AELYST_BASE_URL` and `AELYST_TOKEN` name. An outbox
 * takes the sign-ups: none is lost while the API is down. `PORT` sets the page's port, default 3000; `SIGNUP_DATA` the
 * folder of the outbox, by default one that is removed at the end.
 */
import { Aelyst } from "@aelyst/node"
import { outbox } from "@aelyst/outbox"
import { Sandbox } from "@aelyst/sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { signup } from "./app.ts"

const { AELYST_BASE_URL, AELYST_TOKEN, PORT, SIGNUP_DATA } = process.env
const sandbox =
  AELYST_BASE_URL === undefined ? await Sandbox.start({ processingDelayMs: 1_000 }) : undefined
const baseUrl = AELYST_BASE_URL ?? sandbox?.baseUrl ?? ""
const inspector = new URL("/_sandbox", baseUrl).href
const client = new Aelyst({ baseUrl, token: AELYST_TOKEN ?? "sandbox_ok", maxQueue: 100 })
const data = SIGNUP_DATA ?? mkdtempSync(join(tmpdir(), "aelyst-signup-"))
const box = outbox({ client, file: join(data, "outbox.db") })
const server = signup({ client, delivery: box, inspector, perMinute: 20 }).listen(
  Number(PORT ?? 3000),
  "127.0.0.1",
  (error) => {
    if (error !== undefined) throw error
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    console.log(`Sign-up page        http://127.0.0.1:${port}/
Sandbox inspector   ${inspector}`)
  },
)

const stop = async (): Promise<void> => {
  server.close()
  server.closeAllConnections()
  await box.close({ timeoutMs: 1_000 })
  await Promise.all([client.close({ timeoutMs: 1_000 }), sandbox?.close()])
  if (SIGNUP_DATA === undefined) rmSync(data, { recursive: true, force: true })
}
process.once("SIGINT", () => void stop())
process.once("SIGTERM", () => void stop())
