/** One request and its answer, from the first hook of undici to the last byte of the body. */
import type { TransportProbe } from "@aelyst/core/transport"
import { maxBodyBytes } from "@aelyst/core/transport"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"
import type { Dispatcher } from "undici"

import type { Carrier, Carriers } from "./ConnectionPool.ts"
import { TransportFault } from "./Connector.ts"

/** How long an incomplete body may wait for a reader. */
const unreadMs = 5_000

/** Holds a complete body, still encoded, or why there is none. */
export type Body = Result.Result<Buffer, unknown>

const prototype: object | null = Object.getPrototypeOf(Headers.empty)

// undici's names are in lower case already; Effect's own constructor goes over a list of pairs, which costs far more
const headersOf = (given: Record<string, string | Array<string> | undefined>): Headers.Headers => {
  const headers = Object.create(prototype)
  for (const name of Object.keys(given)) {
    const value = given[name]
    if (value !== undefined) {
      headers[name] = typeof value === "string" ? value : value.join(", ")
    }
  }
  return headers
}

/** Gathers what undici reports. The body is kept as it comes: it is small or refused. */
export class Exchange implements Dispatcher.DispatchHandler {
  private readonly carriers: Carriers
  private readonly options: Dispatcher.DispatchOptions
  private carrier: Carrier
  private readonly probe: TransportProbe
  private onHead: ((head: Result.Result<Exchange, unknown>) => void) | undefined
  private controller: Dispatcher.DispatchController | undefined
  private readonly chunks: Array<Buffer> = []
  private size = 0
  private ended = false
  private flushing = false
  private unread: NodeJS.Timeout | undefined
  private readonly readers: Array<(body: Body) => void> = []
  body: Body | undefined
  status = 0
  headers: Headers.Headers = Headers.empty
  cookies: ReadonlyArray<string> = []

  constructor(
    carriers: Carriers,
    options: Dispatcher.DispatchOptions,
    probe: TransportProbe,
    onHead: (head: Result.Result<Exchange, unknown>) => void,
  ) {
    this.carriers = carriers
    this.options = options
    this.carrier = carriers.take()
    this.probe = probe
    this.onHead = onHead
  }

  /** Sends the request; called once. */
  start(): void {
    this.carrier.dispatch(this.options, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // a dispatcher that was lent cannot be told to stop connecting
    if (this.body !== undefined) return controller.abort(new TransportFault("ABORTED"))
    this.controller = controller
    this.probe.dispatch()
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | Array<string> | undefined>,
  ): void {
    if (status < 200) return
    const cookies = headers["set-cookie"]
    this.cookies = cookies === undefined ? [] : typeof cookies === "string" ? [cookies] : cookies
    this.status = status
    this.headers = headersOf(headers)
    if (Number(headers["content-length"]) > maxBodyBytes) this.refuse(controller)
    this.flush()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length
    if (this.size > maxBodyBytes) this.refuse(controller)
    else this.chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.ended = true
    this.flush()
  }

  onResponseError(_: unknown, error: Error): void {
    const { carrier, carriers } = this
    const unsent = this.controller === undefined && this.body === undefined
    if (unsent && carrier.isReused && !carriers.closed) {
      // the server closed a kept connection before anything was written to it: that is no attempt, a new one is
      this.carrier = carriers.take(true)
      this.start()
    } else this.lose(error)
    carrier.destroy()
  }

  /** Calls the reader once the body is complete or lost. */
  read(reader: (body: Body) => void): void {
    this.readers.push(reader)
  }

  /** Ends the exchange and its connection at once, in whatever phase it is. */
  abort(): void {
    if (this.body !== undefined) return
    const fault = new TransportFault("ABORTED")
    this.lose(fault)
    this.controller?.abort(fault)
    this.carrier.destroy()
  }

  private refuse(controller: Dispatcher.DispatchController): void {
    const fault = new TransportFault("BODY_TOO_LARGE")
    this.lose(fault)
    controller.abort(fault)
  }

  private lose(cause: unknown): void {
    this.body ??= Result.fail(cause)
    this.flush()
  }

  /**
   * Tells what is new once undici is done with the bytes at hand: its parser must not be entered twice, what follows the
   * answer is known then, and the body has mostly come with the head.
   */
  private flush(): void {
    if (this.flushing) return
    this.flushing = true
    queueMicrotask(() => {
      this.flushing = false
      if (this.ended && this.body === undefined) this.complete()
      const { body, onHead } = this
      if (onHead !== undefined && (this.status > 0 || body !== undefined)) {
        this.onHead = undefined
        onHead(
          this.status === 0 && body !== undefined && Result.isFailure(body)
            ? Result.fail(body.failure)
            : Result.succeed(this),
        )
      }
      if (body === undefined) this.expectReader()
      else {
        clearTimeout(this.unread)
        if (this.readers.length > 0) for (const reader of this.readers.splice(0)) reader(body)
      }
    })
  }

  private complete(): void {
    const { chunks } = this
    const first = chunks[0]
    if (this.carrier.isGarbled) this.body = Result.fail(new TransportFault("TRAILING_DATA"))
    else if (first === undefined) this.body = Result.succeed(Buffer.alloc(0))
    else this.body = Result.succeed(chunks.length === 1 ? first : Buffer.concat(chunks))
    this.carrier.release()
  }

  // A caller that was interrupted between head and body never comes to read.
  private expectReader(): void {
    this.unread ??= setTimeout(() => {
      if (this.readers.length === 0) this.abort()
    }, unreadMs)
  }
}
