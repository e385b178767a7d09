/**
 * A TCP proxy that breaks connections at a chosen byte. The server behind it does not notice, and its ledger shows which
 * requests it processed.
 */
import type { AddressInfo } from "node:net"
import * as Net from "node:net"

import * as Random from "../pacing/Random.ts"

/** A fault of a connection, after `at` bytes were forwarded in one direction. */
export interface Fault {
  /** `up` is from the client to the server, `down` is back. */
  readonly direction: "up" | "down"
  /** The number of bytes that are still forwarded. */
  readonly at: number
  /**
   * `reset` and `end` close the client's side with RST or FIN (a reset of `up` resets the server's side as well),
   * `stall` forwards nothing more, `corrupt` inverts every later byte, `trickle` forwards them one by one.
   */
  readonly action: "reset" | "end" | "stall" | "corrupt" | "trickle"
}

/** A link with latency, low bandwidth and loss. Times are those of the link; `scale` shortens all of them. */
export interface Link {
  /** The minimum and maximum latency of a segment in each direction, in milliseconds. */
  readonly delayMs: readonly [least: number, most: number]
  /** The bandwidth in each direction, for all connections together. */
  readonly kbitPerSecond: number
  /** The probability that a segment is lost each time it is sent, 0 to 1. */
  readonly loss: number
  /** The time until a lost segment is resent; it doubles with each further loss. Default 200 ms. */
  readonly retransmitMs?: number
  /** The real duration of one millisecond of the link, in milliseconds. Default 1. */
  readonly scale?: number
  /** The seed for losses and delays. */
  readonly seed: number
}

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** The number of connections. */
  readonly connections: () => number
  /** Waits until this many chunks were corrupted and forwarded. */
  readonly corrupted: (count: number) => Promise<void>
  /** Closes all connections with RST; new ones are taken. */
  readonly cut: () => void
  readonly close: () => Promise<void>
}

/** The maximum payload of a segment, and the bytes that TCP and IP add. */
const segmentBytes = 1_448
const headerBytes = 52

/** Carries one direction of one connection, in order: a lost segment delays those behind it. */
type Carry = (from: Net.Socket, to: Net.Socket) => void

/** Creates the two directions of a link; all connections share them. */
const linkOf = ({ delayMs, kbitPerSecond, loss, retransmitMs = 200, scale = 1, seed }: Link) => {
  const random = Random.source(seed)
  const [least, most] = delayMs
  const direction = (): Carry => {
    let freeAt = 0
    /** Returns when a segment that is sent now arrives, in milliseconds of this machine. */
    const arrival = (bytes: number): number => {
      let under = least + (most - least) * random()
      for (let wait = retransmitMs; random() < loss; wait *= 2) under += wait
      freeAt =
        Math.max(freeAt, performance.now()) + (((bytes + headerBytes) * 8) / kbitPerSecond) * scale
      return freeAt + under * scale
    }
    return (from, to) => {
      let last: Promise<void> = Promise.resolve()
      const deliverAt = (at: number, deliver: () => void) => {
        const due = new Promise<void>((resolve) => {
          setTimeout(resolve, Math.max(0, at - performance.now()))
        })
        last = Promise.all([last, due]).then(deliver)
      }
      from.on("data", (chunk: Buffer) => {
        for (let at = 0; at < chunk.length; at += segmentBytes) {
          const segment = chunk.subarray(at, at + segmentBytes)
          deliverAt(arrival(segment.length), () => void (to.destroyed || to.write(segment)))
        }
      })
      // a close is a segment, too: segments sent before it still arrive
      from.on("close", () => deliverAt(arrival(0), () => void to.end()))
    }
  }
  return { up: direction(), down: direction() }
}

/** A port on 127.0.0.1, or a function that is asked for each connection. */
type Target = number | (() => number)

/** Starts a proxy in front of `port` on 127.0.0.1, behind a link. */
export const startLink = (port: Target, link: Link): Promise<FaultProxy> => {
  const { up, down } = linkOf(link)
  return listen(port, (client, upstream) => {
    up(client, upstream)
    down(upstream, client)
  })
}

/** Starts a proxy in front of `port` on 127.0.0.1; `plan` returns the fault of each connection, counted from 0. */
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
    const forward = (from: Net.Socket, to: Net.Socket, direction: Fault["direction"]) => {
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
    forward(client, upstream, "up")
    forward(upstream, client, "down")
  })

/** Listens, and pairs each connection with a new one to `port`. */
const listen = async (
  port: Target,
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
    const upstream = Net.connect({
      host: "127.0.0.1",
      port: typeof port === "number" ? port : port(),
    })
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
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
