/** The outbox: accepts contacts durably, and has a worker create them. */
import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"

import { Identifier } from "@aelyst/core"
import { Cipher } from "@aelyst/journal/storage"

import type { Settings } from "./options.ts"
import { check, invalid } from "./options.ts"
import { openStore } from "./OpenStore.ts"
import { OutboxError, unreadable } from "./OutboxError.ts"
import type { NewRow, Store } from "./Store.ts"
import type {
  AcceptOptions,
  AcceptStatement,
  Accepted,
  ClientCheck,
  Outbox,
  OutboxClient,
  OutboxEntry,
  OutboxOptions,
  OutboxState,
  OutboxStats,
  Submission,
} from "./types.ts"
import { Worker } from "./Worker.ts"

/** How often ended contacts are pruned and the store's files are cleaned, in milliseconds. */
const upkeepMs = 60_000
/** How often the number of pending contacts is counted, in milliseconds. */
const countMs = 1_000
/** When a full outbox is worth another try, in milliseconds. */
const fullRetryMs = 5_000
const drainPollMs = 100
const closeMs = 10_000
/** The longest wait of a timer in Node, in milliseconds. */
const longestMs = 2_147_483_647

const states: ReadonlySet<unknown> = new Set<OutboxState>([
  "pending",
  "created",
  "existed",
  "exists_after_doubt",
  "rejected",
  "parked",
])

const checkKey = (key: unknown): string | undefined => {
  if (key === undefined) return undefined
  if (typeof key === "string" && key.length >= 1 && key.length <= 255) return key
  throw invalid("idempotencyKey", "must be a text of 1 to 255 characters")
}

/** Returns the idempotency key of the options; a misspelt one would store a repeat again. */
const keyOf = (options: AcceptOptions): string | undefined => {
  for (const name of Object.keys(options)) {
    if (name !== "idempotencyKey") throw invalid(name, "is not an option; there is idempotencyKey")
  }
  return checkKey(options.idempotencyKey)
}

class StoredOutbox implements Outbox {
  readonly #options: OutboxOptions
  readonly #settings: Settings
  readonly #store: Store
  readonly #cipher: Cipher
  readonly #client: OutboxClient | undefined
  readonly #worker: Worker | undefined
  readonly #upkeep: NodeJS.Timeout
  #pending = 0
  #countedAt = Number.NEGATIVE_INFINITY
  #closed: Promise<void> | undefined
  readonly #reports = new Set<Promise<void>>()

  constructor(options: OutboxOptions, settings: Settings, store: Store) {
    this.#options = options
    this.#settings = settings
    this.#store = store
    this.#cipher = new Cipher(settings.keys)
    const { client } = options
    this.#client = client
    if (client !== undefined) {
      this.#worker = new Worker({
        client,
        store,
        cipher: this.#cipher,
        settings,
        onEnd: (id, submission) => {
          const report = this.#reportEnd(id, submission)
          this.#reports.add(report)
          void report.finally(() => this.#reports.delete(report))
        },
      })
    }
    this.#upkeep = setInterval(() => void this.#clean(), upkeepMs)
    this.#upkeep.unref()
  }

  async accept(submission: Submission, options: AcceptOptions = {}): Promise<Accepted> {
    const idempotencyKey = keyOf(options)
    const { prepare } = this.#checked()
    const row = this.#rowOf(
      await prepare(submission.identifier, submission.contact),
      idempotencyKey,
    )
    await this.#checkRoom()
    const earlier = await this.#store.add(row)
    if (earlier !== undefined) {
      if (!earlier.isSame) throw new OutboxError("CONFLICT")
      return { id: earlier.id, repeated: true }
    }
    this.#pending++
    this.#worker?.wake()
    return { id: row.id, repeated: false }
  }

  statement(submission: Submission, options: AcceptOptions = {}): AcceptStatement {
    if (this.#store.statement === undefined) throw new OutboxError("NO_STATEMENT")
    const idempotencyKey = keyOf(options)
    const { validate } = this.#checked()
    const row = this.#rowOf(validate(submission.identifier, submission.contact), idempotencyKey)
    return { id: row.id, ...this.#store.statement(row) }
  }

  get(id: string): Promise<OutboxEntry | undefined> {
    return this.#store.get(String(id))
  }

  async reveal(id: string): Promise<Submission | undefined> {
    const payload = await this.#store.payload(String(id))
    if (payload === undefined) return undefined
    try {
      // safe: the cipher has checked that an outbox has written it
      return this.#cipher.open(String(id), payload) as Submission
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  async list({
    limit = 100,
    state,
  }: { state?: OutboxState | undefined; limit?: number | undefined } = {}): Promise<
    ReadonlyArray<OutboxEntry>
  > {
    if (state !== undefined && !states.has(state)) {
      throw invalid("state", `must be one of ${[...states].join(", ")}`)
    }
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw invalid("limit", "must be a safe integer of at least 1", limit)
    return this.#store.list(state, limit)
  }

  stats(): Promise<OutboxStats> {
    return this.#store.stats()
  }

  async drain({
    signal,
  }: { readonly signal?: AbortSignal | undefined } = {}): Promise<OutboxStats> {
    if (this.#client === undefined) throw new OutboxError("NO_CLIENT")
    while (true) {
      signal?.throwIfAborted()
      if ((await this.#store.pending(1)) === 0) return this.#store.stats()
      const missing = this.#worker?.missingKeys ?? new Map<string, OutboxError>()
      const [error] = missing.values()
      if (error !== undefined && !(await this.#store.hasReadable([...missing.keys()]))) throw error
      await new Promise((resolve) => setTimeout(resolve, drainPollMs))
    }
  }

  async replay(id: string): Promise<boolean> {
    const isParked = await this.#store.replay(String(id))
    if (isParked) this.#worker?.wake()
    return isParked
  }

  discard(id: string): Promise<boolean> {
    return this.#store.discard(String(id))
  }

  async verify(): Promise<ReadonlyArray<string>> {
    const wrong = await this.#store.verify()
    const missing = [...(await this.#store.keysInUse())].filter(
      ([id]) => !this.#cipher.keyIds.includes(id),
    )
    return wrong.concat(
      missing.map(
        ([id, count]) => `${count} contacts need the encryption key ${id}, which is not given`,
      ),
    )
  }

  async close({
    timeoutMs = closeMs,
  }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    if (!(timeoutMs >= 0 && timeoutMs <= longestMs))
      throw invalid("timeoutMs", "must be between 0 and 2,147,483,647", timeoutMs)
    this.#closed ??= this.#close(timeoutMs)
    await this.#closed
  }

  async #close(timeoutMs: number): Promise<void> {
    clearInterval(this.#upkeep)
    await this.#worker?.stop(timeoutMs)
    const late = new AbortController()
    const reported = Promise.all(this.#reports)
    await Promise.race([reported, sleep(timeoutMs, undefined, { signal: late.signal })])
    late.abort()
    await this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Rejects if the outbox is full; the count may be a second old. */
  async #checkRoom(): Promise<void> {
    const now = performance.now()
    if (now - this.#countedAt >= countMs) {
      this.#countedAt = now
      this.#pending = await this.#store.pending(this.#settings.maxPending)
    }
    if (this.#pending >= this.#settings.maxPending) {
      throw new OutboxError("FULL", { retryAfterMs: fullRetryMs })
    }
  }

  /** Returns the contacts of the client, if the outbox accepts any. */
  #checked(): OutboxClient["contacts"] {
    if (this.#client === undefined) throw new OutboxError("NO_CLIENT")
    if (this.#closed !== undefined) throw new OutboxError("CLOSED")
    return this.#client.contacts
  }

  /** Creates the row of a checked submission. */
  #rowOf(checked: ClientCheck, idempotencyKey: string | undefined): NewRow {
    if (!checked.ok) throw checked.error
    const { contact, identifier } = checked
    const id = `c_${randomBytes(16).toString("base64url")}`
    return {
      id,
      key: Identifier.key(identifier),
      idempotencyKey,
      submission: JSON.stringify({ identifier, contact }),
      payload: this.#cipher.seal(id, { identifier, contact }),
    }
  }

  async #reportEnd(id: string, submission: Submission): Promise<void> {
    this.#pending--
    try {
      const entry = this.#options.onEnd && (await this.#store.get(id))
      if (entry !== undefined) await this.#options.onEnd?.({ ...entry, submission })
    } catch {
      // a listener changes nothing
    }
  }

  async #clean(): Promise<void> {
    try {
      await this.#store.prune(this.#settings.retentionMs)
      await this.#store.erase()
    } catch {
      // the next write reports it
    }
  }
}

/**
 * Opens an outbox and starts to send what is in it.
 *
 * **Details**
 *
 * `accept` resolves when the contact is stored durably; from then on it ends in exactly one state, whatever happens to the
 * process. Several processes of one machine may open the same file: each contact is sent by one of them. Throws a
 * `TypeError` with `code: "ERR_AELYST_CONFIG"` for an invalid option.
 *
 * **Example** (Accept a contact that is created later)
 *
 * ```ts
 * import { Aelyst } from "@aelyst/node"
 * import { outbox } from "@aelyst/outbox"
 *
 * await using client = new Aelyst()
 * await using box = outbox({ client, file: "data/outbox.db" })
 *
 * const { id } = await box.accept({ identifier: "id:outbox-example", contact: { firstName: "Ana" } })
 * await box.drain()
 * console.log((await box.get(id))?.state) // => created
 * ```
 */
export const outbox = (options: OutboxOptions): Outbox => {
  const settings = check(options)
  const { client } = options
  const contacts: unknown = Reflect.get(Object(client), "contacts")
  if (client !== undefined && typeof Reflect.get(Object(contacts), "createMany") !== "function") {
    throw invalid("client", "must be a client such as `new Aelyst()`", client)
  }
  return new StoredOutbox(options, settings, openStore(options, settings.log))
}
