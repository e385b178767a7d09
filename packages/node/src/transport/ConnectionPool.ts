/**
 * The connections to one origin. Each carries one request at a time, waits a short while for the next, and can be torn
 * down in every phase. Closed ones are dropped: a connection is never opened again for another request.
 */
import type * as Net from "node:net"

import type { Dispatcher } from "undici"
import { Client } from "undici"

import type { Connect, Opening } from "./Connector.ts"

/** What carries one exchange, from its dispatch until it is released or destroyed. */
export interface Carrier {
  /** Whether it has carried an exchange before, so that the server may have closed it meanwhile. */
  readonly isReused: boolean
  readonly dispatch: (
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ) => void
  /** Whether the server sent more than its answer. */
  readonly isGarbled: boolean
  readonly release: () => void
  readonly destroy: () => void
}

/** Gives what carries the exchanges with one origin. */
export interface Carriers {
  readonly origin: string
  readonly closed: boolean
  /** Gives the one that was used last; with `fresh` one that was never used. */
  readonly take: (fresh?: boolean) => Carrier
}

/** Lends the dispatcher of somebody else, who looks after its connections. */
export const borrow = (
  dispatcher: { readonly dispatch: (options: object, handler: object) => boolean },
  origin: string,
): Carriers => {
  const carrier: Carrier = {
    isReused: false,
    dispatch: (options, handler) => void dispatcher.dispatch({ ...options, origin }, handler),
    isGarbled: false,
    release: () => undefined,
    destroy: () => undefined,
  }
  return { origin, closed: false, take: () => carrier }
}

/** One connection, as undici's client of one socket. */
class Connection implements Carrier {
  private readonly pool: Pool
  private readonly client: Client
  private opening: Opening | undefined
  private socket: Net.Socket | undefined
  isReused = false
  idleSince = 0
  /** Whether the event loop has looked at its socket since it was released. */
  isRested = false

  constructor(pool: Pool, connect: Connect, idleMs: number) {
    this.pool = pool
    this.client = new Client(pool.origin, {
      pipelining: 1,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 16_384,
      connect: (_, callback) => {
        this.opening = connect((...result) => {
          this.opening = undefined
          this.socket = result[1] ?? undefined
          callback(...result)
        })
      },
    })
    // a busy connection hears of it through its exchange, or undici opens it anew before anything was sent
    this.client.on("disconnect", () => pool.lost(this))
  }

  /**
   * Hands the request to undici, which writes it after the callbacks of this turn of the event loop: stray bytes and a
   * close that have arrived by the turn's beginning are seen before. Where that may be long ago, or no turn has passed
   * since the last answer, one more turn comes first, which reads all that has arrived by now.
   */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    if (!this.isReused || (this.isRested && this.pool.isAwake)) {
      this.client.dispatch(options, handler)
    } else setImmediate(() => this.client.dispatch(options, handler))
  }

  get isOpen(): boolean {
    return this.socket !== undefined && !this.socket.destroyed
  }

  /** Tells whether the server sent more than its answer, which undici notices only after the answer. */
  get isGarbled(): boolean {
    const error: unknown = this.socket?.errored
    return error instanceof Error && Reflect.get(error, "code") !== "UND_ERR_INFO"
  }

  release(): void {
    if (this.isOpen) this.pool.keep(this)
    else this.destroy()
  }

  destroy(): void {
    this.pool.forget(this)
    this.opening?.destroy()
    this.opening = undefined
    this.client.destroy().catch(() => undefined)
  }
}

/** How long ago the last turn of the event loop may have ended for what it has read to be new. */
const awakeMs = 2

/** The connections that wait for the next request, and those that are busy. */
export class Pool implements Carriers {
  readonly origin: string
  private readonly connect: Connect
  private readonly idleMs: number
  private readonly all = new Set<Connection>()
  private readonly idle: Array<Connection> = []
  /** Those released in this turn of the event loop. */
  private released: Array<Connection> = []
  private turnedAt = Number.NEGATIVE_INFINITY
  closed = false

  constructor(origin: string, connect: Connect, idleMs: number) {
    this.origin = origin
    this.connect = connect
    this.idleMs = idleMs
  }

  /** Whether the event loop has turned just now. */
  get isAwake(): boolean {
    return performance.now() - this.turnedAt < awakeMs
  }

  take(fresh = false): Connection {
    const next = () => (fresh ? undefined : (this.idle.pop() ?? this.released.pop()))
    for (let kept = next(); kept !== undefined; kept = next()) {
      // while the event loop was blocked the idle timer could not fire
      if (kept.isOpen && performance.now() - kept.idleSince < this.idleMs) return kept
      kept.destroy()
    }
    const connection = new Connection(this, this.connect, this.idleMs)
    this.all.add(connection)
    return connection
  }

  keep(connection: Connection): void {
    connection.isReused = true
    connection.isRested = false
    connection.idleSince = performance.now()
    this.released.push(connection)
    if (this.released.length === 1) setImmediate(this.turned)
  }

  private readonly turned = () => {
    this.turnedAt = performance.now()
    for (const connection of this.released) {
      connection.isRested = true
      this.idle.push(connection)
    }
    this.released = []
  }

  lost(connection: Connection): void {
    for (const kept of [this.idle, this.released]) {
      const at = kept.lastIndexOf(connection)
      if (at === -1) continue
      kept.splice(at, 1)
      this.all.delete(connection)
    }
  }

  forget(connection: Connection): void {
    this.lost(connection)
    this.all.delete(connection)
  }

  close(): void {
    this.closed = true
    for (const connection of this.all) connection.destroy()
  }
}
