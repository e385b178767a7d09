/**
 * The sandbox as people hold it: started in one line, asked in plain values, closed at once.
 */
import { Engine } from "./Engine.ts"
import * as HttpDoor from "./HttpDoor.ts"
import { tokens } from "./Tokens.ts"
import type {
  Fault,
  FaultSpec,
  LedgerEntry,
  SandboxContact,
  SandboxOptions,
  SandboxRequest,
  SandboxSettings,
  SandboxTokens,
  TimelinePoint,
} from "./types.ts"

/** A running sandbox. */
export class Sandbox {
  readonly #engine: Engine
  readonly #door: HttpDoor.HttpDoor
  /** The tokens that it knows. */
  readonly tokens: SandboxTokens = tokens

  private constructor(engine: Engine, door: HttpDoor.HttpDoor) {
    this.#engine = engine
    this.#door = door
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
    return new Sandbox(engine, await HttpDoor.open(engine, options, undefined))
  }

  /** Where clients send: `http://127.0.0.1:<port>/v1`. */
  get baseUrl(): string {
    const { host, port } = this.#door
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1`
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

  /** Adds a fault for the requests to come. */
  fail(fault: FaultSpec | string): Fault {
    return this.#engine.faults.add(fault)
  }

  /** Changes limits and the like while running. */
  configure(settings: SandboxSettings): void {
    this.#engine.configure(settings)
  }

  /** Forgets contacts, requests, ledger and the faults added since the start. */
  reset(): void {
    this.#engine.reset()
  }

  /** Closes the port and every connection at once. */
  close(): Promise<void> {
    return this.#door.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
