/** Starts a sandbox and the sign-up page on it. The environment variable `PORT` sets the page's port; default 3000. */
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"

import { signup } from "./app.ts"

const sandbox = await Sandbox.start({ processingDelayMs: 1_000 })
const inspector = new URL("/_sandbox", sandbox.baseUrl).href
// a visitor waits for the response: say when to come back instead of waiting long
const client = new Aelyst({
  baseUrl: sandbox.baseUrl,
  token: sandbox.tokens.ok,
  maxQueue: 100,
  maxWaitMs: 2_000,
  deadlineMs: 15_000,
})
const server = signup({ client, inspector, perMinute: 20 }).listen(
  Number(process.env["PORT"] ?? 3000),
  "127.0.0.1",
  (error) => {
    if (error !== undefined) throw error
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    console.log(`Sign-up page        http://127.0.0.1:${port}/
Sandbox inspector   ${inspector}`)
  },
)

const stop = (): void => {
  server.close()
  server.closeAllConnections()
  void Promise.all([client.close({ timeoutMs: 1_000 }), sandbox.close()])
}
process.once("SIGINT", stop)
process.once("SIGTERM", stop)
