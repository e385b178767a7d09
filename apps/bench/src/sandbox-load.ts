/**
 * Creates contacts as fast as a server responds, in a separate process. It writes to bare sockets, one request at a time
 * on each, so that only the servers are measured.
 */
import { connect } from "node:net"

import { contact, headers } from "./contact.ts"

/** An order: create the contacts `from` up to `to`, on so many connections. */
export interface Order {
  readonly port: number
  readonly from: number
  readonly to: number
  readonly inFlight: number
}

/** A report: the total time and the time of each response, in milliseconds. */
export interface Load {
  readonly ms: number
  readonly latencies: ReadonlyArray<number>
}

const body = JSON.stringify(contact)
const rest = [
  "HTTP/1.1",
  "host: 127.0.0.1",
  ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  `content-length: ${Buffer.byteLength(body)}`,
  "",
  body,
].join("\r\n")

const run = async ({ from, inFlight, port, to }: Order): Promise<Load> => {
  const latencies: Array<number> = []
  let next = from
  const began = performance.now()
  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true })
      let sent = 0
      let received = ""
      const send = () => {
        if (next >= to) {
          socket.destroy()
          return resolve()
        }
        received = ""
        sent = performance.now()
        socket.write(`POST /v1/contact/id:${next++} ${rest}`)
        return undefined
      }
      socket.on("connect", send)
      socket.on("error", reject)
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1")
        // both servers send the response in one chunk
        if (!received.endsWith("}")) return
        if (!received.startsWith("HTTP/1.1 200 ")) return reject(new Error(received))
        latencies.push(performance.now() - sent)
        send()
      })
    })
  await Promise.all(Array.from({ length: inFlight }, worker))
  return { ms: performance.now() - began, latencies }
}

process.on("message", (order: Order) => {
  run(order).then(
    (load) => process.send?.(load),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on("disconnect", () => process.exit())
