/**
 * The source of a run that is an iterable of the caller's: rows are pulled one at a time, each is noted when it arrives,
 * and nothing that the source does not do can hold up the end of the run.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { isPromiseLike } from "effect/Predicate"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

/** Rows in memory, or rows that come over time. */
export type Rows<A> = Iterable<A> | AsyncIterable<A>

/**
 * Returns whether a value can be iterated over as the rows of a run; a string cannot.
 *
 * **Example**
 *
 * ```ts
 * import { isRows } from "@aelyst/core/adapter"
 *
 * console.log(isRows([]), isRows("rows"), isRows(undefined)) // => true false false
 * ```
 */
export const isRows = (u: unknown): u is Rows<unknown> =>
  typeof u === "object" && u !== null && (Symbol.asyncIterator in u || Symbol.iterator in u)

class Reader<A, B> {
  readonly #iterator: Iterator<A> | AsyncIterator<A>
  readonly #onRow: (row: A) => B
  #isDone = false

  constructor(rows: Rows<A>, onRow: (row: A) => B) {
    this.#iterator =
      Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
    this.#onRow = onRow
  }

  /** Pulls one row. It is noted whenever it arrives, even if the run has ended. */
  readonly pull: Pull.Pull<readonly [B], unknown> = Effect.callback<
    readonly [B],
    Cause.Done | unknown
  >((resume) => {
    const fail = (error: unknown) => {
      this.#isDone = true
      resume(Effect.fail(error))
    }
    const note = (row: A) => resume(Effect.succeed([this.#onRow(row)] as const))
    const read = ({ done, value }: IteratorResult<A>) => {
      if (done === true) {
        this.#isDone = true
        resume(Cause.done())
      } else if (isPromiseLike(value)) {
        // safe: the type of a row is that of the promise's value
        Promise.resolve(value as PromiseLike<A>).then(note, fail)
      } else note(value)
    }
    try {
      const next = this.#iterator.next()
      if (isPromiseLike(next)) Promise.resolve(next).then(read, fail)
      else read(next)
    } catch (error) {
      fail(error)
    }
  })

  /** Ends the source by `return()`, and does not wait for that. */
  close(): void {
    if (this.#isDone) return
    this.#isDone = true
    try {
      const returned = this.#iterator.return?.()
      if (isPromiseLike(returned)) Promise.resolve(returned).catch(() => undefined)
    } catch {
      // the run has ended, and can fail no more
    }
  }
}

/** Streams the rows, one at a time; `onRow` runs for each at the moment when it arrives. */
export const fromIterable = <A, B>(
  rows: Rows<A>,
  onRow: (row: A) => B,
): Stream.Stream<B, unknown> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.try({ try: () => new Reader(rows, onRow), catch: (error) => error }),
        (reader) => Effect.sync(() => reader.close()),
      ),
      ({ pull }) => Stream.fromPull(Effect.succeed(pull)),
    ),
  )
