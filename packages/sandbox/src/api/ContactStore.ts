/**
 * The contacts in memory, and the ledger: requests and contacts per key, the source of truth for tests.
 */
import type { Payload } from "@aelyst/core/contract"

import { cannotWrite } from "./DataFile.ts"
import type { DataFile, Kept } from "./DataFile.ts"
import type { LedgerEntry, SandboxContact } from "./types.ts"
import type { Existing } from "../types.ts"

type Stored = { -readonly [Key in keyof Kept]: Kept[Key] }

interface Counts {
  posts: number
  created: number
  merged: number
  /** Each status followed by its count: an object with a number as key would reserve room for all smaller ones. */
  readonly statuses: Array<number>
  readonly firstAt: number
  lastAt: number
}

/** The result of storing a valid payload. */
export type Result = "created" | "merged" | "duplicated" | "existed" | "full"

/** How a payload is stored. */
export interface Rules {
  readonly existing: Existing
  readonly processingDelayMs: number
  readonly lagMs: number
  readonly maxContacts: number
}

/** Replaces the given fields; custom fields are matched by name. */
const merge = (old: typeof Payload.Type, given: typeof Payload.Type): typeof Payload.Type => {
  if (old.custom_fields === undefined || given.custom_fields === undefined)
    return { ...old, ...given }
  const byName = new Map(old.custom_fields.map((field) => [field.name, field]))
  for (const field of given.custom_fields) byName.set(field.name, field)
  return { ...old, ...given, custom_fields: [...byName.values()] }
}

const byStatus = (counts: ReadonlyArray<number>): Record<number, number> => {
  const statuses: Record<number, number> = {}
  for (let at = 0; at < counts.length; at += 2) statuses[counts[at] ?? 0] = counts[at + 1] ?? 0
  return statuses
}

/** The state that `clear` has removed. */
export interface Removed {
  readonly contacts: ReadonlyArray<Stored>
  readonly counts: ReadonlyArray<readonly [key: string, counts: Counts]>
  readonly nextId: number
}

/** The contacts by key, and the counts of each key. */
export class ContactStore {
  readonly #contacts: Array<Stored> = []
  readonly #byKey = new Map<string, Array<Stored>>()
  readonly #counts = new Map<string, Counts>()
  /** The keys that have no contact, the oldest first: only so many are kept. */
  readonly #without = new Set<string>()
  readonly #maxWithout: number
  readonly #file: DataFile | undefined
  #nextId = 1

  /** Loads the contacts of a file, and writes every change to it. */
  constructor(file?: DataFile, maxWithout: number = Number.POSITIVE_INFINITY) {
    this.#file = file
    this.#maxWithout = maxWithout
    for (const contact of file?.contacts ?? []) {
      this.#add({ ...contact })
      this.#nextId = Math.max(this.#nextId, Number(contact.id) + 1)
    }
  }

  #add(contact: Stored): void {
    this.#contacts.push(contact)
    const same = this.#byKey.get(contact.key)
    if (same === undefined) this.#byKey.set(contact.key, [contact])
    else same.push(contact)
  }

  /** Counts a complete request; returns its number among those with this key. */
  receive(key: string, at: number): number {
    const counts = this.#counts.get(key)
    if (counts !== undefined) {
      counts.lastAt = at
      return ++counts.posts
    }
    this.#counts.set(key, {
      posts: 1,
      created: 0,
      merged: 0,
      statuses: [],
      firstAt: at,
      lastAt: at,
    })
    this.#without.add(key)
    const [oldest] = this.#without
    if (this.#without.size > this.#maxWithout && oldest !== undefined) {
      this.#without.delete(oldest)
      this.#counts.delete(oldest)
    }
    return 1
  }

  /** Counts the status that was decided; 0 for a cut connection. */
  decide(key: string, status: number): void {
    const counts = this.#counts.get(key)
    if (counts === undefined) return
    const { statuses } = counts
    for (let at = 0; at < statuses.length; at += 2) {
      if (statuses[at] !== status) continue
      statuses[at + 1] = (statuses[at + 1] ?? 0) + 1
      return
    }
    statuses.push(status, 1)
  }

  /** Stores a contact according to the rules. */
  commit(
    identifier: string,
    key: string,
    payload: typeof Payload.Type,
    at: number,
    rules: Rules,
  ): Result {
    const same = this.#byKey.get(key)
    const visible = same?.find((contact) => contact.createdAt + rules.lagMs <= at)
    const counts = this.#counts.get(key)
    if (visible !== undefined && rules.existing !== "duplicate") {
      if (rules.existing !== "merge") return "existed"
      const merged = {
        payload: merge(visible.payload, payload),
        readyAt: at + rules.processingDelayMs,
        merges: visible.merges + 1,
      }
      if (this.#file?.put({ ...visible, ...merged }) === false) return "full"
      Object.assign(visible, merged)
      this.#without.delete(key)
      if (counts !== undefined) counts.merged++
      return "merged"
    }
    if (this.#contacts.length >= rules.maxContacts) return "full"
    const contact: Stored = {
      id: String(this.#nextId),
      identifier,
      key,
      payload,
      createdAt: at,
      readyAt: at + rules.processingDelayMs,
      merges: 0,
    }
    if (this.#file?.put(contact) === false) return "full"
    this.#nextId++
    this.#add(contact)
    this.#without.delete(key)
    if (counts !== undefined) counts.created++
    return same === undefined ? "created" : "duplicated"
  }

  /** Lists the contacts in order of creation; `query` searches identifiers, names, phones and emails. */
  list(now: number, query?: string): ReadonlyArray<SandboxContact> {
    return this.page(now, query).contacts
  }

  /** Lists the newest `limit` contacts that match a query, and how many match. */
  page(
    now: number,
    query?: string,
    limit: number = Infinity,
  ): { readonly contacts: ReadonlyArray<SandboxContact>; readonly total: number } {
    const needle = query?.toLowerCase() ?? ""
    const found = needle === "" ? this.#contacts : this.#contacts.filter(contains(needle))
    const shown = found.slice(Math.max(0, found.length - limit))
    return {
      contacts: shown.map(({ payload, ...rest }) => ({
        ...rest,
        ...payload,
        phase: rest.readyAt <= now ? "ready" : "processing",
      })),
      total: found.length,
    }
  }

  /** The number of contacts. */
  get size(): number {
    return this.#contacts.length
  }

  /** Removes the contacts that match a query, or all; returns how many. The ledger stays. */
  remove(query?: string): number {
    const needle = query?.toLowerCase() ?? ""
    const isRemoved = needle === "" ? () => true : contains(needle)
    const kept = this.#contacts.filter((contact) => !isRemoved(contact))
    const removed = this.#contacts.length - kept.length
    if (removed > 0) this.#file?.remove(this.#contacts.filter(isRemoved).map(({ id }) => id))
    this.#contacts.length = 0
    this.#byKey.clear()
    for (const contact of kept) this.#add(contact)
    return removed
  }

  /** Lists the counts of every key in order of their first request. */
  ledger(): ReadonlyArray<LedgerEntry> {
    return Array.from(this.#counts, ([key, counts]) => ({
      key,
      ...counts,
      statuses: byStatus(counts.statuses),
    }))
  }

  /** Removes all contacts and counts, and returns them; ids start at 1 again. */
  clear(): Removed {
    const removed = {
      contacts: [...this.#contacts],
      counts: [...this.#counts],
      nextId: this.#nextId,
    }
    this.#file?.clear()
    this.#contacts.length = 0
    this.#byKey.clear()
    this.#counts.clear()
    this.#without.clear()
    this.#nextId = 1
    return removed
  }

  /** Replaces everything by the state that `clear` has returned. Throws if the data file cannot hold it. */
  restore({ contacts, counts, nextId }: Removed): void {
    this.clear()
    for (const contact of contacts) this.#add(contact)
    for (const [key, count] of counts) this.#counts.set(key, count)
    this.#nextId = nextId
    if (contacts.some((contact) => this.#file?.put(contact) === false)) throw cannotWrite()
  }

  /** Closes the data file. */
  close(): void {
    this.#file?.close()
  }
}

const contains =
  (needle: string) =>
  ({ identifier, payload }: Stored): boolean =>
    [identifier, payload.firstName, payload.lastName, payload.phone, payload.email].some(
      (text) => text !== undefined && text.toLowerCase().includes(needle),
    )
