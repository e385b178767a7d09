/** `aelyst runs pause|continue|cancel`, and what `list` and `show` tell of imports that several machines send. */
import type { JournalError, JournalService, RunEntry } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import type { ImportStatus } from "@aelyst/workflow"
import * as Effect from "effect/Effect"

import { confirm } from "../Confirm.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Host } from "../Host.ts"
import { failed } from "../import/OpenRun.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import { Screen } from "../Screen.ts"
import * as SettingsOf from "../Settings.ts"
import * as StoreOption from "../shared/StoreOption.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { clock, count, number, visible } from "../Text.ts"

/** A run of a database, with the step of its import. */
export interface SharedEntry extends RunEntry {
  readonly step?: string
}

/** Lists the runs of a database, the newest first. */
export const entries = (
  database: DatabaseUrl,
): Effect.Effect<ReadonlyArray<SharedEntry>, Failure, Host | Screen> =>
  Effect.gen(function* () {
    const { ImportWorkflow } = yield* StoreOption.load
    const { list } = yield* Runs
    const { status } = yield* ImportWorkflow
    return yield* Effect.forEach(yield* list, (entry) =>
      entry.run?.plannedAt === undefined
        ? Effect.succeed(entry)
        : Effect.map(status(entry.id), ({ step }) => ({ ...entry, step })),
    )
  }).pipe(failed, StoreOption.provide(database))

/** Opens a run of a database; undefined if there is none with this ID. */
export const open = (database: DatabaseUrl, id: string) =>
  Effect.gen(function* () {
    const { ImportWorkflow } = yield* StoreOption.load
    const { status } = yield* ImportWorkflow
    return yield* Effect.map(status(id), () => true)
  }).pipe(
    Effect.catchTag("JournalError", (error) =>
      error.reason === "not_found" ? Effect.succeed(false) : Effect.fail(error),
    ),
    failed,
    StoreOption.provide(database),
    Effect.map((isThere) => (isThere ? using(database, id) : undefined)),
  )

const using =
  (database: DatabaseUrl, id: string) =>
  <A, R>(
    use: (
      journal: JournalService,
      status: ImportStatus,
    ) => Effect.Effect<A, JournalError | Failure, R>,
  ) =>
    Effect.gen(function* () {
      const { ImportWorkflow } = yield* StoreOption.load
      const journal = yield* Effect.flatMap(Runs, (runs) => runs.open(id))
      const status = yield* Effect.flatMap(ImportWorkflow, (workflow) => workflow.status(id))
      return yield* use(journal, status)
    }).pipe(Effect.scoped, failed, StoreOption.provide(database))

/** Returns the lines of `runs show` about the machines that send an import. */
export const lines = ({ parked, perSecond, ranges, remainingMs, step }: ImportStatus) => [
  ["step", step],
  ["ranges", `${number(ranges.ended)} of ${number(ranges.total)} ended, ${ranges.claimed} in work`],
  ...(step === "running" && remainingMs !== undefined
    ? [["pace", `${perSecond.toFixed(1)}/s, ETA ${clock(remainingMs)}`]]
    : []),
  ...parked.map(({ from, reason }) => ["parked", `rows from ${from}: ${visible(reason)}`]),
]

/** Returns the members of the JSON of `runs show`. */
export const json = ({ parked, perSecond, ranges, remainingMs, step }: ImportStatus) => ({
  step,
  ranges,
  perSecond,
  remainingMs: remainingMs ?? null,
  parked: parked.map(({ from, reason }) => ({ from, reason })),
})

/** Pauses, continues or cancels an import. */
export const change = (
  step: "pause" | "continue" | "cancel",
  { run, ...flags }: DatabaseFlags & { readonly run: string },
  globals: GlobalFlags,
): Effect.Effect<void, Failure, Host | Screen> =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const database = yield* StoreOption.need(flags)
    if (step === "cancel" && !globals.yes) {
      const { mayAsk } = yield* SettingsOf.resolve(globals)
      if (!mayAsk) {
        return yield* Effect.fail(
          usage(
            "cancelling an import needs a confirmation, and there is no terminal to ask on",
            "fix:   add --yes, or runs pause, which can be undone",
          ),
        )
      }
      const question = `Cancel ${visible(run)}? Its rows that are left are erased from the database.`
      if (!(yield* confirm(question, false))) return printer.notice("nothing was cancelled")
    }
    const { ImportWorkflow } = yield* StoreOption.load
    const status = yield* Effect.gen(function* () {
      const workflow = yield* ImportWorkflow
      const { cancel, pause, resume } = workflow
      yield* { pause, continue: resume, cancel }[step](run)
      return yield* workflow.status(run)
    }).pipe(failed, StoreOption.provide(database))
    const left = status.counts.not_sent + status.counts.inDoubt
    if (printer.json) return printer.value({ ok: true, run, step: status.step, left })
    const is = status.step === "ended" ? "has already ended, and stays so" : `is ${status.step}`
    return printer.notice(`${visible(run)} ${is}; ${count(left, "row")} left`)
  })
