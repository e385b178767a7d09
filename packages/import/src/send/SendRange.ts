/** Sends a part of the rows of an import: the unit of work when several processes share one. */
import type { AelystClient } from "@aelyst/core"
import type { Claim, JournalError } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

import type { CheckedRow, ImportOutcome, RowResult } from "../types.ts"
import type { InputChangedError } from "./InputChangedError.ts"
import type { SendRowsOptions, SentStopped } from "./SendRows.ts"
import { logOf, sendRows } from "./SendRows.ts"

/** Reads the rows of planned imports again, since the journal knows no contact. */
export class ImportRows extends Context.Service<
  ImportRows,
  {
    /** Returns the rows of an import from one number to another, both included, as they were planned. */
    readonly range: (
      importId: string,
      from: number,
      to: number,
    ) => Stream.Stream<CheckedRow, JournalError>
  }
>()("@aelyst/import/ImportRows") {}

export interface SendRangeOptions extends Omit<SendRowsOptions, "only" | "limit" | "expected"> {
  /** How long another process waits before it takes the rows over from a dead one, in milliseconds. Default 30,000. */
  readonly leaseMs?: number | undefined
  /** A name for readers of the journal, such as host and process ID. */
  readonly owner?: string | undefined
  /** When this ends, no more rows are sent; requests under way end as usual. Default: never. */
  readonly until?: Effect.Effect<unknown> | undefined
  /** Runs for each row as it ends, and before the next is reported. */
  readonly onRow?: ((result: RowResult) => Effect.Effect<void>) | undefined
}

/** How the rows of a range ended; those that had ended before are among them. */
export interface RangeSummary extends Readonly<Partial<Record<ImportOutcome, number>>> {
  readonly stopped: SentStopped
}

/**
 * Sends the rows of an import from one number to another, both included, that have not ended. It may run again after any
 * end, here or in another process: rows that have ended are passed over, and an attempt whose end is not known is in doubt.
 *
 * The claim on the rows is renewed three times per lease; a process that lost it sends nothing more. Fails with
 * `JournalError` (`claimed` while another process has a claim on any of the rows, `fenced` if one took them over).
 *
 * **Example** (The first of two rows)
 *
 * ```ts
 * import { layerConfig } from "@aelyst/core"
 * import { ImportRows, prepare, sendRange } from "@aelyst/import"
 * import type { CheckedRow } from "@aelyst/import"
 * import { SqliteRuns } from "@aelyst/journal"
 * import { Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 * import { mkdtempSync } from "node:fs"
 *
 * const rows = [1, 2].map(
 *   (number): CheckedRow => ({
 *     state: "ready",
 *     row: { number, line: number + 1, cells: [] },
 *     identifier: `id:range-${number}`,
 *     contact: { firstName: "Ana" },
 *   }),
 * )
 * const facts = {
 *   input: { sha256: "00", bytes: 1, mapping: "" },
 *   origin: "https://api.aelyst.ai",
 *   tokenClass: "default",
 *   delivery: "natural-key",
 *   tool: "example",
 * } as const
 * const program = Effect.gen(function* () {
 *   const plan = Effect.scoped(prepare(Stream.fromIterable(rows), facts))
 *   const { journal } = yield* plan
 *   return yield* sendRange(journal.run.id, 1, 1)
 * })
 *
 * const live = Layer.mergeAll(
 *   Layer.provide(layerConfig(), FetchHttpClient.layer),
 *   SqliteRuns.layer({ directory: mkdtempSync("runs-") }),
 *   Layer.succeed(ImportRows, {
 *     range: (_, from, to) => Stream.fromIterable(rows.slice(from - 1, to)),
 *   }),
 * )
 * const { created, stopped } = await Effect.runPromise(Effect.provide(program, live))
 * console.log(created, stopped) // => 1 completed
 * ```
 */
export const sendRange = (
  importId: string,
  from: number,
  to: number,
  { leaseMs = 30_000, onRow, owner, until, ...options }: SendRangeOptions = {},
): Effect.Effect<
  RangeSummary,
  JournalError | InputChangedError,
  AelystClient | ImportRows | Runs
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const runs = yield* Runs
      const source = yield* ImportRows
      const journal = yield* runs.open(importId)
      const take = { from, to, leaseMs, ...(owner !== undefined && { owner }) }
      let claim: Claim = yield* Effect.acquireRelease(journal.claim(take), () =>
        Effect.ignore(Effect.suspend(() => journal.release(claim))),
      )
      const renew = Effect.tap(
        Effect.suspend(() => journal.renew(claim, leaseMs)),
        (renewed) =>
          Effect.sync(() => {
            claim = renewed
          }),
      )
      const log = logOf(journal, () => claim)
      const rows = source.range(importId, from, to)
      const { ended, run, stopped } = yield* sendRows(log, { rows }, options)
      yield* Effect.forkScoped(
        Effect.andThen(Effect.sleep(Math.ceil(leaseMs / 3)), renew).pipe(
          Effect.repeat(Schedule.forever),
          // the intents of a claim that was taken over fail by themselves; the rows under way end
          Effect.catch(() => run.stop),
        ),
      )
      if (until !== undefined) yield* Effect.forkScoped(Effect.andThen(until, run.stop))
      const counts: Partial<Record<ImportOutcome, number>> = {}
      yield* Stream.runForEach(ended, ({ result }) => {
        const { outcome } = result
        counts[outcome] = (counts[outcome] ?? 0) + 1
        return onRow === undefined ? Effect.void : onRow(result)
      })
      return { ...counts, stopped: (yield* stopped) ?? "aborted" }
    }),
  )
