/**
 * Removes the state of a sandbox, and brings it back once.
 */
import type * as ContactStore from "./ContactStore.ts"
import type * as Fault from "./Fault.ts"
import type { Entry, RequestLog } from "./RequestLog.ts"

/** The parts of a sandbox that a reset empties. */
interface State {
  readonly store: ContactStore.ContactStore
  readonly log: RequestLog
  readonly faults: Fault.Faults
}

interface Removed {
  readonly contacts: ContactStore.Removed
  readonly requests: ReadonlyArray<Entry>
  readonly faults: Fault.Removed
}

/** The last reset, if it can be undone. */
export class Resets {
  readonly #state: State
  #removed: Removed | undefined

  constructor(state: State) {
    this.#state = state
  }

  /**
   * Removes contacts, ledger, requests and added faults. With `isUndoable`, they are kept until `undo`, `forget` or the
   * next reset.
   */
  reset(isUndoable: boolean): void {
    const { faults, log, store } = this.#state
    const removed = { contacts: store.clear(), requests: log.clear(), faults: faults.reset() }
    this.#removed = isUndoable ? removed : undefined
  }

  /** The number of contacts and requests that `undo` brings back; absent if there is nothing to undo. */
  get undoable(): { readonly contacts: number; readonly requests: number } | undefined {
    if (this.#removed === undefined) return undefined
    const { contacts, requests } = this.#removed
    return { contacts: contacts.contacts.length, requests: requests.length }
  }

  /**
   * Goes back to the state before the last undoable reset, once; returns whether there was one. Throws if the data file
   * cannot hold it.
   */
  undo(): boolean {
    const removed = this.#removed
    if (removed === undefined) return false
    const { faults, log, store } = this.#state
    log.restore(removed.requests)
    faults.restore(removed.faults)
    try {
      store.restore(removed.contacts)
    } finally {
      this.forget()
    }
    return true
  }

  /** Forgets the state that an undoable reset has removed. */
  forget(): void {
    this.#removed = undefined
    this.#state.log.emit({ type: "change", what: "reset" })
  }
}
