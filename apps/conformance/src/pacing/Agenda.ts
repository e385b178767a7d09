/** Pending events of a simulation, in order of time. */

interface Event {
  readonly at: number
  readonly run: () => void
}

/** Holds events; those of one time run in the order in which they were added. */
export class Agenda {
  readonly #events: Array<Event> = []

  /** Adds an event. */
  add(at: number, run: () => void): void {
    let index = this.#events.length
    while (index > 0 && (this.#events[index - 1]?.at ?? at) > at) index--
    this.#events.splice(index, 0, { at, run })
  }

  /** Takes the earliest event out. */
  next(): Event | undefined {
    return this.#events.shift()
  }
}
