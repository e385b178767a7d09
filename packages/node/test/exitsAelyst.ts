// Runs as a separate process, which must exit without help, and without closing the client, once its calls were aborted.
import { once } from "node:events"

import { Aelyst } from "../src/index.ts"
import { assertIdle } from "./idle.ts"

const [, , baseUrl = "", token = ""] = process.argv
const aelyst = new Aelyst({ baseUrl, token })
const ana = { firstName: "Ana" }
const controller = new AbortController()
const { signal } = controller
await aelyst.contacts.create("id:1", ana)
const ended = Promise.allSettled([
  // in flight, and in the queue behind it
  aelyst.contacts.create("email:stall@sandbox.test", ana, { signal }),
  aelyst.contacts.create("id:2", ana, { signal }),
])
// the test says when the first of them has arrived
await once(process, "message")
process.disconnect()
controller.abort(new Error("enough"))
const results = await ended
if (results.some(({ status }) => status === "fulfilled")) process.exit(2)
await assertIdle()
