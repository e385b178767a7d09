/** `aelyst runs resolve|rm|prune`: changes and removes the runs of imports. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { confirm } from "../Confirm.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import * as FlagValues from "../import/FlagValues.ts"
import { failed, rowsInDoubt } from "../import/OpenRun.ts"
import { directoryOf, withRuns } from "../import/RunDirectory.ts"
import { findDatabase } from "../outbox/StoreLocation.ts"
import { Screen } from "../Screen.ts"
import * as SettingsOf from "../Settings.ts"
import { invalid, parseTime, word } from "../SettingTable.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { count } from "../Text.ts"
import { withFound, nameOf, withRun } from "./FoundRun.ts"
import type { Command } from "./Runs.ts"
import * as SharedRuns from "./SharedRuns.ts"

/** Holds the flags of `runs resolve`. */
export interface ResolveFlags extends DatabaseFlags {
  readonly run: string
  readonly row: ReadonlyArray<string>
  readonly as: string | undefined
}

const resolutions = ["created", "rejected", "send-again"] as const

/** Records what a person found out about rows in doubt. */
export const resolve = (flags: ResolveFlags, _globals: GlobalFlags): Command =>
  Effect.gen(function* () {
    const printer = yield* Screen
    if (flags.as === undefined || flags.row.length === 0) {
      return yield* Effect.fail(
        usage(
          `missing flag ${flags.row.length === 0 ? "--row" : "--as"}`,
          `usage: aelyst runs resolve <run> --row <n> --as ${resolutions.join("|")}`,
          `rows in doubt: aelyst runs show <run>`,
        ),
      )
    }
    const as = yield* Effect.fromResult(FlagValues.oneOf("--as", resolutions)(flags.as))
    const rows = yield* Effect.forEach(
      flags.row.filter((row) => row !== "all"),
      (row) => Effect.fromResult(FlagValues.integer("--row", 1)(row)),
    )
    const { ended, resolved, run } = yield* withRun(
      flags.run,
      flags,
      Effect.fnUntraced(function* (journal, status) {
        const chosen = flags.row.includes("all")
          ? (yield* Stream.runCollect(rowsInDoubt(journal))).map(({ number }) => number)
          : rows
        for (const row of chosen) {
          yield* journal.resolve(row, as === "send-again" ? "send_again" : as)
        }
        return { run: journal.run.id, resolved: chosen.length, ended: status?.step === "ended" }
      }),
    )
    if (printer.json) return printer.value({ ok: true, resolved })
    printer.notice(`${count(resolved, "row")} resolved as ${as}`)
    if (ended && as === "send-again") printer.notice(`to send them: aelyst runs continue ${run}`)
  })

/** Removes a run, after a question. */
export const remove = (run: string, flags: DatabaseFlags, globals: GlobalFlags): Command =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const settings = yield* SettingsOf.resolve(globals)
    if (!globals.yes && !settings.mayAsk) {
      return yield* Effect.fail(
        usage(
          "removing a run needs a confirmation, and there is no terminal to ask on",
          "fix:   add --yes",
        ),
      )
    }
    yield* withFound(
      run,
      flags,
      Effect.fnUntraced(function* (found) {
        const { id, imports, runs } = found
        const question = `Remove ${nameOf(found)}? Importing its file again will then send every row again.`
        if (!globals.yes && !(yield* confirm(question, false))) {
          return printer.notice("nothing was removed")
        }
        yield* imports === undefined ? runs.remove(id) : imports.remove(id)
        if (printer.json) return printer.value({ ok: true, removed: [id] })
        return printer.notice(`${nameOf(found)} removed`)
      }),
    )
  })

const days = (text: string): number | undefined => {
  const [, digits] = /^(\d{1,5})d$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits) * 86_400_000
  const parsed = parseTime(text)
  return parsed._tag === "Success" ? parsed.success : undefined
}

/** Removes finished runs that were last changed some time ago. */
export const prune = (olderThan: string | undefined, flags: DatabaseFlags): Command =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const olderThanMs = days(olderThan ?? "30d")
    if (olderThanMs === undefined) {
      return yield* Effect.fail(
        usage(invalid("--older-than", olderThan ?? "", "expected an age such as 30d or 12h", word)),
      )
    }
    const directory = yield* directoryOf()
    const here = yield* withRuns(directory, (runs) => failed(runs.prune({ olderThanMs })))
    const database = yield* findDatabase(flags)
    const there = database === undefined ? [] : yield* SharedRuns.prune(database, olderThanMs)
    const removed = [...here, ...there]
    if (printer.json) return printer.value({ ok: true, removed })
    return printer.notice(`${count(removed.length, "run")} removed`)
  })
