/** Never two requests in flight for one key: a lock per key, first come first served. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Locks keys; a key that nobody holds costs nothing. */
export class KeyLock {
  private readonly waiting = new Map<string, Array<Deferred.Deferred<void>>>()

  /** Tells how many keys are held. */
  get size(): number {
    return this.waiting.size
  }

  /** Takes the key where nobody holds it. */
  tryAcquire(key: string): boolean {
    if (this.waiting.has(key)) return false
    this.waiting.set(key, [])
    return true
  }

  /** Waits until the key is free and takes it; interruption while waiting leaves the line. */
  acquire(key: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const line = this.waiting.get(key)
      if (line === undefined) {
        this.tryAcquire(key)
        return Effect.void
      }
      const turn = Deferred.makeUnsafe<void>()
      line.push(turn)
      return Effect.onInterrupt(Deferred.await(turn), () =>
        Effect.sync(() => {
          const at = line.indexOf(turn)
          if (at === -1) this.pass(key)
          else line.splice(at, 1)
        }),
      )
    })
  }

  /** Frees the key, or hands it to the next in line. */
  release(key: string): Effect.Effect<void> {
    return Effect.sync(() => this.pass(key))
  }

  private pass(key: string): void {
    const next = this.waiting.get(key)?.shift()
    if (next === undefined) this.waiting.delete(key)
    else Deferred.doneUnsafe(next, Effect.void)
  }
}
