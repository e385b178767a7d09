/** Judges an import by the requests that the server received, against the journal: the rules hold after any history of faults. */
import type { JournalService, RunCounts } from "@aelyst/journal"
import type { Existing, LedgerEntry } from "@aelyst/sandbox"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** The history of an import whose rows are all new. */
export interface History {
  readonly rows: number
  readonly existing: Existing
  readonly ledger: ReadonlyArray<LedgerEntry>
  /** Requests that may have been in flight at the faults: a row may be sent twice for each. */
  readonly inFlight: number
}

/** The findings. */
export interface Verdict {
  /** The rules that were broken. */
  readonly broken: ReadonlyArray<string>
  readonly counts: RunCounts
  /** Rows of which the server received more than one request. */
  readonly sentTwice: number
  readonly inDoubt: number
}

/** Compares the rows and attempts of a run with the ledger of the server. */
export const judge = (journal: JournalService, { existing, inFlight, ledger, rows }: History) =>
  Effect.gen(function* () {
    const broken: Array<string> = []
    const byKey = new Map(ledger.map((entry) => [entry.key, entry]))
    const noted = new Map<number, number>()
    yield* Stream.runForEach(journal.attempts(), ({ attempt, row }) =>
      // an end without an attempt has an entry, too
      Effect.sync(() => attempt > 0 && noted.set(row, (noted.get(row) ?? 0) + 1)),
    )
    let sentTwice = 0
    let inDoubt = 0
    let seen = 0
    yield* Stream.runForEach(journal.rows(), ({ doubt, number, state }) =>
      Effect.sync(() => {
        seen++
        const {
          created = 0,
          posts = 0,
          statuses = {},
        } = byKey.get(`email:row${number}@import.example`) ?? {}
        const at = `row ${number} (${state})`
        if (state !== "created" && state !== "exists_after_doubt") broken.push(`${at}: did not end`)
        if (created < 1) broken.push(`${at}: the server has none`)
        if (created > 1 && existing !== "duplicate") broken.push(`${at}: created ${created} times`)
        if (posts > (noted.get(number) ?? 0)) broken.push(`${at}: a request without an intent`)
        if (doubt) inDoubt++
        if (posts - (statuses[429] ?? 0) > 1) sentTwice++
        // a 429 leaves no doubt
        if (posts - (statuses[429] ?? 0) > 1 && !doubt)
          broken.push(`${at}: sent ${posts} times without a doubt`)
      }),
    )
    const counts = yield* journal.counts
    const sum = counts.created + counts.exists_after_doubt
    if (seen !== rows || counts.total !== rows || sum !== rows)
      broken.push(`${seen} rows, ${sum} of ${counts.total} exist; ${rows} were planned`)
    if (sentTwice > inFlight) broken.push(`${sentTwice} rows sent twice, ${inFlight} in flight`)
    const { isSound, problems } = yield* journal.verify
    if (!isSound) broken.push(...problems)
    return { broken, counts, sentTwice, inDoubt } satisfies Verdict
  })
