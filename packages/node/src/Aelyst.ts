/** The client for callers of Promises. It decides nothing: it checks options and connects core's client to a transport. */
import * as Adapter from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Scope from "effect/Scope"

import { Calls } from "./Calls.ts"
import { Contacts } from "./Contacts.ts"
import { hideMembers } from "./Inspection.ts"
import * as Logging from "./Logging.ts"
import * as Options from "./options.ts"
import { readingPhones } from "./PhoneClient.ts"
import { toSnapshot } from "./results.ts"
import * as SharedStore from "./SharedStore.ts"
import * as SharedStates from "./SharedStates.ts"
import * as SelectTransport from "./transport/SelectTransport.ts"
import type * as Types from "./types.ts"
import type {
  AelystOptions,
  ClientMetrics,
  CustomFieldPairs,
  CustomFieldRecord,
  RateLimitSnapshot,
} from "./types.ts"

/**
 * Creates Aelyst contacts.
 *
 * The constructor checks every option; an invalid one throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` and the name
 * of the option. Clients with the same token and origin share one pace in the process.
 *
 * **Example**
 *
 * ```ts
 * import { Aelyst, email } from "@aelyst/node"
 *
 * await using aelyst = new Aelyst() // AELYST_TOKEN, AELYST_BASE_URL
 *
 * const { result } = await aelyst.contacts.create(email("ana@example.com"), { firstName: "Ana" })
 * console.log(result) // => created
 * ```
 */
export class Aelyst<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** Creates contacts, one or many, and validates them offline. */
  readonly contacts: Types.Contacts<Fields>
  /** The country of phone numbers without `+`, as the option says; undefined if there is none. */
  readonly defaultCountry: string | undefined
  readonly #calls: Calls
  readonly #shared: ReturnType<typeof SharedStates.join>
  readonly #scope: Scope.Closeable
  #closing: Promise<void> | undefined

  constructor(options: AelystOptions<Fields> = {}) {
    // safe: the type of the custom fields exists only at compile time
    const given = options as AelystOptions<never>
    const { config, defaultCountry, shared, token, tokenKey } = Options.check(given, process.env)
    this.#scope = Scope.makeUnsafe()
    const selected = SelectTransport.select(options, config.baseUrl)
    const http = Options.orThrow(
      Effect.runSync(Effect.result(Scope.provide(selected, this.#scope))),
    )
    this.#shared = SharedStates.join(tokenKey, {
      ...config,
      store: shared && SharedStore.toCore(shared, config.origin, token),
    })
    const client = Effect.runSync(
      Adapter.makeWith(config, token, this.#shared.state).pipe(
        Effect.provideService(HttpClient.HttpClient, http),
        Scope.provide(this.#scope),
      ),
    )
    this.#calls = new Calls(Logging.contextOf(options.logger), options.hooks ?? {})
    this.defaultCountry = defaultCountry
    const reading = readingPhones(client, defaultCountry, config)
    this.contacts = new Contacts<Fields>(reading, this.#calls)
  }

  /**
   * The API's rate limit, as known at this moment.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * await aelyst.contacts.create("id:5", { firstName: "Ana" })
   * const { limit, remaining, retryAt } = aelyst.rateLimit
   * console.log(limit, remaining, retryAt) // => 10 9 undefined
   * ```
   */
  get rateLimit(): RateLimitSnapshot {
    const { state } = this.#shared
    const snapshot = Effect.runSyncWith(this.#calls.context)(state.pacer.snapshot)
    return toSnapshot(Adapter.SharedState.withKeyWaits(state, snapshot), Date.now())
  }

  /**
   * Returns how many calls and rows of this client ended how, since it was created; input that was invalid is not counted.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * await aelyst.contacts.create("id:5", { firstName: "Ana" })
   * const { attempts, created, rateLimited } = aelyst.metrics()
   * console.log({ attempts, created, rateLimited }) // => { attempts: 1, created: 1, rateLimited: 0 }
   * ```
   */
  metrics(): ClientMetrics {
    return this.#calls.metrics.read()
  }

  /**
   * Accepts no more calls, waits for those in progress, and ends the remaining ones after `timeoutMs`, by default 30,000
   * (`Infinity`: never), each
   * with its result if the contact was created and the call only settles, with an `UnavailableError` if the request had
   * not left, else with an `OutcomeUnknownError`. It always returns the same promise, which never rejects. Throws
   * `ConfigurationError` if `timeoutMs` is not a number of at least 0.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * const aelyst = new Aelyst()
   *
   * const call = aelyst.contacts.create("id:5", { firstName: "Ana" })
   * await aelyst.close({ timeoutMs: 10_000 })
   * console.log((await call).result) // => created
   *
   * const late = await aelyst.contacts.tryCreate("id:6", { firstName: "Ben" })
   * if (!late.ok) console.log(late.outcome) // => not_sent
   * ```
   */
  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(Options.checkTimeout(options.timeoutMs ?? 30_000))
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    // core's client ends the calls that are left, then the transport closes its connections
    await this.#calls.close(timeoutMs, () => Effect.runPromise(Scope.close(this.#scope, Exit.void)))
    this.#shared.leave()
  }

  /** Closes the client; for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  static {
    hideMembers(this)
  }
}
