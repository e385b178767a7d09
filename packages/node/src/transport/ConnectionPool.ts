/**
 * The connections to one origin. Each carries one request at a time, waits a short while for the next, and can be closed
 * in every phase. A closed connection is dropped; undici never opens it again for another request.
 *
 * The promises kept here: no response is credited to the wrong request, and a connection that the server has closed costs
 * no attempt (see `dispatch`).
 */
import type * as Net from "node:net"

import type * as Undici from "undici"
import { Client } from "undici"

import type { Connect, PendingSocket } from "./Connector.ts"
import { ContinueFilter } from "./ContinueFilter.ts"

// a turn of the event loop is no time: this one stays real in a test that fakes timers
const { setImmediate } = globalThis

/** Carries one exchange, from its dispatch until it is released or destroyed. */
export interface Connection {
  /** Whether it has carried an exchange before, so that the server may have closed it meanwhile. */
  readonly isReused: boolean
  readonly dispatch: (
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler,
  ) => void
  /** Notes that the request is being written: bytes before that belong to no response. */
  readonly expectHead: () => void
  /** Whether the server sent bytes after its response. */
  readonly hasTrailingData: boolean
  readonly release: () => void
  readonly destroy: () => void
}

/** Lends connections to one origin. */
export interface Connections {
  readonly origin: string
  readonly isClosed: boolean
  /** Returns the connection that was used last; with `fresh` one that was never used. */
  readonly take: (fresh?: boolean) => Connection
}

/** An undici dispatcher of the caller, whatever the version of undici. */
export interface Dispatcher {
  dispatch(options: object, handler: object): boolean
}

/** Lends the dispatcher of a caller, which manages its own connections. */
export const fromDispatcher = (dispatcher: Dispatcher, origin: string): Connections => {
  const connection: Connection = {
    isReused: false,
    dispatch: (options, handler) => void dispatcher.dispatch({ ...options, origin }, handler),
    expectHead: () => undefined,
    hasTrailingData: false,
    release: () => undefined,
    destroy: () => undefined,
  }
  return { origin, isClosed: false, take: () => connection }
}

/** One connection, as undici's client of one socket. */
class PooledConnection implements Connection {
  readonly #pool: ConnectionPool
  readonly #client: Client
  readonly #filter = new ContinueFilter()
  #pending: PendingSocket | undefined
  #socket: Net.Socket | undefined
  isReused = false
  idleSince = 0
  /** Whether the event loop has polled its socket since it was released. */
  isPolled = false

  constructor(pool: ConnectionPool, connect: Connect, idleMs: number) {
    this.#pool = pool
    this.#client = new Client(pool.origin, {
      pipelining: 1,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 16_384,
      connect: (_, callback) => {
        this.#pending = connect((...result) => {
          this.#pending = undefined
          this.#socket = result[1] ?? undefined
          if (this.#socket !== undefined) this.#filter.attach(this.#socket)
          callback(...result)
        })
      },
    })
    // a busy connection learns of it through its exchange, or undici connects again before anything was sent
    this.#client.on("disconnect", () => pool.removeIdle(this))
  }

  /**
   * Hands the request to undici, which writes it after the callbacks of the current iteration of the event loop: stray
   * bytes and a close that arrived before that iteration are noticed first. If the sockets were not polled just now, or
   * not since the last response, the request waits for one more iteration, which reads everything that has arrived.
   */
  dispatch(
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler,
  ): void {
    if (!this.isReused || (this.isPolled && this.#pool.isJustPolled)) {
      this.#client.dispatch(options, handler)
    } else setImmediate(() => this.#client.dispatch(options, handler))
  }

  expectHead(): void {
    this.#filter.isHeadDue = true
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed
  }

  /** Returns whether the server sent bytes after its response, which undici notices only after the response. */
  get hasTrailingData(): boolean {
    const error: unknown = this.#socket?.errored
    return error instanceof Error && Reflect.get(error, "code") !== "UND_ERR_INFO"
  }

  release(): void {
    if (this.isOpen) this.#pool.keep(this)
    else this.destroy()
  }

  destroy(): void {
    this.#pool.remove(this)
    this.#pending?.destroy()
    this.#pending = undefined
    this.#client.destroy().catch(() => undefined)
  }
}

/** The age, in milliseconds, up to which the last poll of the sockets counts as current. */
const pollMaxAgeMs = 2

/** Keeps the connections that wait for the next request, and closes all of them at its end. */
export class ConnectionPool implements Connections {
  readonly origin: string
  readonly #connect: Connect
  readonly #idleMs: number
  readonly #all = new Set<PooledConnection>()
  readonly #idle: Array<PooledConnection> = []
  /** Those released since the sockets were last polled. */
  #released: Array<PooledConnection> = []
  #polledAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(origin: string, connect: Connect, idleMs: number) {
    this.origin = origin
    this.#connect = connect
    this.#idleMs = idleMs
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Returns whether the event loop has polled the sockets just now. */
  get isJustPolled(): boolean {
    return performance.now() - this.#polledAt < pollMaxAgeMs
  }

  take(fresh = false): PooledConnection {
    const next = () => (fresh ? undefined : (this.#idle.pop() ?? this.#released.pop()))
    for (let kept = next(); kept !== undefined; kept = next()) {
      // while the event loop was blocked the idle timer could not fire
      if (kept.isOpen && performance.now() - kept.idleSince < this.#idleMs) return kept
      kept.destroy()
    }
    const connection = new PooledConnection(this, this.#connect, this.#idleMs)
    this.#all.add(connection)
    return connection
  }

  keep(connection: PooledConnection): void {
    connection.isReused = true
    connection.isPolled = false
    connection.idleSince = performance.now()
    this.#released.push(connection)
    // immediates run right after the sockets are polled
    if (this.#released.length === 1) setImmediate(this.#afterPoll)
  }

  readonly #afterPoll = () => {
    this.#polledAt = performance.now()
    for (const connection of this.#released) {
      connection.isPolled = true
      this.#idle.push(connection)
    }
    this.#released = []
  }

  /** Removes a connection that was closed while it waited. */
  removeIdle(connection: PooledConnection): void {
    for (const kept of [this.#idle, this.#released]) {
      const at = kept.lastIndexOf(connection)
      if (at === -1) continue
      kept.splice(at, 1)
      this.#all.delete(connection)
    }
  }

  remove(connection: PooledConnection): void {
    this.removeIdle(connection)
    this.#all.delete(connection)
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#all) connection.destroy()
  }
}
