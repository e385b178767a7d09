/** Never two requests in flight for one key: a lock per key, first come first served. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Stands for one caller: in line for its key, holding it, or gone. */
export interface KeyLease {
  /** Waits until the key is this caller's. */
  readonly ready: Effect.Effect<void>
  /** Whether the key is this caller's at once. */
  readonly isGranted: boolean
  /** Leaves the line, or frees the key for the next in line; once, whatever became of the wait. */
  readonly release: () => void
}

/** One caller between those in front of it and behind it. */
class LinkedLease implements KeyLease {
  private readonly lines: Map<string, LinkedLease>
  private readonly key: string
  readonly isGranted: boolean
  /** Done once the key is this caller's; who got it at once needs none. */
  private readonly granted: Deferred.Deferred<void> | undefined
  private before: LinkedLease | undefined
  private behind: LinkedLease | undefined
  private left = false

  constructor(lines: Map<string, LinkedLease>, key: string, before: LinkedLease | undefined) {
    this.lines = lines
    this.key = key
    this.before = before
    this.isGranted = before === undefined
    this.granted = before === undefined ? undefined : Deferred.makeUnsafe<void>()
    if (before !== undefined) before.behind = this
    lines.set(key, this)
  }

  get ready(): Effect.Effect<void> {
    return this.granted === undefined ? Effect.void : Deferred.await(this.granted)
  }

  release(): void {
    if (this.left) return
    this.left = true
    const { before, behind } = this
    if (before !== undefined) before.behind = behind
    if (behind !== undefined) behind.before = before
    else if (before === undefined) this.lines.delete(this.key)
    else this.lines.set(this.key, before)
    // who stood first held the key
    const granted = before === undefined ? behind?.granted : undefined
    if (granted !== undefined) Deferred.doneUnsafe(granted, Effect.void)
  }
}

/** Locks keys; a key that nobody holds costs nothing. */
export class KeyLock {
  /** The last of each line. */
  private readonly queues = new Map<string, LinkedLease>()

  /** Tells how many keys are held. */
  get size(): number {
    return this.queues.size
  }

  /** Takes a turn for the key; from then on `leave` is owed. */
  enter(key: string): KeyLease {
    return new LinkedLease(this.queues, key, this.queues.get(key))
  }
}
