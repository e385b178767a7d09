/** The rows that belong to this process until its lease ends; the lease is extended while there are any. */
import { randomUUID } from "node:crypto"

import type { Claim, Store } from "./Store.ts"

/** How much of a lease passes before it is extended. */
const refreshShare = 0.3

/** The claims of a process, of one run after the other. */
export class Claims {
  readonly #store: Store
  readonly #leaseMs: number
  readonly #refresher: NodeJS.Timeout
  #owner = ""
  /** By the `id` of the row. */
  readonly #held = new Map<string, Claim>()
  /** Those that the run has, by key; the store gives out one of each. */
  readonly #sending = new Map<string, Claim>()
  #leaseEnd = 0

  constructor(store: Store, leaseMs: number) {
    this.#store = store
    this.#leaseMs = leaseMs
    this.#refresher = setInterval(() => void this.#refresh(), leaseMs * refreshShare)
    this.#refresher.unref()
  }

  /** When the leases end, by `performance.now()`, as far as this process knows. */
  get leaseEnd(): number {
    return this.#leaseEnd
  }

  /** Begins a run: claims of an earlier one whose end could not be noted are not extended any more, so they are taken over. */
  begin(): void {
    this.#owner = randomUUID()
  }

  /** Claims due rows, except those that need one of the `without` keys. */
  async take(limit: number, without: ReadonlyArray<string>): Promise<ReadonlyArray<Claim>> {
    const before = performance.now()
    const claims = await this.#store.claim(this.#owner, limit, this.#leaseMs, without)
    // the leases of earlier claims may be older
    if (this.#held.size === 0) this.#leaseEnd = before + this.#leaseMs
    for (const claim of claims) this.#held.set(claim.id, claim)
    return claims
  }

  /** Returns the claim of a row, unless it was dropped. */
  held(id: string): Claim | undefined {
    return this.#held.get(id)
  }

  /** Hands a claim to the run. */
  send(key: string, claim: Claim): void {
    this.#sending.set(key, claim)
  }

  /** Returns the claim of a key that the run has. */
  sent(key: string): Claim | undefined {
    return this.#sending.get(key)
  }

  /** Takes a claim back from the run. Its lease is extended until it is dropped. */
  unsend(key: string, claim: Claim): void {
    if (this.#sending.get(key) === claim) this.#sending.delete(key)
  }

  /** Forgets a claim, unless the row was claimed again meanwhile. */
  drop(claim: Claim): void {
    if (this.#held.get(claim.id) === claim) this.#held.delete(claim.id)
  }

  /** Ends a run: gives back what was not sent, also what the run did not ask for any more. */
  async releaseAll(): Promise<void> {
    try {
      await this.#store.releaseAll(this.#owner)
    } finally {
      this.#held.clear()
      this.#sending.clear()
    }
  }

  /** Extends no lease any more. */
  stop(): void {
    clearInterval(this.#refresher)
  }

  async #refresh(): Promise<void> {
    if (this.#held.size === 0) return
    const before = performance.now()
    try {
      await this.#store.refresh(this.#owner, this.#leaseMs)
      this.#leaseEnd = before + this.#leaseMs
    } catch {
      // nothing leaves after the end of the lease, and the next write reports it
    }
  }
}
