/** `aelyst runs pause|continue|cancel`, and what `list` and `show` tell of imports that several machines send. */
import type { RunEntry } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import type { ImportStatus } from "@aelyst/workflow"
import * as Effect from "effect/Effect"

import { confirm } from "../Confirm.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Host } from "../Host.ts"
import { failed } from "../import/OpenRun.ts"
import { tokenClass } from "../import/TokenClass.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import { Screen } from "../Screen.ts"
import * as SettingsOf from "../Settings.ts"
import * as StoreOption from "../shared/StoreOption.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { clock, count, number, visible } from "../Text.ts"
import * as Token from "../Token.ts"

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

/** Removes the finished runs of a database that were last changed so long ago. */
export const prune = (database: DatabaseUrl, olderThanMs: number) =>
  Effect.gen(function* () {
    const { ImportWorkflow } = yield* StoreOption.load
    return yield* Effect.flatMap(ImportWorkflow, (imports) => imports.prune({ olderThanMs }))
  }).pipe(failed, StoreOption.provide(database))

/** Returns the lines of `runs show` about the machines that send an import. */
export const lines = ({ parked, perSecond, ranges, remainingMs, step, underWay }: ImportStatus) => [
  ["step", step],
  ["under way", number(underWay)],
  ["ranges", `${number(ranges.ended)} of ${number(ranges.total)} ended, ${ranges.claimed} in work`],
  ...(step === "running" && remainingMs !== undefined
    ? [["pace", `${perSecond.toFixed(1)}/s, ETA ${clock(remainingMs)}`]]
    : []),
  ...parked.map(({ from, reason }) => ["parked", `rows from ${from}: ${visible(reason)}`]),
]

/** Returns the members of the JSON of `runs show`. */
export const json = ({ parked, perSecond, ranges, remainingMs, step, underWay }: ImportStatus) => ({
  step,
  underWay,
  ranges,
  perSecond,
  remainingMs: remainingMs ?? null,
  parked: parked.map(({ from, reason }) => ({ from, reason })),
})

/** Holds the flags of `runs pause`, `continue` and `cancel`. */
export interface ChangeFlags extends DatabaseFlags {
  readonly run: string
  /** With `continue`: whether the token at hand may take the place of the one that the import was made with. */
  readonly allowChanged?: boolean
}

/** Pauses, continues or cancels an import. */
export const change = (
  step: "pause" | "continue" | "cancel",
  { allowChanged = false, run, ...flags }: ChangeFlags,
  globals: GlobalFlags,
): Effect.Effect<void, Failure, Host | Screen> =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const database = yield* StoreOption.need(flags)
    const settings = yield* SettingsOf.resolve(globals)
    if (step === "cancel" && !globals.yes) {
      if (!settings.mayAsk) {
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
    const token = allowChanged ? yield* Token.require(globals, settings) : undefined
    const { ImportWorkflow } = yield* StoreOption.load
    const status = yield* Effect.gen(function* () {
      const { approve, cancel, pause, resume, status: statusOf } = yield* ImportWorkflow
      const runs = yield* Runs
      const { id } = (yield* Effect.scoped(runs.open(run))).run
      yield* { pause, continue: resume, cancel }[step](id)
      if (token !== undefined) yield* approve(id, { tokenClass: tokenClass(token.token) })
      return yield* statusOf(id)
    }).pipe(failed, StoreOption.provide(database))
    const left = status.counts.not_sent + status.counts.inDoubt
    if (printer.json) return printer.value({ ok: true, run: status.run, step: status.step, left })
    const is = status.step === "ended" ? "has already ended, and stays so" : `is ${status.step}`
    return printer.notice(`${status.run} ${is}; ${count(left, "row")} left`)
  })
