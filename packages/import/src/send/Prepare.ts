/** The plan of an import: every row of the input goes through it, and is in the journal before the first request. */
import type {
  JournalError,
  JournalService,
  PlannedRow,
  RunCounts,
  RunFacts,
  StartedRun,
} from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { CheckedRow } from "../types.ts"
import { InputChangedError } from "./InputChangedError.ts"
import { rowText } from "./RowText.ts"

/** How a run is found or made. */
export interface PrepareOptions {
  /** The ID of the run to resume. Default: the newest unfinished or finished one of the same input, else a new one. */
  readonly resume?: string | undefined
  /** Creates a new run that knows nothing of earlier ones, so that every row is sent. Default false. */
  readonly fresh?: boolean | undefined
  /** Takes a changed input for `resume`: it is a new run, which passes over the rows that ended. Default false. */
  readonly allowChanged?: boolean | undefined
  /** The file of the journal. Default: one that the store names. */
  readonly path?: string | undefined
}

/** A run whose rows are planned. */
export interface Prepared {
  /** Open until the scope ends. */
  readonly journal: JournalService
  /** Whether it was planned now. */
  readonly isNew: boolean
  /** Its rows by outcome, those included that ended before. */
  readonly counts: RunCounts
  /** Runs that another process uses now. They could not be looked at, and may send the same rows. */
  readonly locked: ReadonlyArray<string>
  /** The kind of file system, such as `NFS`, if a journal on it may be lost. */
  readonly fileSystem?: string | undefined
}

/**
 * Finds the run of an input, or makes one and plans it: reads every row, and writes those that are ready to the journal, in
 * one transaction. Nothing is sent.
 *
 * Rows that an earlier run of the same origin and token class ended with the same content have ended, so that an input that
 * was saved again, or corrected, costs requests only for the rows that are new. A run that was planned before is not planned
 * again, and `rows` is then not read.
 *
 * Fails with `JournalError`, with the errors of the rows, and with `InputChangedError` if the run to resume is one of another
 * input, origin or token class.
 *
 * **Example** (A plan of one row)
 *
 * ```ts
 * import { prepare } from "@aelyst/import"
 * import type { CheckedRow } from "@aelyst/import"
 * import { SqliteRuns } from "@aelyst/journal"
 * import { Effect, Stream } from "effect"
 * import { mkdtempSync } from "node:fs"
 *
 * const rows = Stream.make<ReadonlyArray<CheckedRow>>({
 *   state: "ready",
 *   row: { number: 1, line: 2, cells: [] },
 *   identifier: "id:prepared",
 *   contact: { firstName: "Ana" },
 * })
 * const facts = {
 *   input: { sha256: "00", bytes: 1, mapping: "" },
 *   origin: "https://api.aelyst.ai",
 *   tokenClass: "default",
 *   delivery: "natural-key",
 *   tool: "example",
 * } as const
 * const program = Effect.scoped(prepare(rows, facts))
 *
 * const runs = SqliteRuns.layer({ directory: mkdtempSync("runs-") })
 * const { counts, isNew } = await Effect.runPromise(Effect.provide(program, runs))
 * console.log(isNew, counts.total, counts.not_sent) // => true 1 1
 * ```
 */
export const prepare = <E, R>(
  rows: Stream.Stream<CheckedRow, E, R>,
  facts: RunFacts,
  options: PrepareOptions = {},
): Effect.Effect<Prepared, E | JournalError | InputChangedError, R | Runs | Scope.Scope> =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const { fresh = false, path } = options
    const location = path === undefined ? { fresh } : { fresh, path }
    const started = (yield* resumed(facts, options)) ?? (yield* runs.start(facts, location))
    const { fileSystem, journal } = started
    const isNew = journal.run.plannedAt === undefined
    const about = { journal, isNew, fileSystem }
    if (!isNew) return { ...about, counts: yield* journal.counts, locked: [] }
    const planned = Stream.map(rows, plannedRow)
    if (fresh) return { ...about, counts: yield* journal.plan(planned), locked: [] }
    const plan = Effect.gen(function* () {
      const earlier = yield* runs.earlier(journal.run)
      const counts = yield* journal.plan(planned, earlier)
      return { ...about, counts, locked: earlier.locked }
    })
    return yield* Effect.scoped(plan)
  })

/** Opens the run to resume; undefined if there is none, or if a new run shall take its place. */
const resumed = (
  facts: RunFacts,
  { allowChanged = false, resume }: PrepareOptions,
): Effect.Effect<StartedRun | undefined, JournalError | InputChangedError, Runs | Scope.Scope> =>
  Effect.gen(function* () {
    if (resume === undefined) return undefined
    const runs = yield* Runs
    const scope = yield* Effect.scope
    // a run that is not resumed must not stay locked: the new one looks at it
    const own = yield* Scope.fork(scope)
    const journal = yield* Scope.provide(runs.open(resume), own)
    const { run } = journal
    const changed = (what: InputChangedError["what"]) =>
      new InputChangedError({ what, run: run.id })
    if (run.origin !== facts.origin) return yield* changed("origin")
    if (run.tokenClass !== facts.tokenClass) return yield* changed("token")
    const { mapping, sha256 } = run.input
    if (sha256 === facts.input.sha256 && mapping === facts.input.mapping) {
      return { journal, isNew: false }
    }
    if (!allowChanged) return yield* changed("input")
    yield* Scope.close(own, Exit.void)
    return undefined
  })

const plannedRow = (checked: CheckedRow): PlannedRow => {
  if (checked.state !== "ready") return { state: checked.state }
  const { contact, identifier } = checked
  const { line, number } = checked.row
  return { state: "ready", number, line, ...rowText(checked), payload: { identifier, contact } }
}
