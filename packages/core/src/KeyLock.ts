/** Never two requests in flight for one key: a lock per key, first come first served. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Stands for one caller: in line for its key, holding it, or gone. */
export interface Turn {
  /** Waits until the key is this caller's. */
  readonly ready: Effect.Effect<void>
  /** Whether the key is this caller's at once. */
  readonly isFirst: boolean
  /** Leaves the line, or frees the key for the next in line; once, whatever became of the wait. */
  readonly leave: () => void
}

interface Waiter {
  /** Done once the key is this caller's; who got it at once needs none. */
  readonly ready: Deferred.Deferred<void> | undefined
}

/** Locks keys; a key that nobody holds costs nothing. */
export class KeyLock {
  private readonly lines = new Map<string, Array<Waiter>>()

  /** Tells how many keys are held. */
  get size(): number {
    return this.lines.size
  }

  /** Takes a turn for the key; from then on `leave` is owed. */
  enter(key: string): Turn {
    const line = this.lines.get(key) ?? []
    if (line.length === 0) this.lines.set(key, line)
    // the first of the line holds the key
    const turn: Waiter = { ready: line.length === 0 ? undefined : Deferred.makeUnsafe<void>() }
    const isFirst = line.push(turn) === 1
    return {
      ready: turn.ready === undefined ? Effect.void : Deferred.await(turn.ready),
      isFirst,
      leave: () => {
        const at = line.indexOf(turn)
        if (at === -1) return
        line.splice(at, 1)
        const next = line[0]
        if (next === undefined) this.lines.delete(key)
        else if (at === 0 && next.ready !== undefined) Deferred.doneUnsafe(next.ready, Effect.void)
      },
    }
  }
}
