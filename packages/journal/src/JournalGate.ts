/** The attempt gate of a journal: no request leaves before its intent is durable. */
import { AttemptGate } from "@aelyst/core"
import * as Effect from "effect/Effect"

import type { Claim, JournalService } from "./Journal.ts"

/**
 * Returns a gate that records the intent of every attempt, resends included, under the newest claim. An attempt is refused if the
 * intent cannot be recorded, so the run stops; the cause of `NotAllowed` is the `JournalError`. Attempts under a lease may leave
 * only while it lasts.
 */
export const attemptGate = (
  journal: Pick<JournalService, "intent">,
  currentClaim: () => Claim,
): AttemptGate.Gate => ({
  before: ({ key, number }) =>
    Effect.suspend(() => {
      const claim = currentClaim()
      const { notAfter } = claim
      return journal.intent(claim, key, number).pipe(
        Effect.mapError((cause) => new AttemptGate.NotAllowed({ cause })),
        Effect.as(notAfter === undefined ? undefined : { notAfter }),
      )
    }),
})
