/** Creates many contacts in one run: an async iterable over core's run. */
import * as Core from "@aelyst/core"
import { createManyFrom } from "@aelyst/core/adapter"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Calls } from "./Calls.ts"
import { toCore } from "./Gate.ts"
import { checkRun } from "./options.ts"
import { toError, toResult } from "./results.ts"
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
  resendsWaiting: summary.resendsWaiting,
  elapsedMs: summary.elapsedMs,
})

/** Converts a result in place, since a copy would lose its hidden row. */
const convert = <A>(result: Core.RowResult<A>): RowResult<A> => {
  if ("value" in result) return Object.assign(result, { value: toResult(result.value) })
  toError(result.error)
  return result
}

/** Prepares a run; it starts when the caller iterates over it. */
export const runOf = <A extends Core.Row>(
  calls: Calls,
  client: Core.AelystClient["Service"],
  rows: Iterable<A> | AsyncIterable<A>,
  options: CreateManyOptions,
): Run<A> => {
  const checked = checkRun(options)
  const { gate, signal, onProgress } = options
  const runSync = Effect.runSyncWith(Context.add(calls.context, Core.AelystClient, client))
  const run = runSync(
    createManyFrom(rows, {
      ...checked,
      ...(onProgress !== undefined && { onProgress: () => onProgress(progress()) }),
    }),
  )
  let isIterated = false
  let hasBegun = false
  let isLeft = false

  const summary = (): RunSummary => summaryOf(runSync(run.summary))

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
  const context = calls.context.pipe(
    Context.add(Core.Hooks.Hooks, onProgress === undefined ? hooks : reporting),
    Context.add(Core.AttemptGate.AttemptGate, toCore(gate)),
  )

  const iterate = (): AsyncIterator<RowResult<A>, undefined> => {
    if (isIterated) throw new TypeError("a run can be iterated over once")
    if (calls.closed) throw new Core.UnavailableError({ attempts: [], reason: "closed" })
    isIterated = true
    const results = Stream.toAsyncIterableWith(run.results, context)
    const inner = results[Symbol.asyncIterator]()
    let reportEnd: (() => void) | undefined
    const ended = new Promise<void>((resolve) => {
      reportEnd = resolve
    })
    const end = async (): Promise<IteratorResult<RowResult<A>, undefined>> => {
      signal?.removeEventListener("abort", abort)
      await inner.return?.()
      // core knows no end of a run that was left before its first row
      if (!hasBegun) abort()
      reportEnd?.()
      return { done: true, value: undefined }
    }
    const leave = () => {
      isLeft = true
      return end()
    }
    // each row that was pulled still gets its result
    const abort = () => {
      Effect.runFork(run.abort)
      reportEnd?.()
    }
    calls.track({ end: abort, ended })
    if (signal?.aborted === true) abort()
    else signal?.addEventListener("abort", abort, { once: true })
    return {
      next: async () => {
        if (isLeft) return end()
        hasBegun = true
        try {
          const next = await inner.next()
          return next.done === true ? await end() : { done: false, value: convert(next.value) }
        } catch (error) {
          await end()
          throw error
        }
      },
      return: leave,
    }
  }

  return {
    [Symbol.asyncIterator]: iterate,
    summary: async () => summary(),
    stop: () => runSync(run.stop),
    settled: async () => {
      const { unreported } = await Effect.runPromise(run.settled)
      return { summary: summary(), unreported }
    },
  }
}
