/** Plans an import in a database and approves it; workers send it. With `--follow` waits for its end, and reports. */
import type { ImportProgress } from "@aelyst/import"
import type { RunCounts } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import type { ImportStatus } from "@aelyst/workflow"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import type { Signal } from "../Host.ts"
import { Host } from "../Host.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import { Screen } from "../Screen.ts"
import * as StoreOption from "../shared/StoreOption.ts"
import { count } from "../Text.ts"
import * as Client from "./Client.ts"
import { journalFailure } from "./JournalFailure.ts"
import { failed } from "./OpenRun.ts"
import type { CheckedImport } from "./PlannedRun.ts"
import { leftOf, plan, sendPrepared } from "./PlannedRun.ts"
import { ProgressView } from "./ProgressView.ts"
import type { Sent } from "./Sending.ts"
import { tokenClass } from "./TokenClass.ts"

/** Returns the progress of an import over all machines, in the form that one of this machine has. */
const progressOf = ({
  approvedAt,
  at,
  counts,
  perSecond,
  remainingMs,
  underWay,
}: ImportStatus): ImportProgress => ({
  ...counts,
  rows: counts.total,
  requests: 0,
  rateLimited: 0,
  inFlight: underWay,
  elapsedMs: at - (approvedAt ?? at),
  ...(remainingMs !== undefined && { perSecond, etaMs: remainingMs }),
})

/** Shows an import until it has ended, or a signal ends the command; the workers continue. Returns how long it has taken. */
const follow = (all: CheckedImport, id: string, statuses: Stream.Stream<ImportStatus, Failure>) =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const { onSignal } = yield* Host
    const stop = yield* Deferred.make<Signal>()
    onSignal?.((signal) => void Effect.runSync(Deferred.succeed(stop, signal)))
    const view = new ProgressView(printer, all.progress)
    const { host } = all.settings
    let elapsedMs = 0
    const show = (status: ImportStatus) =>
      Effect.sync(() => {
        const { created, duplicate, invalid, total } = status.counts
        const of = {
          file: all.input.name,
          host,
          run: id,
          total: total - invalid - duplicate,
          created,
        }
        const progress = progressOf(status)
        elapsedMs = progress.elapsedMs
        view.show(progress, of)
      })
    const ended = Effect.as(Stream.runForEach(statuses, show), undefined)
    const signal = yield* Effect.raceFirst(ended, Deferred.await(stop))
    printer.clear()
    if (signal === undefined) return elapsedMs
    printer.notice(`the workers continue ${id}; aelyst runs show ${id}`)
    return yield* Effect.fail(Reports.ended(Reports.exitOfSignal[signal]))
  })

const endedOf = (counts: RunCounts): number =>
  counts.total - counts.invalid - counts.duplicate - leftOf(counts)

/** Returns what workers have sent: all of the run, or since `before` if it had ended then; only they know their requests. */
export const sentByWorkers =
  (before: RunCounts | undefined, elapsedMs: number) =>
  <E>({ summary, ...sent }: Sent<E>): Sent<E> => {
    const { rateLimited: _limited, requests: _requests, ...known } = summary
    const earlier = before === undefined ? 0 : endedOf(before)
    const created = summary.created - (before?.created ?? 0)
    return { ...sent, created, summary: { ...known, earlier, elapsedMs } }
  }

/** Runs an import whose file is checked, through a database; `resume` is the run to continue. */
export const run = (
  all: CheckedImport,
  database: DatabaseUrl,
  resume: string | undefined,
): Effect.Effect<void, Failure | Report, Host | Screen> =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const { ImportWorkflow } = yield* StoreOption.load
    const runs = yield* Runs
    const workflow = yield* ImportWorkflow
    // meanwhile another machine may have approved the same run
    const remove = (id: string) =>
      Effect.flatMap(workflow.status(id), ({ step }) =>
        step === "checked" ? runs.remove(id) : Effect.void,
      )
    const { goOn, prepared } = yield* plan(all, { ...runs, remove }, resume, true)
    const { counts, isNew, journal } = prepared
    const { id } = journal.run
    if (!goOn) return
    const { endedAt } = yield* failed(workflow.status(id))
    // a token of the same account may have taken the place of the run's own
    yield* failed(workflow.approve(id, { tokenClass: tokenClass(all.found.token) }))
    if (!isNew && leftOf(counts) > 0) yield* failed(workflow.resume(id))
    printer.notice(`run ${id} on ${database.shown}: ${count(leftOf(counts), "row")} to send`)
    printer.notice(`on each machine: aelyst worker; progress: aelyst runs show ${id}`)
    if (!all.flags.follow) {
      if (printer.json) return printer.value({ ok: true, run: id, step: "running", counts })
      return printer.data(id)
    }
    const statuses = Stream.mapError(workflow.follow(id), journalFailure)
    const elapsedMs = yield* follow(all, id, statuses)
    const current = yield* failed(journal.counts)
    const left = leftOf(current)
    if (left > 0) {
      printer.notice(`${id} has ended with ${count(left, "row")} not sent; aelyst runs show ${id}`)
      return yield* Effect.fail(Reports.ended("stopped"))
    }
    // every row has ended, so that this only reads and reports
    const client = Client.clientLayer(all.settings, all.found)
    const reading: CheckedImport = { ...all, progress: "none" }
    const ended = { ...prepared, counts: current }
    const tell = sentByWorkers(endedAt === undefined ? undefined : counts, elapsedMs)
    yield* Client.explained(Effect.provide(sendPrepared(reading, ended, tell), client))
    // what is released at the end needs the database
  }).pipe(Effect.scoped, StoreOption.provide(database))
