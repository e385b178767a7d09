/**
 * A TCP proxy that breaks connections at a chosen byte: in front of a server that knows nothing of it, whose ledger then
 * tells what was processed.
 */
import type { AddressInfo } from "node:net"
import * as Net from "node:net"

import * as Random from "../pacing/Random.ts"

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

/** A line that is long, narrow and lossy. Times are those of the line: `scale` shortens all of them alike. */
export interface Line {
  /** How long each segment is under way in each direction, in milliseconds, at least and at most. */
  readonly delayMs: readonly [least: number, most: number]
  /** How much it carries in each direction, for all connections together. */
  readonly kbitPerSecond: number
  /** How likely a segment is lost, 0 to 1, each time that it is sent. */
  readonly loss: number
  /** After how long a lost segment is sent again; the wait doubles with each further loss. Default 200 ms. */
  readonly retransmitMs?: number
  /** What one millisecond of the line takes, in milliseconds. Default 1. */
  readonly scale?: number
  /** Seeds the losses and the delays. */
  readonly seed: number
}

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** How many connections were made. */
  readonly connections: () => number
  /** Waits until so many pieces of what was sent were corrupted and passed on. */
  readonly corrupted: (count: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** The most bytes of a segment, and those that TCP and IP add to it. */
const segmentBytes = 1_448
const headerBytes = 52

/** Carries one direction of one connection: in order, so that a lost segment holds up those behind it. */
type Carry = (from: Net.Socket, to: Net.Socket) => void

/** Makes the two directions of a line; each is shared by all connections. */
const lineOf = ({ delayMs, kbitPerSecond, loss, retransmitMs = 200, scale = 1, seed }: Line) => {
  const random = Random.source(seed)
  const [least, most] = delayMs
  const direction = (): Carry => {
    let freeAt = 0
    /** When a segment that is sent now has arrived, in milliseconds of this machine. */
    const arrival = (bytes: number): number => {
      let under = least + (most - least) * random()
      for (let wait = retransmitMs; random() < loss; wait *= 2) under += wait
      freeAt =
        Math.max(freeAt, performance.now()) + (((bytes + headerBytes) * 8) / kbitPerSecond) * scale
      return freeAt + under * scale
    }
    return (from, to) => {
      let last: Promise<void> = Promise.resolve()
      const pass = (at: number, deliver: () => void) => {
        const due = new Promise<void>((resolve) => {
          setTimeout(resolve, Math.max(0, at - performance.now()))
        })
        last = Promise.all([last, due]).then(deliver)
      }
      from.on("data", (chunk: Buffer) => {
        for (let at = 0; at < chunk.length; at += segmentBytes) {
          const segment = chunk.subarray(at, at + segmentBytes)
          pass(arrival(segment.length), () => void (to.destroyed || to.write(segment)))
        }
      })
      // a close is a segment too: what was sent before it still arrives
      from.on("close", () => pass(arrival(0), () => void to.end()))
    }
  }
  return { up: direction(), down: direction() }
}

/** Starts a proxy in front of `port` on 127.0.0.1, behind a line. */
export const startLine = (port: number, line: Line): Promise<FaultProxy> => {
  const { up, down } = lineOf(line)
  return listen(port, (client, upstream) => {
    up(client, upstream)
    down(upstream, client)
  })
}

/** Starts a proxy in front of `port` on 127.0.0.1; `plan` gives the fault of each connection, counted from 0. */
export const start = (
  port: number,
  plan: (connection: number) => Fault | undefined,
): Promise<FaultProxy> =>
  listen(port, (client, upstream, connection, corrupt) => {
    const fault = plan(connection)
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
          to.write(Buffer.concat([head, chunk.subarray(left).map((byte) => byte ^ 0xff)]), corrupt)
        } else if (left > 0) {
          to.write(head, strike)
        } else strike()
      })
    }
    if (fault?.at === 0 && fault.direction === "up") strike()
    pass(client, upstream, "up")
    pass(upstream, client, "down")
  })

/** Listens, and hands each connection over together with one to `port`. */
const listen = async (
  port: number,
  join: (client: Net.Socket, upstream: Net.Socket, connection: number, corrupt: () => void) => void,
): Promise<FaultProxy> => {
  const sockets = new Set<Net.Socket>()
  let count = 0
  let pieces = 0
  const waiting: Array<{ readonly count: number; readonly resolve: () => void }> = []
  const corrupt = () => {
    pieces += 1
    for (const { count: least, resolve } of waiting) if (pieces >= least) resolve()
  }
  const server = Net.createServer((client) => {
    const upstream = Net.connect({ host: "127.0.0.1", port })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on("error", () => undefined)
      socket.on("close", () => sockets.delete(socket))
    }
    join(client, upstream, count++, corrupt)
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
    corrupted: (least) =>
      new Promise((resolve) => {
        if (pieces >= least) resolve()
        else waiting.push({ count: least, resolve })
      }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
