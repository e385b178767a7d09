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
  /** Done once the wait for the key is over; undefined if the key was free. */
  readonly #waited: Deferred.Deferred<void> | undefined
  #front: KeyLease | undefined
  #behind: KeyLease | undefined
  #isReleased = false

  constructor(queues: Queues, key: string) {
    this.#queues = queues
    this.#key = key
    this.#front = queues.last.get(key)
    if (this.#front !== undefined) {
      this.#front.#behind = this
      this.#waited = Deferred.makeUnsafe<void>()
      queues.waiting += 1
    }
    queues.last.set(key, this)
  }

  /** Whether the key was free when it was asked for. */
  get isGranted(): boolean {
    return this.#waited === undefined
  }

  /** Waits until the key is this caller's. */
  get ready(): Effect.Effect<void> {
    return this.#waited === undefined ? Effect.void : Deferred.await(this.#waited)
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
    if (front === undefined && behind !== undefined) queueMicrotask(() => behind.#endWait())
  }

  #endWait(): void {
    if (this.#waited !== undefined && Deferred.doneUnsafe(this.#waited, Effect.void)) {
      this.#queues.waiting -= 1
    }
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
