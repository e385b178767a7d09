/** Draws rows at random, for a trial. */
import type { JournalError, JournalService } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"

/** Draws the numbers of `size` rows from those that have not ended, each with the same probability; fewer if there are fewer. */
export const sampleOf = (
  journal: JournalService,
  size: number,
): Effect.Effect<ReadonlySet<number>, JournalError> =>
  Effect.gen(function* () {
    const drawn: number[] = []
    let seen = 0
    yield* Stream.runForEach(journal.rows({ states: ["planned"] }), ({ number }) =>
      Effect.gen(function* () {
        seen += 1
        if (drawn.length < size) {
          drawn.push(number)
          return
        }
        const at = yield* Random.nextIntBetween(0, seen, { halfOpen: true })
        if (at < size) drawn[at] = number
      }),
    )
    return new Set(drawn)
  })
