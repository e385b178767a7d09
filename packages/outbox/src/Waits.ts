/** The waits of a worker: until a row is added, or only until it stops. They hold no process open. */
import { setTimeout as sleep } from "node:timers/promises"

/** Waits that `wake` or `stop` end early. */
export class Waits {
  readonly #stopping = new AbortController()
  #waking = new AbortController()

  get isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Ends a wait for rows; if there is none, the next one. */
  wake(): void {
    this.#waking.abort()
  }

  /** Ends every wait, from now on. */
  stop(): void {
    this.#stopping.abort()
    this.wake()
  }

  /** Waits for rows at most that long, in milliseconds. */
  async forRows(ms: number): Promise<void> {
    await wait(ms, this.#waking.signal)
    if (!this.isStopped) this.#waking = new AbortController()
  }

  /** Waits that long, in milliseconds, however many rows are added. */
  async pause(ms: number): Promise<void> {
    await wait(ms, this.#stopping.signal)
  }
}

const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
  // it rejects when it is ended early
  await sleep(ms, undefined, { ref: false, signal }).catch(() => {})
}
