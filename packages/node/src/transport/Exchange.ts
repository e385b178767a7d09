/**
 * One request and its response, from undici's first hook to the last byte of the body.
 *
 * Three promises are kept here: the probe reports the request as dispatched before a byte can leave, an abort closes the
 * connection in every phase, and no more than the cap of a body is held in memory.
 */
import type { TransportProbe } from "@aelyst/core/transport"
import { maxBodyBytes } from "@aelyst/core/transport"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"
import type { Dispatcher } from "undici"

import type { Connection, Connections } from "./ConnectionPool.ts"
import { TransportFault } from "./Connector.ts"

/** How long an incomplete body may wait for a reader, in milliseconds. */
const unreadMs = 5_000

/** A complete body, still encoded, or the reason why there is none. */
export type Body = Result.Result<Buffer, unknown>

/** Collects undici's events. The body is kept as it comes: it is small, or the exchange fails. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #connections: Connections
  readonly #options: Dispatcher.DispatchOptions
  readonly #probe: TransportProbe
  #connection: Connection
  #onHead: ((head: Result.Result<Exchange, unknown>) => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  readonly #chunks: Array<Buffer> = []
  #size = 0
  #isEnded = false
  #isNotifying = false
  #unreadTimer: NodeJS.Timeout | undefined
  readonly #readers: Array<(body: Body) => void> = []
  #body: Body | undefined
  #status = 0
  #headers: Headers.Headers = Headers.empty
  #cookies: ReadonlyArray<string> = []

  constructor(
    connections: Connections,
    options: Dispatcher.DispatchOptions,
    probe: TransportProbe,
    onHead: (head: Result.Result<Exchange, unknown>) => void,
  ) {
    this.#connections = connections
    this.#options = options
    this.#probe = probe
    this.#onHead = onHead
    this.#connection = connections.take()
  }

  /** The status of the response; 0 before it arrived. */
  get status(): number {
    return this.#status
  }
  get headers(): Headers.Headers {
    return this.#headers
  }
  /** The values of `set-cookie`. */
  get cookies(): ReadonlyArray<string> {
    return this.#cookies
  }
  /** The body; undefined until it is complete or has failed. */
  get body(): Body | undefined {
    return this.#body
  }

  /** Sends the request; called once. */
  start(): void {
    this.#connection.dispatch(this.#options, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#probe.overdue) this.#fail(new TransportFault("TOO_LATE"))
    // a caller's dispatcher cannot be stopped while it connects
    if (this.#body !== undefined) return controller.abort(new TransportFault("ABORTED"))
    this.#controller = controller
    this.#connection.expectHead()
    this.#probe.dispatch()
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | Array<string> | undefined>,
  ): void {
    if (status < 200) return
    const cookies = headers["set-cookie"] ?? []
    this.#cookies = typeof cookies === "string" ? [cookies] : cookies
    this.#status = status
    this.#headers = Headers.fromInput(headers)
    if (Number(headers["content-length"]) > maxBodyBytes) this.#failTooLarge(controller)
    this.#notify()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > maxBodyBytes) this.#failTooLarge(controller)
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#isEnded = true
    this.#notify()
  }

  onResponseError(_: unknown, error: Error): void {
    const connection = this.#connection
    const isUnsent = this.#controller === undefined && this.#body === undefined
    if (isUnsent && connection.isReused && !this.#connections.isClosed) {
      // the server closed a kept connection before anything was written to it: this costs no attempt
      this.#connection = this.#connections.take(true)
      this.start()
    } else this.#fail(error)
    connection.destroy()
  }

  /** Calls the reader once the body is complete or has failed. */
  read(reader: (body: Body) => void): void {
    this.#readers.push(reader)
  }

  /** Ends the exchange and closes its connection at once, in every phase. */
  abort(): void {
    if (this.#body !== undefined) return
    const fault = new TransportFault("ABORTED")
    this.#fail(fault)
    this.#controller?.abort(fault)
    this.#connection.destroy()
  }

  #failTooLarge(controller: Dispatcher.DispatchController): void {
    const fault = new TransportFault("BODY_TOO_LARGE")
    this.#fail(fault)
    controller.abort(fault)
  }

  #fail(cause: unknown): void {
    this.#body ??= Result.fail(cause)
    this.#notify()
  }

  /**
   * Reports news once undici has consumed the bytes at hand: its parser must not be entered twice, bytes after the
   * response are known then, and the body has mostly arrived with the head.
   */
  #notify(): void {
    if (this.#isNotifying) return
    this.#isNotifying = true
    queueMicrotask(() => {
      this.#isNotifying = false
      if (this.#isEnded && this.#body === undefined) this.#complete()
      const body = this.#body
      this.#reportHead(body)
      if (body === undefined) this.#expectReader()
      else {
        clearTimeout(this.#unreadTimer)
        for (const reader of this.#readers.splice(0)) reader(body)
      }
    })
  }

  #reportHead(body: Body | undefined): void {
    const onHead = this.#onHead
    if (onHead === undefined || (this.#status === 0 && body === undefined)) return
    this.#onHead = undefined
    const isFailed = this.#status === 0 && body !== undefined && Result.isFailure(body)
    onHead(isFailed ? Result.fail(body.failure) : Result.succeed(this))
  }

  #complete(): void {
    const chunks = this.#chunks
    const [only] = chunks
    this.#body = this.#connection.hasTrailingData
      ? Result.fail(new TransportFault("TRAILING_DATA"))
      : Result.succeed(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks))
    this.#connection.release()
  }

  // a caller that was interrupted between head and body never comes to read
  #expectReader(): void {
    this.#unreadTimer ??= setTimeout(() => {
      if (this.#readers.length === 0) this.abort()
    }, unreadMs)
  }
}
