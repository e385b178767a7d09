/** The question before contacts are created; off a terminal `--yes` answers it. */
import type { RunCounts } from "@aelyst/journal"
import * as Effect from "effect/Effect"

import { confirm } from "../Confirm.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import { clock, count, number } from "../Text.ts"

/** The rate that the documented example of the API allows. */
const documentedRate = 10

/** Holds what is asked about. */
export interface Plan {
  readonly run: string | undefined
  readonly isNew: boolean
  readonly counts: RunCounts
  /** The rows that will be sent. */
  readonly toSend: number
}

const existing = ({ created, existed, exists_after_doubt }: RunCounts): number =>
  created + existed + exists_after_doubt

/** Returns how long sending takes, by the ceiling of the user or the documented example. */
export const estimate = (rows: number, rate = documentedRate): string =>
  `About ${clock(Math.max(1_000, (rows / rate) * 1_000))} at ${rate}/s`

const headline = ({ counts, isNew, run }: Plan): string | undefined => {
  const done = existing(counts)
  if (run === undefined || (isNew && counts.earlier === 0)) return undefined
  const total = counts.total - counts.invalid - counts.duplicate
  return isNew
    ? `Earlier runs have sent ${number(counts.earlier)} of ${count(total, "row")}; they are skipped.`
    : done === 0
      ? `Found run ${run} of this file, of which no row exists yet.`
      : `Found run ${run} of this file: ${number(done)} of ${count(total, "row")} already exist; they are skipped.`
}

/** Prints the question; returns whether to continue. Fails off a terminal without `--yes`. */
export const ask = (
  plan: Plan,
  settings: Settings,
  globals: GlobalFlags,
): Effect.Effect<boolean, Failure, Screen> =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const found = headline(plan)
    if (found !== undefined) printer.notice(found)
    if (globals.yes || plan.toSend === 0) return true
    const { host, mayAsk, profile, rate } = settings
    if (!mayAsk || printer.json) {
      return yield* Effect.fail(
        usage(
          `creating ${count(plan.toSend, "contact")} needs a confirmation, and there is no terminal to ask on`,
          "fix:   add --yes, or look first with --check",
          "nothing was sent",
        ),
      )
    }
    const what = `Create ${count(plan.toSend, "contact")} at ${host} (profile ${profile})?`
    return yield* confirm(
      printer.symbols(`${what} ${estimate(plan.toSend, rate)}.`),
      existing(plan.counts) > 0,
    )
  })
