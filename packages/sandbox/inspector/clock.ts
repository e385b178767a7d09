/** Follows the sandbox's clock. */
import { call } from "./admin.ts"
import { byId } from "./dom.ts"
import { showUndo } from "./reset.ts"
import type { Undoable } from "./reset.ts"

let kind = "real"
let knownNow = Date.now()
let knownAt = performance.now()

/** Returns the time on the sandbox's clock. */
export const now = (): number =>
  kind === "real" ? knownNow + (performance.now() - knownAt) : knownNow

/** Checks whether time passes without being advanced. */
export const isReal = (): boolean => kind === "real"

/** Sets the time that the sandbox has reported. */
export const setNow = (at: number): void => {
  knownNow = at
  knownAt = performance.now()
}

interface Health {
  readonly now: number
  readonly clock: string
  readonly contacts: number
  readonly undoable?: Undoable
}

/** Loads the time, the kind of clock, the number of contacts, and whether a reset can be undone. */
export const loadHealth = async (): Promise<void> => {
  const health = await call<Health>("/health")
  kind = health.clock
  setNow(health.now)
  byId("count-contacts").textContent = String(health.contacts)
  showUndo(health.undoable)
}
