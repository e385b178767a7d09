/**
 * A TCP proxy that breaks connections at a chosen byte: in front of a server that knows nothing of it, whose ledger then
 * tells what was processed.
 */
import type { AddressInfo } from "node:net"
import * as Net from "node:net"

/** What happens to a connection once `at` bytes have passed in one direction; those bytes still pass. */
export interface Fault {
  /** `up` is from the client to the server, `down` back. */
  readonly direction: "up" | "down"
  /** The number of bytes that still pass. */
  readonly at: number
  /**
   * `reset` and `end` close the client's side with RST or FIN (a reset of `up` resets the server's side as well),
   * `stall` passes nothing more, `corrupt` inverts every later byte, `trickle` passes them one by one.
   */
  readonly action: "reset" | "end" | "stall" | "corrupt" | "trickle"
}

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** How many connections were made. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

/** Starts a proxy in front of `port` on 127.0.0.1; `plan` gives the fault of each connection, counted from 0. */
export const start = async (
  port: number,
  plan: (connection: number) => Fault | undefined,
): Promise<FaultProxy> => {
  const sockets = new Set<Net.Socket>()
  let count = 0
  const server = Net.createServer((client) => {
    const fault = plan(count++)
    const upstream = Net.connect({ host: "127.0.0.1", port })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => undefined)
      socket.on("close", () => sockets.delete(socket))
    }
    client.on("close", () => upstream.destroy())
    upstream.on("close", () => {
      if (fault?.action !== "stall") client.end()
    })
    const strike = (): void => {
      if (fault?.action === "reset") {
        client.resetAndDestroy()
        if (fault.direction === "up") upstream.resetAndDestroy()
      }
      if (fault?.action === "end") client.end()
    }
    const pass = (from: Net.Socket, to: Net.Socket, direction: Fault["direction"]) => {
      let passed = 0
      from.on("data", (chunk: Buffer) => {
        if (fault === undefined || fault.direction !== direction) {
          to.write(chunk)
          return
        }
        const left = Math.max(0, fault.at - passed)
        passed += chunk.length
        const head = chunk.subarray(0, left)
        if (passed < fault.at) {
          to.write(head)
          return
        }
        if (fault.action === "trickle") {
          to.write(head)
          for (const byte of chunk.subarray(left)) to.write(Buffer.of(byte))
        } else if (fault.action === "corrupt") {
          to.write(Buffer.concat([head, chunk.subarray(left).map((byte) => byte ^ 0xff)]))
        } else if (left > 0) {
          to.write(head, strike)
        } else strike()
      })
    }
    if (fault?.at === 0 && fault.direction === "up") strike()
    pass(client, upstream, "up")
    pass(upstream, client, "down")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  // safe: a server that listens on a port has an address
  const address = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return {
    origin: `http://127.0.0.1:${address.port}`,
    port: address.port,
    connections: () => count,
    close,
    [Symbol.asyncDispose]: close,
  }
}
