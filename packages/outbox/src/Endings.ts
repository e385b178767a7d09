/** Reads how a row of a run has ended, and why a worker pauses. */
import { mayHaveCreated } from "@aelyst/core/adapter"

import { OutboxError } from "./OutboxError.ts"
import type { Ended, Ending } from "./Store.ts"
import type { ClientRowResult } from "./types.ts"

const leastBackoffMs = 10_000
const mostBackoffMs = 3_600_000

/** Returns the wait before a contact in doubt is sent again, in milliseconds. */
export const backoffMs = (rounds: number): number =>
  Math.min(leastBackoffMs * 2 ** rounds, mostBackoffMs)

/** Returns status and error of the end, and whether a response was lost, even if a later request settled that. */
export const endingOf = ({
  error,
  outcome,
  value,
}: Pick<ClientRowResult, "error" | "outcome" | "value">): {
  readonly ending: Ending
  readonly lost: Ended["lost"]
} => {
  const status: unknown = error && Reflect.get(error, "status")
  const earlier = ((value ?? error)?.attempts ?? []).slice(0, -1)
  return {
    ending: {
      ...(typeof status === "number" && { status }),
      ...(error !== undefined && { error: error.name }),
    },
    lost: outcome === "unknown" || earlier.some(mayHaveCreated),
  }
}

/** Returns what an error says: of one of the outbox only the part that says why, as its caller says the rest. */
export const messageOf = (error: unknown): string => {
  if (error instanceof OutboxError) return error.detail ?? error.message
  return error instanceof Error ? error.message : "unknown"
}
