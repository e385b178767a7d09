// Run as a process of its own: it has to end by itself after its last call was aborted, without being closed.
import { Aelyst } from "../src/index.ts"

const [, , baseUrl = "", token = ""] = process.argv
const aelyst = new Aelyst({ baseUrl, token })
const ana = { firstName: "Ana" }
const { signal, abort } = (() => {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error("enough")) }
})()
await aelyst.contacts.create("id:1", ana)
const ended = Promise.allSettled([
  // in flight, and in line behind it
  aelyst.contacts.create("email:stall@sandbox.test", ana, { signal }),
  aelyst.contacts.create("id:2", ana, { signal }),
])
setTimeout(() => {
  abort()
  void ended.then((results) => {
    if (results.some(({ status }) => status === "fulfilled")) process.exit(2)
    // fires only where something else holds the process for so long
    return setTimeout(() => process.exit(1), 100).unref()
  })
}, 200)
