/**
 * Journals that break one promise each. A campaign over one of them must be judged bad: a judge that passes it would pass
 * a wrong product, too.
 */
import type { JournalService } from "@aelyst/journal"
import * as Effect from "effect/Effect"

/**
 * The promise that is broken.
 *
 * - `intent_after_send`: the request leaves before its intent is recorded
 * - `report_before_commit`: a row is reported before its end is recorded
 * - `no_doubt`: a row whose attempt was lost is sent again as if nothing had happened
 * - `no_doubt_delay`: not a matter of the journal: a row in doubt is sent again before the API can know it
 */
export type Control = (typeof controls)[number]

export const controls = [
  "intent_after_send",
  "report_before_commit",
  "no_doubt",
  "no_doubt_delay",
] as const

const late = (write: Effect.Effect<unknown, unknown>) =>
  Effect.asVoid(Effect.forkDetach(Effect.ignore(Effect.delay(write, 30))))

/** Returns the journal with some of its methods replaced. */
const changed = (journal: JournalService, methods: Partial<JournalService>): JournalService =>
  new Proxy(journal, {
    get: (target, name) => {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof method === "function" ? method.bind(target) : method
    },
  })

/** Returns the journal without the promise of the control. */
export const broken = (journal: JournalService, control: Control | undefined): JournalService => {
  switch (control) {
    case "intent_after_send": {
      const last = new Map<string, number>()
      return changed(journal, {
        intent: (_, key, attempt) => Effect.sync(() => void last.set(key, attempt)),
        outcome: (claim, key, end) => {
          const attempts = Array.from({ length: last.get(key) ?? 1 }, (_, index) => index + 1)
          return Effect.andThen(
            Effect.forEach(attempts, (attempt) => journal.intent(claim, key, attempt)),
            journal.outcome(claim, key, end),
          )
        },
      })
    }
    case "report_before_commit":
      return changed(journal, { outcome: (...end) => late(journal.outcome(...end)) })
    case "no_doubt":
      return changed(journal, {
        lookup: (rows) =>
          Effect.map(journal.lookup(rows), (records) =>
            records.map((record) => record && { ...record, doubt: false }),
          ),
      })
    default:
      return journal
  }
}
