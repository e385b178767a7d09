/** Creates many contacts in one run: an async iterable over core's run. */
import * as Core from "@aelyst/core"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Calls } from "./Calls.ts"
import { checkRun } from "./options.ts"
import { toResult } from "./results.ts"
import type { CreateManyOptions, RowResult, Run, RunProgress, RunSummary } from "./types.ts"

const summaryOf = (summary: Core.RunSummary): RunSummary => ({
  total: summary.total,
  created: summary.created,
  existed: summary.existed,
  existsAfterDoubt: summary.exists_after_doubt,
  invalid: summary.invalid,
  rejected: summary.rejected,
  unknown: summary.unknown,
  notSent: summary.not_sent,
  stopped: summary.stopped,
  rateLimited: summary.rateLimited,
  elapsedMs: summary.elapsedMs,
})

const empty: RunSummary = {
  total: 0,
  created: 0,
  existed: 0,
  existsAfterDoubt: 0,
  invalid: 0,
  rejected: 0,
  unknown: 0,
  notSent: 0,
  stopped: undefined,
  rateLimited: 0,
  elapsedMs: 0,
}

const rowResultOf = (row: Core.RowResult): RowResult =>
  "value" in row
    ? { index: row.index, outcome: row.outcome, value: toResult(row.value) }
    : { index: row.index, outcome: row.outcome, error: row.error }

// One row at a time: in larger chunks, the source would be read faster than its rows can be sent.
async function* oneByOne<A>(rows: Iterable<A> | AsyncIterable<A>): AsyncGenerator<A, void> {
  yield* rows
}

/** Prepares a run; it starts when the caller iterates over it. */
export const runOf = (
  calls: Calls,
  client: Core.AelystClient["Service"],
  rows: Iterable<Core.Row> | AsyncIterable<Core.Row>,
  options: CreateManyOptions,
): Run => {
  const checked = checkRun(options)
  const { signal, onProgress } = options
  const runSync = Effect.runSyncWith(Context.add(calls.context, Core.AelystClient, client))
  let started: Core.Run<unknown> | undefined
  let aborted = false

  const summary = (): RunSummary => {
    if (started === undefined) return aborted ? { ...empty, stopped: "aborted" } : empty
    const counts = summaryOf(runSync(started.summary))
    return aborted && counts.stopped === undefined ? { ...counts, stopped: "aborted" } : counts
  }

  const progress = (): RunProgress => {
    const { opensIn } = runSync(client.rateLimit)
    return {
      ...summary(),
      waitingMs: opensIn === undefined ? 0 : Math.ceil(Duration.toMillis(opensIn)),
    }
  }
  const hooks = Context.get(calls.context, Core.Hooks.Hooks)
  const reporting: Core.Hooks.Callbacks = {
    ...hooks,
    onAttempt: (attempt) => {
      try {
        return hooks.onAttempt?.(attempt)
      } finally {
        // no row ends while all of them wait, so the wait itself is reported
        if (attempt.rateLimited === true) onProgress?.(progress())
      }
    },
  }
  const context = Context.add(
    calls.context,
    Core.Hooks.Hooks,
    onProgress === undefined ? hooks : reporting,
  )

  const iterate = (): AsyncIterator<RowResult, undefined> => {
    if (started !== undefined) throw new TypeError("a run can be iterated over once")
    if (calls.closed) throw new Core.UnavailableError({ attempts: [], reason: "closed" })
    started = runSync(
      Core.createMany(
        Stream.fromAsyncIterable(oneByOne(rows), (error) => error),
        {
          ...checked,
          ...(onProgress !== undefined && {
            onProgress: () => onProgress(progress()),
          }),
        },
      ),
    )
    const results = Stream.toAsyncIterableWith(started.results, context)
    const inner = results[Symbol.asyncIterator]()
    let reportEnd: (() => void) | undefined
    const ended = new Promise<void>((resolve) => {
      reportEnd = resolve
    })
    const end = async (): Promise<IteratorResult<RowResult, undefined>> => {
      signal?.removeEventListener("abort", abort)
      await inner.return?.()
      reportEnd?.()
      return { done: true, value: undefined }
    }
    const abort = () => {
      aborted = true
      void end()
    }
    calls.track({ end: abort, ended })
    if (signal?.aborted === true) abort()
    else signal?.addEventListener("abort", abort, { once: true })
    return {
      next: async () => {
        if (aborted) return end()
        try {
          const next = await inner.next()
          return next.done === true ? await end() : { done: false, value: rowResultOf(next.value) }
        } catch (error) {
          await end()
          throw error
        }
      },
      return: end,
    }
  }

  return { [Symbol.asyncIterator]: iterate, summary: async () => summary() }
}
