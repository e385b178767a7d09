/** A proxy in front of Postgres that cuts a connection at a chosen statement, before it arrives or before its response does. */
import type { AddressInfo, Socket } from "node:net"
import { connect, createServer } from "node:net"

/** The statement to cut at. */
export interface Cut {
  /** Counts the statements of all connections from 1. */
  readonly statement: number
  /** `before`: the server never gets it; `after`: it is committed, and the response is lost. */
  readonly when: "before" | "after"
}

/** A running proxy. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** Whether the chosen statement came. */
  readonly hasCut: () => boolean
}

/** Splits a stream into the messages of the protocol; the first one of a client has no type. */
class Messages {
  #rest = Buffer.alloc(0)
  #head: number

  constructor(from: "client" | "server") {
    this.#head = from === "client" ? 0 : 1
  }

  *read(chunk: Buffer): Generator<{ readonly type: string; readonly bytes: Buffer }> {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= this.#head + 4) {
      const length = this.#head + this.#rest.readUInt32BE(this.#head)
      if (this.#rest.length < length) return
      const bytes = this.#rest.subarray(0, length)
      const type = this.#head === 0 ? "" : String.fromCharCode(bytes[0] ?? 0)
      this.#rest = this.#rest.subarray(length)
      this.#head = 1
      yield { type, bytes }
    }
  }
}

/** A statement ends with a simple query, or with the sync of an extended one. */
const isStatement = (type: string): boolean => type === "Q" || type === "S"
const readyForQuery = "Z"

/** Starts a proxy in front of the server on this port of 127.0.0.1. */
export const startCutting = async (port: number, cut: Cut): Promise<CuttingProxy> => {
  const sockets = new Set<Socket>()
  let statements = 0
  const join = (client: Socket, upstream: Socket): void => {
    const fromClient = new Messages("client")
    const fromServer = new Messages("server")
    let isLost = false
    const reset = () => {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    client.on("data", (chunk: Buffer) => {
      for (const { bytes, type } of fromClient.read(chunk)) {
        const isChosen = isStatement(type) && ++statements === cut.statement
        if (isChosen && cut.when === "before") return reset()
        isLost ||= isChosen
        upstream.write(bytes)
      }
    })
    upstream.on("data", (chunk: Buffer) => {
      for (const { bytes, type } of fromServer.read(chunk)) {
        if (isLost && type === readyForQuery) return reset()
        if (!isLost) client.write(bytes)
      }
    })
    client.on("close", () => upstream.destroy())
    upstream.on("close", () => client.destroy())
  }
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1")
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => sockets.delete(socket))
    }
    join(client, upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    // safe: a server that listens on a port has an address
    port: (server.address() as AddressInfo).port,
    hasCut: () => statements >= cut.statement,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
