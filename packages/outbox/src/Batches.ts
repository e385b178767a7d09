/**
 * Runs one batch at a time. What is asked for meanwhile is the next batch, so that the changes of many rows are one statement
 * and one commit when there are many, and none waits for others when there are few.
 */
interface Waiting<A, B> {
  readonly item: A
  readonly resolve: (value: B | PromiseLike<B>) => void
  readonly reject: (error: unknown) => void
}

/** The most items of a batch. */
const most = 64

/** Items that wait for the next batch. */
export class Batches<A, B> {
  readonly #run: (items: ReadonlyArray<A>) => Promise<ReadonlyArray<B | PromiseLike<B>>>
  #waiting: Array<Waiting<A, B>> = []
  #isRunning = false

  /** `run` returns a result for each item, in their order; if it rejects, each of them does. */
  constructor(run: (items: ReadonlyArray<A>) => Promise<ReadonlyArray<B | PromiseLike<B>>>) {
    this.#run = run
  }

  /** Runs an item in the next batch. */
  add(item: A): Promise<B> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (this.#isRunning) return
      this.#isRunning = true
      // what comes in the same turn of the event loop is one batch
      setImmediate(() => void this.#runAll())
    })
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, most)
      await this.#run(batch.map(({ item }) => item)).then(
        // safe: there is a result for each item
        (results) => batch.forEach(({ resolve }, index) => resolve(results[index] as B)),
        (error: unknown) => batch.forEach(({ reject }) => reject(error)),
      )
    }
    this.#isRunning = false
  }
}
