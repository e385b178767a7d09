/** `aelyst runs list|show|export|verify`: reads the runs of imports. */
import type { JournalService, RunCounts, RunEntry } from "@aelyst/journal"
import { Export } from "@aelyst/journal"
import type { ImportStatus } from "@aelyst/workflow"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { Failure } from "../Failure.ts"
import type { Host } from "../Host.ts"
import * as FlagValues from "../import/FlagValues.ts"
import { failed, rowsInDoubt } from "../import/OpenRun.ts"
import { directoryOf, withRuns } from "../import/RunDirectory.ts"
import * as StoredOptions from "../import/StoredOptions.ts"
import type { Report } from "../Report.ts"
import { findDatabase } from "../outbox/StoreLocation.ts"
import { Screen } from "../Screen.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { count, number, visible } from "../Text.ts"
import { withRun } from "./FoundRun.ts"
import * as SharedRuns from "./SharedRuns.ts"

/** The effect of a command. */
export type Command = Effect.Effect<void, Failure | Report, Host | Screen>

const date = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ")

const fileOf = ({ run }: RunEntry): string => {
  const file = StoredOptions.read(run?.options)?.file
  return file === undefined ? "" : file === "-" ? "standard input" : visible(file)
}

const existing = ({ created, existed, exists_after_doubt }: RunCounts): number =>
  created + existed + exists_after_doubt

const sentence = (entry: RunEntry): string => {
  const { counts, error, state } = entry
  if (error !== undefined) return visible(error.problem)
  if (counts === undefined) return state === "running" ? "in use by another process" : ""
  return `${number(existing(counts))} of ${number(counts.total)} exist`
}

/** A run, and the machine or database that has it. */
interface Listed {
  readonly entry: SharedRuns.SharedEntry
  readonly store: string
}

const jsonOf = ({ entry }: Listed) => ({
  id: entry.id,
  state: entry.state,
  ...(entry.step !== undefined && { step: entry.step }),
  ...(entry.run !== undefined && {
    file: StoredOptions.read(entry.run.options)?.file,
    origin: entry.run.origin,
    delivery: entry.run.delivery,
    createdAt: new Date(entry.run.createdAt).toISOString(),
  }),
  changedAt: new Date(entry.changedAt).toISOString(),
  ...(entry.counts !== undefined && { counts: entry.counts }),
  ...(entry.error !== undefined && { problem: entry.error.problem }),
  journal: entry.path,
})

/** Lists the runs of this machine, the newest first, and those of the database if one is named. */
export const list = (flags: DatabaseFlags): Command =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const directory = yield* directoryOf()
    const local = yield* withRuns(directory, (runs) => failed(runs.list))
    const database = yield* findDatabase(flags)
    const shared = database === undefined ? [] : yield* SharedRuns.entries(database)
    const here = local.map((entry) => ({ entry, store: "this machine" }))
    const there = shared.map((entry) => ({ entry, store: "database" }))
    const all: ReadonlyArray<Listed> = [...here, ...there]
    if (printer.json) return printer.value({ ok: true, runs: all.map(jsonOf) })
    if (all.length === 0) return printer.notice("there are no runs")
    return printer.rows(
      all.map(({ entry, store }) => [
        entry.id,
        entry.step ?? entry.state,
        date(entry.run?.createdAt ?? entry.changedAt),
        sentence(entry),
        entry.run === undefined ? "" : new URL(entry.run.origin).host,
        fileOf(entry),
        // two runs may have one ID
        ...(database === undefined ? [] : [store]),
      ]),
    )
  })

const outcomes = [
  "created",
  "existed",
  "exists_after_doubt",
  "invalid",
  "duplicate",
  "rejected",
  "unknown",
  "not_sent",
] as const satisfies ReadonlyArray<keyof RunCounts>

const shownRows = 20

const collect = <A, E, R>(rows: Stream.Stream<A, E, R>, most: number) =>
  Stream.runCollect(Stream.take(rows, most))

/** Shows one run: its file, its options, its counts, and the rows in doubt. */
export const show = (id: string, flags: DatabaseFlags): Command => withRun(id, flags, shown)

/** Prints a run; `status` is that of an import that several machines send. */
const shown = Effect.fnUntraced(function* (
  journal: JournalService,
  status: ImportStatus | undefined,
) {
  const printer = yield* Screen
  const { run } = journal
  const counts = status?.counts ?? (yield* journal.counts)
  const inDoubt = yield* collect(rowsInDoubt(journal), shownRows)
  const stored = StoredOptions.read(run.options)
  const facts = {
    id: run.id,
    file: stored?.file,
    origin: run.origin,
    delivery: run.delivery,
    createdAt: new Date(run.createdAt).toISOString(),
    tool: run.tool,
  }
  if (printer.json) {
    const rows = inDoubt.map(({ line, number: row }) => ({ row, line }))
    const shared = status && SharedRuns.json(status)
    return printer.value({ ok: true, ...facts, ...shared, counts, inDoubt: rows })
  }
  return printer.rows([
    ["run", run.id],
    ["file", stored?.file === undefined ? "not recorded" : visible(stored.file)],
    ["host", new URL(run.origin).host],
    ["delivery", run.delivery],
    ["started", date(run.createdAt)],
    ["rows", number(counts.total)],
    ...outcomes.map((name) => [name, number(counts[name])]),
    ...(counts.foreign === 0 ? [] : [["not rows of the table", number(counts.foreign)]]),
    ...inDoubt.map(({ line, number: row }) => ["in doubt", `row ${row}, line ${line}`]),
    ...(status === undefined ? [] : SharedRuns.lines(status)),
  ])
})

/** Prints the outcome of each row that was to be sent. */
export const exportRows = (id: string, format: string | undefined, flags: DatabaseFlags): Command =>
  Effect.gen(function* () {
    const form = yield* Effect.fromResult(
      FlagValues.oneOf("--format", ["ndjson", "csv"])(format ?? "ndjson"),
    )
    const printer = yield* Screen
    yield* withRun(id, flags, (journal) =>
      Stream.runForEach(form === "csv" ? Export.csv(journal) : Export.ndjson(journal), (line) =>
        Effect.sync(() => printer.data(line.trimEnd())),
      ),
    )
  })

/** Checks a journal. Fails if it is not sound. */
export const verify = (id: string, flags: DatabaseFlags): Command =>
  withRun(
    id,
    flags,
    Effect.fnUntraced(function* (journal) {
      const printer = yield* Screen
      const { attempts, isSound, problems, rows } = yield* journal.verify
      if (isSound) {
        if (printer.json) return printer.value({ ok: true, id: journal.run.id, rows, attempts })
        return printer.data(
          `${journal.run.id} is sound: ${count(rows, "row")}, ${count(attempts, "attempt")}`,
        )
      }
      return yield* Effect.fail(
        new Failure({
          exit: "usage",
          code: "JOURNAL",
          message: `the journal of ${journal.run.id} is not sound`,
          hints: [...problems.map(visible), "fix:   keep the journal, and start a new run"],
        }),
      )
    }),
  )
