/** Never two requests in flight for one key: a lock per key, first come, first served. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Stands for one caller: waiting for its key, holding it, or gone. Linked to the leases in front of it and behind it. */
export class KeyLease {
  readonly #queues: Map<string, KeyLease>
  readonly #key: string
  /** Whether the key was free when it was asked for. */
  readonly isGranted: boolean
  /** Done once the key is this caller's; not needed if the key was free. */
  readonly #granted: Deferred.Deferred<void> | undefined
  #front: KeyLease | undefined
  #behind: KeyLease | undefined
  #isReleased = false

  constructor(queues: Map<string, KeyLease>, key: string) {
    this.#queues = queues
    this.#key = key
    this.#front = queues.get(key)
    this.isGranted = this.#front === undefined
    this.#granted = this.isGranted ? undefined : Deferred.makeUnsafe<void>()
    if (this.#front !== undefined) this.#front.#behind = this
    queues.set(key, this)
  }

  /** Waits until the key is this caller's. */
  get ready(): Effect.Effect<void> {
    return this.#granted === undefined ? Effect.void : Deferred.await(this.#granted)
  }

  /** Leaves the queue, or frees the key for the next caller; once, however the wait ended. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    const front = this.#front
    const behind = this.#behind
    if (front !== undefined) front.#behind = behind
    if (behind !== undefined) behind.#front = front
    else if (front === undefined) this.#queues.delete(this.#key)
    else this.#queues.set(this.#key, front)
    // the first in the queue held the key
    const next = front === undefined && behind !== undefined ? behind.#granted : undefined
    if (next !== undefined) Deferred.doneUnsafe(next, Effect.void)
  }
}

/** Locks keys; a key that is not held costs nothing. */
export class KeyLock {
  /** The last lease of each queue. */
  readonly #queues = new Map<string, KeyLease>()

  /** How many keys are held. */
  get size(): number {
    return this.#queues.size
  }

  /** Takes a lease of the key; the caller must `release` it. */
  enter(key: string): KeyLease {
    return new KeyLease(this.#queues, key)
  }
}
