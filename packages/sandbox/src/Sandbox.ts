/**
 * The public class: starts a sandbox, reads and changes its state, and closes it.
 */
import { VirtualClock } from "./api/Clock.ts"
import { configError } from "./api/Config.ts"
import { Engine } from "./api/Engine.ts"
import * as FetchHandler from "./server/FetchHandler.ts"
import * as HttpServer from "./server/HttpServer.ts"
import { tokens } from "./api/Tokens.ts"
import type {
  LedgerEntry,
  SandboxContact,
  SandboxEvent,
  SandboxRequest,
  TimelinePoint,
} from "./api/types.ts"
import type {
  Fault,
  FaultSpec,
  SandboxExchange,
  SandboxExchangeRequest,
  SandboxOptions,
  SandboxSettings,
  SandboxTokens,
} from "./types.ts"

/** A running sandbox. */
export class Sandbox {
  readonly #engine: Engine
  readonly #server: HttpServer.HttpServer | undefined
  readonly #admin: boolean
  #closed: Promise<void> | undefined
  /** The seeded tokens. */
  readonly tokens: SandboxTokens = tokens

  /** Use `Sandbox.start` or `Sandbox.inProcess`. */
  private constructor(engine: Engine, server: HttpServer.HttpServer | undefined, admin: boolean) {
    this.#engine = engine
    this.#server = server
    this.#admin = admin
  }

  /**
   * Starts a sandbox on a free port of the loopback interface.
   *
   * **Details**
   *
   * Rejects with the error of `listen` (`EADDRINUSE` for a port in use) or a `TypeError` with
   * `code: "ERR_AELYST_CONFIG"` for invalid options.
   */
  static async start(options: SandboxOptions = {}): Promise<Sandbox> {
    const engine = new Engine(options)
    try {
      const server = await HttpServer.start(engine, options)
      return new Sandbox(engine, server, options.admin ?? true)
    } catch (error) {
      engine.store.close()
      throw error
    }
  }

  /**
   * Creates a sandbox without a port, for use through `fetch`, `handler` or `exchange`. Throws a `TypeError` with
   * `code: "ERR_AELYST_CONFIG"` for invalid options.
   */
  static inProcess(options: SandboxOptions = {}): Sandbox {
    return new Sandbox(new Engine(options), undefined, options.admin ?? true)
  }

  /** The base URL for clients: `http://127.0.0.1:<port>/v1`; without a port `http://sandbox.localhost/v1`. */
  get baseUrl(): string {
    return `${this.origin}/v1`
  }

  /** The base URL without its path; the admin API is at `/_sandbox` below it. */
  get origin(): string {
    if (this.#server === undefined) return "http://sandbox.localhost"
    const { host: given, port } = this.#server
    // clients on this machine reach a server on every address by that of loopback
    const host = given === "0.0.0.0" ? "127.0.0.1" : given === "::" ? "::1" : given
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
  }

  /** Lists the contacts in order of creation; `query` searches identifiers, names, phones and emails. */
  contacts(query?: string): ReadonlyArray<SandboxContact> {
    return this.#engine.store.list(this.#engine.clock.now(), query)
  }

  /** Lists the last requests, oldest first; with `since`, those after that sequence number. */
  requests(since?: number): ReadonlyArray<SandboxRequest> {
    return this.#engine.log.list(since)
  }

  /** Returns per key what was received and created: the source of truth for a test. */
  ledger(): ReadonlyArray<LedgerEntry> {
    return this.#engine.store.ledger()
  }

  /** Lists the requests that got a response as points of a rate plot. */
  timeline(): ReadonlyArray<TimelinePoint> {
    return this.#engine.log.timeline()
  }

  /** Adds a fault for later requests. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if it is invalid. */
  fail(fault: FaultSpec | string): Fault {
    return this.#engine.fail(fault)
  }

  /** Removes the fault with this id, or all of them; returns whether there was one. */
  clearFaults(id?: number): boolean {
    return this.#engine.clearFaults(id)
  }

  /** Lists the active faults. */
  faults(): ReadonlyArray<Fault> {
    return this.#engine.faults.list()
  }

  /** The current settings. */
  get settings(): Required<SandboxSettings> {
    return this.#engine.settings
  }

  /** Changes settings while running. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if one is invalid. */
  configure(settings: SandboxSettings): void {
    this.#engine.configure(settings)
  }

  /** Removes contacts, requests, ledger and the faults added since the start. Keeps settings and the clock. */
  reset(): void {
    this.#engine.reset()
  }

  /** Returns the time on the sandbox's clock. */
  now(): number {
    return this.#engine.clock.now()
  }

  /**
   * Advances a virtual clock and wakes what waits for it. Rejects with a `TypeError` if the clock is not virtual, or `ms` is
   * no finite number.
   */
  async advance(ms: number): Promise<void> {
    const { clock, log } = this.#engine
    if (!(clock instanceof VirtualClock))
      throw configError(
        '`advance` needs a virtual clock: start the sandbox with `clock: "virtual"`',
      )
    if (!Number.isFinite(ms)) throw configError("`advance` needs a finite number of milliseconds")
    await clock.advance(ms)
    log.emit({ type: "change", what: "clock" })
  }

  /** Calls the listener with every event; returns a function that stops it. */
  subscribe(listener: (event: SandboxEvent) => void): () => void {
    return this.#engine.log.subscribe(listener)
  }

  /**
   * Waits until `test` returns a value; calls it immediately and after every event.
   *
   * **Details**
   *
   * Resolves with the first value that is not `undefined`, `null` or `false`. Rejects after `timeoutMs` of real time
   * (default 5,000).
   */
  waitFor<A>(
    test: (sandbox: Sandbox) => A | undefined | null | false,
    options?: { readonly timeoutMs?: number },
  ): Promise<A> {
    const timeoutMs = options?.timeoutMs ?? 5000
    return new Promise((resolve, reject) => {
      const settleWith = (settle: () => void) => {
        clearTimeout(timer)
        stop()
        settle()
      }
      const ask = () => {
        try {
          const found = test(this)
          if (found !== undefined && found !== null && found !== false)
            settleWith(() => resolve(found))
        } catch (error) {
          settleWith(() => reject(error instanceof Error ? error : new Error(String(error))))
        }
      }
      const timer = setTimeout(() => {
        settleWith(() => reject(new Error(`\`waitFor\` found nothing within ${timeoutMs} ms`)))
      }, timeoutMs)
      const stop = this.subscribe(ask)
      ask()
    })
  }

  /** Handles a web request without a socket; rejects as `fetch` does if a fault cuts the connection. */
  readonly handler = (request: Request): Promise<Response> =>
    FetchHandler.handle(this.#engine, request, this.#admin)

  /** A `fetch` that reaches only this sandbox, without a socket. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    // that of the new request follows it only until the request is collected as garbage
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    return FetchHandler.handle(this.#engine, new Request(input, init), this.#admin, signal)
  }

  /** Receives a complete request and decides immediately; the caller waits and takes the response. For custom transports. */
  exchange(request: SandboxExchangeRequest): SandboxExchange {
    return FetchHandler.exchange(this.#engine, request)
  }

  /** Closes idle connections, as servers do. */
  closeIdle(): void {
    this.#server?.closeIdle()
  }

  /** Closes the port, all connections and the data file immediately. */
  close(): Promise<void> {
    this.#closed ??= Promise.resolve(this.#server?.close()).then(() => this.#engine.store.close())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
