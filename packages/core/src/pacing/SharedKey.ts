/**
 * The state of one pacer in a store that processes share.
 *
 * All functions that wait go into one compare-and-set, and one is on its way at a time. The process remembers the record
 * that it wrote or read last, so that a step that no other process came between takes one round trip.
 * While the store does not answer, the process continues from the newest state that it knows, with its share of the limit.
 */
import { leave, rejoin } from "./AloneState.ts"
import * as Comeback from "./Comeback.ts"
import { isOptionError } from "./OptionError.ts"
import type { SharedRecord, StoredText } from "./SharedRecord.ts"
import { bodyOf, decode, encode } from "./SharedRecord.ts"
import { StoreClock } from "./StoreClock.ts"
import type { PacerState } from "./StoredState.ts"
import type { StoreExchange } from "./StoreExchange.ts"
import { within } from "./Timeout.ts"
import { VersionShares } from "./VersionShares.ts"

/** How long a store may take to reply before the process continues without it, in milliseconds. */
const replyMs = 250
/** The same for the first command, while the user's client may have to connect. */
const firstReplyMs = 1000
/** How long after a reply a step that changes nothing asks nothing: less than between two looks for a response. In milliseconds. */
const freshMs = 30
/** How long after an error the next command is sent, in milliseconds. */
const retryMs = 250
/** The same while the user's client holds a command without a reply: most clients keep them in a queue. */
const unansweredMs = 2000
/** How late a timer can be on a busy machine, in milliseconds. */
const timerMs = 5
/** Two readings of the time that differ by more are no errors of measurement: a clock was set. In milliseconds. */
const toleranceMs = 1000

/** A change of the state, and what to do with its result. */
type Change = (
  state: PacerState | undefined,
  now: number,
  share: number,
) => readonly [settle: () => void, next: PacerState]

/** A function that waits for its step. */
interface Waiting {
  readonly change: Change
  readonly reject: (error: unknown) => void
}

/** The state of a process that cannot reach the store. */
interface Alone {
  state: PacerState
  readonly firstId: number
  readonly sinceMs: number
  /** The versions that the store can have if no other process has written since. */
  readonly versions: Set<string>
  /** The store has replied since its last failure. */
  replies: boolean
}

/** Keeps the state of one key in a store. */
export class SharedKey {
  readonly #key: string
  readonly #exchange: StoreExchange
  readonly #instances: number
  readonly #versions: VersionShares
  readonly #clock = new StoreClock()
  readonly #writer = crypto.randomUUID().slice(0, 8)
  #writes = 0
  readonly #waiting: Array<Waiting> = []
  #isRunning = false
  /** The version in the store, as far as known. */
  #version = ""
  /** The newest record that this process has written or read, and whether it is the one in the store. */
  #newest: SharedRecord | undefined
  #isStored = false
  /** From this process's clock to the time of the state, in milliseconds; undefined before the first step. */
  #aheadMs: number | undefined
  #alone: Alone | undefined
  /** When the command left whose reply confirmed the record. */
  #confirmedAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #unanswered = 0

  constructor(key: string, exchange: StoreExchange, instances: number) {
    this.#key = key
    this.#exchange = exchange
    this.#instances = instances
    this.#versions = new VersionShares(exchange, key, this.#writer, instances)
  }

  get isAlone(): boolean {
    return this.#alone !== undefined
  }

  /** Returns how long a change takes that other processes wait for, in milliseconds; 0 before the first reply. */
  get changeMs(): number {
    return this.#clock.offsetMs === undefined ? 0 : timerMs + 2 * this.#clock.roundTripMs
  }

  /** Applies a function to the state; rejects only if the first reply shows that an option is wrong. */
  modify<A>(
    f: (state: object | undefined, now: number, share?: number) => readonly [A, object],
  ): Promise<A> {
    return new Promise((resolve, reject) => {
      const change: Change = (...given) => {
        const [result, next] = f(...given)
        // safe: `f` returns the state of a pacer
        return [() => resolve(result), next as PacerState]
      }
      this.#waiting.push({ change, reject })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      const batch: Array<Waiting> = []
      try {
        for (const settle of await this.#step(batch)) settle()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isRunning = false
  }

  /** Applies all functions that wait, as often as it takes; returns what to do with their last results. */
  async #step(batch: Array<Waiting>): Promise<ReadonlyArray<() => void>> {
    for (;;) {
      batch.push(...this.#waiting.splice(0))
      const alone = this.#alone
      if (alone !== undefined && !alone.replies) return this.#stepAlone(alone, batch)
      const { offsetMs } = this.#clock
      if (offsetMs === undefined) {
        // the first of all: read the clock and the record
        if ((await this.#ask()) === undefined) this.#leave()
        else await this.#noteVersion()
        continue
      }
      const { aheadMs, before } = this.#base(offsetMs)
      const now = performance.now() + aheadMs
      const known = this.#newest?.comeback
      const comeback = Comeback.join(known, this.#writer, { now, returns: alone !== undefined })
      const share = Math.min(this.#versions.share, Comeback.shareOf(comeback, this.#instances))
      const [settles, state] = apply(batch, before, now, share)
      const isSame = this.#isStored && (comeback ?? known) === known && isEqual(before, state)
      const isFresh = performance.now() < this.#confirmedAt + freshMs
      const record = { state, shiftMs: aheadMs - offsetMs, comeback }
      const write = isSame ? undefined : encode(`${this.#writer}.${this.#writes++}`, record)
      const matched = (isSame && isFresh) || (await this.#ask(write))
      if (matched === undefined) this.#leave(write?.version)
      if (matched !== true) continue
      if (write !== undefined) this.#note(write.version, record)
      this.#aheadMs = aheadMs
      this.#alone = undefined
      void this.#noteVersion()
      return settles
    }
  }

  /** Returns the state to continue from, and how far its time is ahead of this process's clock. */
  #base(offsetMs: number): { readonly before: PacerState | undefined; readonly aheadMs: number } {
    const alone = this.#alone
    const newest = this.#newest
    const isOwn = !this.#isStored || alone?.versions.has(this.#version) === true
    const readMs = isOwn || newest === undefined ? undefined : offsetMs + newest.shiftMs
    const knownMs = this.#aheadMs ?? readMs ?? offsetMs
    if (alone !== undefined && isOwn) return { before: alone.state, aheadMs: knownMs }
    const before = newest?.state
    // the time of the state is continuous, whatever happens to the clock of the store
    const isJump = readMs === undefined || Math.abs(readMs - knownMs) > toleranceMs
    const steadyMs = alone === undefined && isJump ? knownMs : (readMs ?? knownMs)
    // ... and never long behind the state
    const leastMs = (before?.nowMs ?? 0) - performance.now()
    const aheadMs = leastMs > steadyMs + toleranceMs ? leastMs : steadyMs
    if (alone === undefined || before === undefined) return { before, aheadMs }
    return {
      before: rejoin(before, alone.state, { ...alone, shiftMs: aheadMs - knownMs }),
      aheadMs,
    }
  }

  #stepAlone(alone: Alone, batch: ReadonlyArray<Waiting>): ReadonlyArray<() => void> {
    const now = performance.now()
    const [settles, state] = apply(
      batch,
      alone.state,
      now + (this.#aheadMs ?? 0),
      1 / this.#instances,
    )
    alone.state = state
    if (now >= this.#askedAt + (this.#unanswered > 0 ? unansweredMs : retryMs)) {
      void this.#checkAgain(alone)
    }
    return settles
  }

  /** Notes this process's version at times, for other versions; a failure is left to the next step. */
  #noteVersion(): Promise<unknown> {
    const noted = this.#versions.note(performance.now() + (this.#clock.offsetMs ?? 0))
    return within(
      replyMs,
      noted.catch(() => undefined),
    )
  }

  async #checkAgain(alone: Alone): Promise<void> {
    alone.replies = (await this.#ask()) !== undefined
  }

  /** Continues without the store; a write without a reply may be in it anyway. */
  #leave(written: string = this.#version): void {
    if (this.#alone !== undefined) {
      this.#alone.versions.add(written)
      this.#alone.replies = false
      return
    }
    // a record that was read has a time, even if no step has ended yet
    const { offsetMs } = this.#clock
    this.#aheadMs ??= offsetMs === undefined ? 0 : this.#base(offsetMs).aheadMs
    const sinceMs = performance.now() + this.#aheadMs
    const firstId = Number.parseInt(crypto.randomUUID().slice(0, 8), 16) * 2 ** 21
    this.#alone = {
      state: leave(this.#newest?.state, firstId, sinceMs),
      firstId,
      sinceMs,
      versions: new Set([this.#version, written]),
      replies: false,
    }
  }

  /** Checks whether the store's record is the one that is known, and replaces it; undefined without a reply. */
  async #ask(write?: StoredText): Promise<boolean | undefined> {
    const askedAt = performance.now()
    const notAfter = askedAt + (this.#clock.offsetMs ?? 0) + replyMs
    const ask = async () =>
      this.#exchange(this.#key, this.#version, write && { ...write, notAfter })
    this.#askedAt = askedAt
    this.#unanswered++
    try {
      const reply = await within(
        this.#aheadMs === undefined ? firstReplyMs : replyMs,
        ask().finally(() => this.#unanswered--),
      )
      if (reply === undefined) return undefined
      this.#clock.learn(askedAt, performance.now(), reply.now)
      this.#confirmedAt = askedAt
      if (!reply.matched) this.#note(reply.version, decode(reply))
      return reply.matched
    } catch (error) {
      if (isOptionError(error) && this.#aheadMs === undefined) throw error
      return undefined
    }
  }

  /** Notes the record in the store. One without a state, or older than one that is known, has lost what was written. */
  #note(version: string, record: SharedRecord | undefined): void {
    this.#version = version
    const knownAt = this.#newest?.state.nowMs ?? Number.NEGATIVE_INFINITY
    this.#isStored = record !== undefined && record.state.nowMs >= knownAt
    if (this.#isStored) this.#newest = record
  }
}

const apply = (
  batch: ReadonlyArray<Waiting>,
  before: PacerState | undefined,
  now: number,
  share: number,
): readonly [ReadonlyArray<() => void>, PacerState] => {
  let state = before
  const settles = batch.map(({ change }) => {
    const [settle, next] = change(state, now, share)
    state = next
    return settle
  })
  // safe: a step has at least one function
  return [settles, state as PacerState]
}

/** Checks whether two states differ in their time only. */
const isEqual = (before: PacerState | undefined, state: PacerState): boolean =>
  before !== undefined && bodyOf(before) === bodyOf(state)
