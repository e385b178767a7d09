/**
 * The sandbox as people hold it: started in one line, asked in plain values, closed at once.
 */
import { VirtualClock } from "./api/Clock.ts"
import { configError } from "./api/Config.ts"
import { Engine } from "./api/Engine.ts"
import * as FetchDoor from "./server/FetchHandler.ts"
import * as HttpDoor from "./server/HttpServer.ts"
import { tokens } from "./api/Tokens.ts"
import type {
  Fault,
  FaultSpec,
  LedgerEntry,
  SandboxContact,
  SandboxEvent,
  SandboxExchange,
  SandboxExchangeRequest,
  SandboxOptions,
  SandboxRequest,
  SandboxSettings,
  SandboxTokens,
  TimelinePoint,
} from "./types.ts"

/** A running sandbox. */
export class Sandbox {
  readonly #engine: Engine
  readonly #door: HttpDoor.HttpDoor | undefined
  readonly #admin: boolean
  #closed: Promise<void> | undefined
  /** The tokens that it knows. */
  readonly tokens: SandboxTokens = tokens

  private constructor(engine: Engine, door: HttpDoor.HttpDoor | undefined, admin: boolean) {
    this.#engine = engine
    this.#door = door
    this.#admin = admin
  }

  /**
   * Starts a sandbox on a free port of the loopback interface.
   *
   * **Details**
   *
   * Rejects with the error of `listen` (`EADDRINUSE` for a port that is taken) or a `TypeError` with
   * `code: "ERR_AELYST_CONFIG"` for options that make no sense.
   */
  static async start(options: SandboxOptions = {}): Promise<Sandbox> {
    const engine = new Engine(options)
    try {
      const door = await HttpDoor.open(engine, options)
      return new Sandbox(engine, door, options.admin ?? true)
    } catch (error) {
      engine.store.close()
      throw error
    }
  }

  /**
   * Makes a sandbox without a port, to be used through `fetch`, `handler` or `exchange`. Throws a `TypeError` with
   * `code: "ERR_AELYST_CONFIG"` for options that make no sense.
   */
  static inProcess(options: SandboxOptions = {}): Sandbox {
    return new Sandbox(new Engine(options), undefined, options.admin ?? true)
  }

  /** Where clients send: `http://127.0.0.1:<port>/v1`; without a port `http://sandbox.localhost/v1`. */
  get baseUrl(): string {
    return `${this.origin}/v1`
  }

  /** The base URL without its path; the control API is at `/_sandbox` below it. */
  get origin(): string {
    if (this.#door === undefined) return "http://sandbox.localhost"
    const { host, port } = this.#door
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
  }

  /** Lists the contacts in order of creation; `query` is looked for in identifiers, names, phones and emails. */
  contacts(query?: string): ReadonlyArray<SandboxContact> {
    return this.#engine.store.list(this.#engine.clock.now(), query)
  }

  /** Lists the last requests, oldest first; those after the sequence number `since`. */
  requests(since?: number): ReadonlyArray<SandboxRequest> {
    return this.#engine.log.list(since)
  }

  /** Tells per key what was received and created: the judge of a test. */
  ledger(): ReadonlyArray<LedgerEntry> {
    return this.#engine.store.ledger()
  }

  /** Lists the answered requests as points of a rate plot. */
  timeline(): ReadonlyArray<TimelinePoint> {
    return this.#engine.log.timeline()
  }

  /** Adds a fault for the requests to come. Throws a `TypeError` for one that makes no sense. */
  fail(fault: FaultSpec | string): Fault {
    return this.#engine.fail(fault)
  }

  /** Removes one fault, or all that `fail` and the options have added; says whether there was one. */
  heal(id?: number): boolean {
    return this.#engine.heal(id)
  }

  /** Lists the faults that wait for their requests. */
  faults(): ReadonlyArray<Fault> {
    return this.#engine.faults.list()
  }

  /** The settings as they are now. */
  get settings(): Required<SandboxSettings> {
    return this.#engine.settings
  }

  /** Changes limits and the like while running. */
  configure(settings: SandboxSettings): void {
    this.#engine.configure(settings)
  }

  /** Forgets contacts, requests, ledger and the faults added since the start. Settings and the clock stay. */
  reset(): void {
    this.#engine.reset()
  }

  /** The time on the sandbox's clock. */
  now(): number {
    return this.#engine.clock.now()
  }

  /** Moves a virtual clock on, waking what waits on it. Rejects with a `TypeError` where the clock is not virtual. */
  async advance(ms: number): Promise<void> {
    const { clock, log } = this.#engine
    if (!(clock instanceof VirtualClock)) throw configError('advance needs `clock: "virtual"`')
    await clock.advance(ms)
    log.emit({ type: "change", what: "clock" })
  }

  /** Calls the listener with everything that happens; returns how to stop it. */
  subscribe(listener: (event: SandboxEvent) => void): () => void {
    return this.#engine.log.subscribe(listener)
  }

  /**
   * Waits until `test` returns something; it is asked at once and after everything that happens.
   *
   * **Details**
   *
   * Resolves with what `test` returned when that was neither `undefined`, `null` nor `false`. Rejects after
   * `timeoutMs` of real time (default 5,000).
   */
  waitFor<A>(
    test: (sandbox: Sandbox) => A | undefined | null | false,
    options?: { readonly timeoutMs?: number },
  ): Promise<A> {
    const timeoutMs = options?.timeoutMs ?? 5000
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        stop()
        settle()
      }
      const ask = () => {
        try {
          const found = test(this)
          if (found !== undefined && found !== null && found !== false) finish(() => resolve(found))
        } catch (error) {
          finish(() => reject(error instanceof Error ? error : new Error(String(error))))
        }
      }
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`The sandbox did not get there within ${timeoutMs} ms`)))
      }, timeoutMs)
      const stop = this.subscribe(ask)
      ask()
    })
  }

  /** Answers a web request without a socket; rejects as `fetch` does where a fault cuts the connection. */
  readonly handler = (request: Request): Promise<Response> =>
    FetchDoor.handle(this.#engine, request, this.#admin)

  /** Is a `fetch` that reaches this sandbox alone, without a socket. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    this.handler(new Request(input, init))

  /** Receives a complete request and decides at once; whoever calls waits and takes the answer. For doors of your own. */
  exchange(request: SandboxExchangeRequest): SandboxExchange {
    return FetchDoor.exchange(this.#engine, request)
  }

  /** Closes connections that wait for their next request, as servers do. */
  closeIdle(): void {
    this.#door?.closeIdle()
  }

  /** Closes the port and every connection at once, and the data file. */
  close(): Promise<void> {
    this.#closed ??= Promise.resolve(this.#door?.close()).then(() => this.#engine.store.close())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
