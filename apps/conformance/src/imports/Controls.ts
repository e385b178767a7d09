/** Workers that break one rule on purpose: a judge that does not find them bad judges nothing. */
import type { JournalService } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Names the rule that is broken. */
export type Control = "intent after the request" | "no epoch"

const broken = (control: Control, journal: JournalService): JournalService => {
  switch (control) {
    case "intent after the request":
      return {
        ...journal,
        intent: (claim, key, attempt) =>
          Effect.asVoid(
            Effect.forkDetach(
              Effect.andThen(Effect.sleep(400), Effect.ignore(journal.intent(claim, key, attempt))),
            ),
          ),
      }
    case "no epoch":
      // as an engine without a fence: an owner continues after another has taken over
      return {
        ...journal,
        intent: (claim, key, attempt) => Effect.ignore(journal.intent(claim, key, attempt)),
        outcome: (claim, key, end) => Effect.ignore(journal.outcome(claim, key, end)),
        renew: (claim) => Effect.succeed({ ...claim, notAfter: undefined }),
        claim: (options) =>
          Effect.map(journal.claim(options), (claim) => ({ ...claim, notAfter: undefined })),
      }
  }
}

/** Provides the runs of a database, with the broken rule. */
export const controlled = (control: Control | undefined): Layer.Layer<Runs, never, Runs> =>
  Layer.effect(
    Runs,
    Effect.map(Runs, (runs) =>
      control === undefined
        ? runs
        : {
            ...runs,
            open: (id: string) => Effect.map(runs.open(id), (journal) => broken(control, journal)),
          },
    ),
  )
