/** Never two requests in flight for one key: a lock per key, first come, first served. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** The queues of all keys. */
interface Queues {
  /** The last lease of each queue. */
  readonly last: Map<string, KeyLease>
  waiting: number
}

/** Stands for one caller: waiting for its key, holding it, or gone. Linked to the leases in front of it and behind it. */
export class KeyLease {
  readonly #queues: Queues
  readonly #key: string
  /** Whether the key was free when it was asked for. */
  readonly isGranted: boolean
  /** Done once the key is this caller's; not needed if the key was free. */
  readonly #granted: Deferred.Deferred<void> | undefined
  #front: KeyLease | undefined
  #behind: KeyLease | undefined
  #isWaiting: boolean
  #isReleased = false

  constructor(queues: Queues, key: string) {
    this.#queues = queues
    this.#key = key
    this.#front = queues.last.get(key)
    this.isGranted = this.#front === undefined
    this.#isWaiting = !this.isGranted
    this.#granted = this.isGranted ? undefined : Deferred.makeUnsafe<void>()
    if (this.#front !== undefined) this.#front.#behind = this
    if (this.#isWaiting) queues.waiting += 1
    queues.last.set(key, this)
  }

  /** Waits until the key is this caller's. */
  get ready(): Effect.Effect<void> {
    return this.#granted === undefined ? Effect.void : Deferred.await(this.#granted)
  }

  /** Leaves the queue, or frees the key for the next caller; once, however the wait ended. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#endWait()
    const front = this.#front
    const behind = this.#behind
    if (front !== undefined) front.#behind = behind
    if (behind !== undefined) behind.#front = front
    else if (front === undefined) this.#queues.last.delete(this.#key)
    else this.#queues.last.set(this.#key, front)
    // not at once: an abort of many callers must not let each of them begin before its own turn to be aborted
    if (front === undefined && behind !== undefined) queueMicrotask(() => behind.#grant())
  }

  /** Grants the key to the first in the queue. */
  #grant(): void {
    if (this.#isReleased || this.#granted === undefined) return
    this.#endWait()
    Deferred.doneUnsafe(this.#granted, Effect.void)
  }

  #endWait(): void {
    if (this.#isWaiting) this.#queues.waiting -= 1
    this.#isWaiting = false
  }
}

/** Locks keys; a key that is not held costs nothing. */
export class KeyLock {
  readonly #queues: Queues = { last: new Map(), waiting: 0 }

  /** How many keys are held. */
  get size(): number {
    return this.#queues.last.size
  }

  /** How many callers wait for a key. */
  get waiting(): number {
    return this.#queues.waiting
  }

  /** Takes a lease of the key; the caller must `release` it. */
  enter(key: string): KeyLease {
    return new KeyLease(this.#queues, key)
  }
}
