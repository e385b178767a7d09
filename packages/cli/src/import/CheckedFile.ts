/** Checks every row of the file and prints what was found, before anything is sent. */
import type {
  CheckedRow,
  CheckSummary,
  InvalidRowsError,
  ReadError,
  ReadyRow,
} from "@aelyst/import"
import { FindingsCollector, check as checkRows, checkedLines, findingLines } from "@aelyst/import"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { Host } from "../Host.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import { Screen } from "../Screen.ts"
import { jsonLine, number, visible } from "../Text.ts"
import type { OpenImport } from "./Import.ts"
import { print as printTable, readFailure, tableText } from "./OpenTable.ts"
import * as RejectsFile from "./RejectsFile.ts"

const shownProblems = 20
// with -v, as they would be sent
const shownExamples = 3
// a large file shows that it is being read
const rowsPerSign = 20_000

/** The end of a check before the last row, or after it with `--on-invalid abort`. */
export type CheckFailure = Failure | Report

const failureOf = (error: ReadError | InvalidRowsError, name: string): CheckFailure =>
  error._tag === "InvalidRowsError" ? Reports.ended("invalid") : readFailure(error, name)

/** Returns the checked rows of the file, to be read from its start. */
export const rows = ({ input, opened, options }: OpenImport) =>
  Effect.mapBoth(checkRows(opened.table.rows, opened.mapped.mapping, options.checking), {
    onSuccess: (checking) => {
      const failed = Stream.mapError((error: ReadError | InvalidRowsError) =>
        failureOf(error, input.name),
      )
      return {
        summary: checking.summary,
        rows: failed(checking.rows),
        rowsFrom: (first: number) => failed(checking.rowsFrom(first)),
      }
    },
    onFailure: ({ message }) =>
      usage(message.replaceAll("`", ""), "fix:   correct the value of --set"),
  })

/**
 * Reads all rows and prints the findings, which a resumed run has shown before. They name the file of rejected rows unless
 * workers send the rows: then there is none, or after a while.
 */
export const check = (
  all: OpenImport,
  { isResumed, isShared }: { readonly isResumed: boolean; readonly isShared: boolean },
): Effect.Effect<CheckSummary, CheckFailure, Host | Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const { flags, globals, input, opened } = all
    const willBeSent = !flags.check && !isShared
    const printer = yield* Screen
    const collector = new FindingsCollector(shownProblems)
    const checking = yield* rows(all)
    const rejects = flags.check ? yield* RejectsFile.open(all, false) : undefined
    const showValues = flags.showValues || printer.isWatched
    const examples: Array<ReadyRow> = []
    let seen = 0
    const note = (row: CheckedRow) =>
      Effect.suspend(() => {
        collector.add(row)
        if (row.state === "ready" && examples.length < shownExamples) examples.push(row)
        if (++seen % rowsPerSign === 0) {
          printer.draw(`Reading ${input.name} … ${number(seen)} rows   Ctrl-C to stop`)
        }
        return rejects === undefined ? Effect.void : RejectsFile.addChecked(rejects, row, all)
      })
    const print = (rejectsPath: string | undefined) =>
      Effect.gen(function* () {
        const summary = yield* checking.summary
        printer.clear()
        // its person has seen the rest when the run began
        if (isResumed) {
          printer.notice(tableText(input, opened, summary.rows))
          return summary
        }
        printTable(printer, input, opened, summary.rows, showValues, (line) => printer.notice(line))
        const found = findingLines(collector.findings(), {
          showValues,
          rejects: rejectsPath,
        })
        for (const line of checkedLines(summary)) printer.notice(visible(line))
        for (const line of found) printer.notice(`  ${visible(line)}`)
        if (globals.verbose > 0 && showValues) {
          for (const { contact, identifier, row } of examples) {
            printer.notice(`  line ${row.line} → ${jsonLine({ identifier, ...contact })}`)
          }
        }
        return summary
      })
    // a run that sends writes its report at its end
    const report = Effect.fnUntraced(function* (summary: CheckSummary, written?: string) {
      if (flags.report === undefined) return
      const rejected = written === undefined ? {} : { rejects: written }
      const path = yield* RejectsFile.writeReport(all, { check: summary, ...rejected })
      if (path !== undefined) printer.notice(`report: ${path}`)
    })
    const abort = Effect.gen(function* () {
      const summary = yield* print(undefined)
      yield* report(summary)
      yield* tellUnsent(all, summary)
    })
    yield* Effect.tapError(Stream.runForEach(checking.rows, note), (error) =>
      Reports.isReport(error) ? abort : Effect.void,
    )
    const written = rejects === undefined ? undefined : yield* RejectsFile.commit(rejects)
    const shown = written && RejectsFile.shownPath(input.cwd, written.path).shown
    const summary = yield* print(shown ?? (willBeSent ? RejectsFile.pathOf(all)?.shown : undefined))
    if (flags.check) yield* report(summary, shown)
    return summary
  })

/** Reports that nothing was sent, and why. */
const tellUnsent = ({ flags: { check: isCheck }, input }: OpenImport, summary: CheckSummary) =>
  Effect.map(Screen, (printer) => {
    if (!printer.json) {
      return printer.notice(`nothing was sent (${isCheck ? "--check" : "--on-invalid abort"})`)
    }
    const ok = summary.invalid === 0
    return printer.value({ ok, check: isCheck, file: input.name, ...summary })
  })

/** Ends `--check`: with 3 if there are invalid rows. */
export const end = (all: OpenImport, summary: CheckSummary): Effect.Effect<void, Report, Screen> =>
  Effect.andThen(
    tellUnsent(all, summary),
    summary.invalid === 0 ? Effect.void : Effect.fail(Reports.ended("invalid")),
  )
