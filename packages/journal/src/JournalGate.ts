/** The attempt gate of a journal: no request leaves before its intent is durable. */
import { AttemptGate } from "@aelyst/core"
import * as Effect from "effect/Effect"

import type { Claim, JournalService } from "./Journal.ts"

/**
 * Returns a gate that records the intent of every attempt, resends included, under the newest claim. An attempt is refused if the
 * intent cannot be recorded, so the run stops; the cause of `NotAllowed` is the `JournalError`. Attempts under a lease may leave
 * only while it lasts.
 *
 * **Example** (One attempt, recorded before it is sent)
 *
 * ```ts
 * import { Runs, SqliteRuns, attemptGate } from "@aelyst/journal"
 * import { Effect, Stream } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const runs = yield* Runs
 *   const { journal } = yield* runs.start(
 *     {
 *       input: { sha256: "of the file", bytes: 120, mapping: "of its columns" },
 *       origin: "https://api.aelyst.ai",
 *       tokenClass: "of the account",
 *       delivery: "natural-key",
 *       tool: "my-program 1.0.0",
 *     },
 *     { fresh: true },
 *   )
 *   const row = { state: "ready", number: 1, line: 2, key: "id:5", content: "Ana" } as const
 *   yield* journal.plan(Stream.make(row))
 *   const claim = yield* journal.claim()
 *   const gate = attemptGate(journal, () => claim)
 *   yield* gate.before({ number: 1, key: "id:5" })
 *   return yield* Stream.runCollect(journal.rows())
 * }).pipe(Effect.scoped, Effect.provide(SqliteRuns.layer({ directory: "state/gated" })))
 *
 * console.log((await Effect.runPromise(program)).map((row) => row.state).join()) // => sending
 * ```
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
