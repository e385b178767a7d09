/** The outbox: accepts contacts durably, and has a worker create them. */
import { createHmac, randomBytes } from "node:crypto"

import { Identifier } from "@aelyst/core"

import { Cipher } from "./Cipher.ts"
import type { Settings } from "./options.ts"
import { check, invalid } from "./options.ts"
import { OutboxError } from "./OutboxError.ts"
import { sqliteStore } from "./SqliteStore.ts"
import type { Store } from "./Store.ts"
import type {
  AcceptOptions,
  Accepted,
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

class FileOutbox implements Outbox {
  readonly #options: OutboxOptions
  readonly #settings: Settings
  readonly #store: Store
  readonly #cipher: Cipher
  readonly #client: OutboxClient | undefined
  readonly #worker: Worker | undefined
  readonly #upkeep: NodeJS.Timeout
  #salt: Promise<Uint8Array> | undefined
  #pending = 0
  #countedAt = Number.NEGATIVE_INFINITY
  #isClosed = false

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
        onEnd: (id, submission) => void this.#reportEnd(id, submission),
      })
    }
    this.#upkeep = setInterval(() => void this.#clean(), upkeepMs)
    this.#upkeep.unref()
  }

  async accept(submission: Submission, options: AcceptOptions = {}): Promise<Accepted> {
    if (this.#client === undefined) throw new OutboxError("NO_CLIENT")
    if (this.#isClosed) throw new OutboxError("CLOSED")
    const idempotencyKey = checkKey(options.idempotencyKey)
    const checked = await this.#client.contacts.validate(submission.identifier, submission.contact)
    if (!checked.ok) throw checked.error
    const { contact, identifier } = checked
    await this.#checkRoom()
    const id = `c_${randomBytes(16).toString("base64url")}`
    const salt = await this.#saltOf()
    const hash = (kind: string, text: string): Uint8Array =>
      createHmac("sha256", salt).update(`${kind}\0${text}`).digest()
    const fingerprint = hash("submission", JSON.stringify({ identifier, contact }))
    const row = {
      id,
      key: hash("key", Identifier.key(identifier)),
      idempotency: idempotencyKey === undefined ? null : hash("idempotency", idempotencyKey),
      fingerprint,
      payload: this.#cipher.seal(id, { identifier, contact }),
    }
    const earlier = await this.#store.add(row, Date.now())
    if (earlier !== undefined) {
      if (!Buffer.from(earlier.fingerprint).equals(fingerprint)) throw new OutboxError("CONFLICT")
      return { id: earlier.id, repeated: true }
    }
    this.#pending++
    this.#worker?.wake()
    return { id, repeated: false }
  }

  get(id: string): Promise<OutboxEntry | undefined> {
    return this.#store.get(String(id))
  }

  list({
    limit = 100,
    state,
  }: { state?: OutboxState | undefined; limit?: number | undefined } = {}): Promise<
    ReadonlyArray<OutboxEntry>
  > {
    if (state !== undefined && !states.has(state)) {
      throw invalid("state", `must be one of ${[...states].join(", ")}`)
    }
    if (!Number.isInteger(limit) || limit < 1)
      throw invalid("limit", "must be an integer of at least 1", limit)
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
      if ((await this.#store.pending()) === 0) return this.#store.stats()
      await new Promise((resolve) => setTimeout(resolve, drainPollMs))
    }
  }

  async replay(id: string): Promise<boolean> {
    const isParked = await this.#store.replay(String(id), Date.now())
    if (isParked) this.#worker?.wake()
    return isParked
  }

  verify(): Promise<ReadonlyArray<string>> {
    return this.#store.verify()
  }

  async close({
    timeoutMs = closeMs,
  }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#upkeep)
    await this.#worker?.stop(timeoutMs)
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
      this.#pending = await this.#store.pending()
    }
    if (this.#pending >= this.#settings.maxPending) {
      throw new OutboxError("FULL", { retryAfterMs: fullRetryMs })
    }
  }

  #saltOf(): Promise<Uint8Array> {
    this.#salt ??= this.#store.salt().catch((error: unknown) => {
      this.#salt = undefined
      throw error
    })
    return this.#salt
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
      await this.#store.prune(Date.now() - this.#settings.retentionMs)
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
  const { client, file } = options
  if (typeof file !== "string" || file === "") {
    throw invalid("file", "must be the path of a file, such as data/outbox.db")
  }
  const contacts: unknown = Reflect.get(Object(client), "contacts")
  if (client !== undefined && typeof Reflect.get(Object(contacts), "createMany") !== "function") {
    throw invalid("client", "must be a client such as `new Aelyst()`", client)
  }
  return new FileOutbox(options, settings, sqliteStore(file))
}
