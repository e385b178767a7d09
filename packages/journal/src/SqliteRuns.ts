/** The runs of a directory, one SQLite file each. */
import { statSync } from "node:fs"
import { basename, resolve } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"

import type { EarlierRow, Run, RunEntry, RunFacts, RunsService } from "./Journal.ts"
import { Runs } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import { checkLock, unusualFileSystem } from "./FileSystemCheck.ts"
import type { RunFile } from "./RunFiles.ts"
import { deleteFile, findFile, listFiles, newestOf, nextOf, prepareDirectory } from "./RunFiles.ts"
import { pruneRuns, stateOf } from "./RunList.ts"
import { fingerprint } from "./RunTables.ts"
import { SqliteJournal } from "./SqliteJournal.ts"
import { tryFile } from "./SqliteFile.ts"

export interface SqliteRunsOptions {
  /** Made if there is none, for its owner only. */
  readonly directory: string
}

/** Runs an effect, and keeps what it opened until the scope ends only if it returns something. */
const keptIf = <A, E, R>(
  effect: Effect.Effect<A | undefined, E, R>,
): Effect.Effect<A | undefined, E, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const exit = yield* Effect.exit(Scope.provide(effect, scope))
    if (Exit.isFailure(exit) || exit.value === undefined) yield* Scope.close(scope, Exit.void)
    return yield* exit
  })

/** Repeats an effect until it returns something. */
const untilSome = <A, E, R>(effect: Effect.Effect<A | undefined, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(effect, (found) =>
    found === undefined ? untilSome(effect) : Effect.succeed(found),
  )

/** Returns the state of a file, without keeping it open. */
const entryOf = (file: RunFile): Effect.Effect<RunEntry> =>
  Effect.gen(function* () {
    const journal = yield* SqliteJournal.open(file.path, { trust: true, waitMs: 0 })
    const counts = yield* journal.counts
    const { run } = journal
    return { state: stateOf(run, counts), run, counts } as const
  }).pipe(
    Effect.scoped,
    Effect.catch((error) =>
      Effect.succeed(
        error.reason === "locked"
          ? ({ state: "running" } as const)
          : ({ state: "unreadable", error } as const),
      ),
    ),
    Effect.map((found) => ({
      id: file.id,
      path: file.path,
      changedAt: changedAt(file.path),
      ...found,
    })),
  )

const changedAt = (path: string): number =>
  Math.max(
    ...[path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  )

class SqliteRuns implements RunsService {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = resolve(directory)
  }

  #files(): Effect.Effect<ReadonlyArray<RunFile>, JournalError> {
    return Effect.suspend(() => Effect.fromResult(listFiles(this.#directory)))
  }

  /** Opens the file of a run with these facts, or creates it, and checks that the file system keeps its promises. */
  #open(path: string, facts: RunFacts, id: string) {
    return Effect.gen(function* () {
      const createdAt = yield* Clock.currentTimeMillis
      const create = () => ({ ...facts, id, createdAt })
      const old = Effect.map(SqliteJournal.open(path, { create }), (journal) =>
        journal.isCreated ? undefined : journal,
      )
      // what was just written must be there when the file is opened again
      const journal = (yield* keptIf(old)) ?? (yield* SqliteJournal.open(path))
      if (fingerprint(journal.run) !== fingerprint(facts))
        return yield* new JournalError({ reason: "other_input", path })
      yield* checkLock(path)
      const isNew = journal.run.plannedAt === undefined
      return { journal, isNew, fileSystem: unusualFileSystem(path) }
    })
  }

  readonly start = (facts: RunFacts, options: Parameters<RunsService["start"]>[1] = {}) => {
    const { fresh, path } = options
    if (path !== undefined) {
      const name = basename(path).replace(/\.[^.]*$/, "")
      return this.#open(resolve(path), facts, name)
    }
    const begin = Effect.suspend(() => Effect.fromResult(prepareDirectory(this.#directory)))
    const attempt = fresh === true ? this.#startFresh(facts) : this.#startNewest(facts)
    return Effect.andThen(begin, untilSome(keptIf(attempt)))
  }

  /** Opens the newest run of an input, or a new one; nothing if another process made a newer one meanwhile. */
  #startNewest(facts: RunFacts) {
    return Effect.gen({ self: this }, function* () {
      const files = yield* this.#files()
      const file = newestOf(files, facts) ?? nextOf(this.#directory, files, facts)
      const started = yield* this.#open(file.path, facts, file.id)
      return newestOf(yield* this.#files(), facts)?.path === file.path ? started : undefined
    })
  }

  /** Opens a new run of an input while it keeps others out of the newest one. */
  #startFresh(facts: RunFacts) {
    return Effect.gen({ self: this }, function* () {
      const newest = newestOf(yield* this.#files(), facts)
      if (newest === undefined) return yield* this.#startNewest(facts)
      const outer = yield* Effect.scope
      return yield* Effect.scoped(
        Effect.gen({ self: this }, function* () {
          yield* SqliteJournal.open(newest.path, { trust: true })
          const files = yield* this.#files()
          if (newestOf(files, facts)?.path !== newest.path) return undefined
          const { id, path } = nextOf(this.#directory, files, facts)
          return yield* Scope.provide(this.#open(path, facts, id), outer)
        }),
      )
    })
  }

  readonly open = (id: string) =>
    Effect.flatMap(
      Effect.suspend(() => Effect.fromResult(findFile(this.#directory, id))),
      ({ path }) => SqliteJournal.open(path),
    )

  get list(): Effect.Effect<ReadonlyArray<RunEntry>, JournalError> {
    return Effect.map(
      Effect.flatMap(this.#files(), (files) => Effect.forEach(files, entryOf)),
      (entries) => entries.toSorted((a, b) => createdAt(b) - createdAt(a)),
    )
  }

  readonly earlier = (run: Run) =>
    Effect.gen({ self: this }, function* () {
      const locked: Array<string> = []
      const opened: Array<SqliteJournal> = []
      for (const { id, path } of yield* this.#files()) {
        if (id === run.id) continue
        const open = Effect.map(SqliteJournal.open(path, { trust: true, waitMs: 0 }), (journal) =>
          journal.run.origin === run.origin && journal.run.tokenClass === run.tokenClass
            ? journal
            : undefined,
        )
        const found = yield* Effect.result(keptIf(open))
        if (Result.isSuccess(found)) {
          if (found.success !== undefined) opened.push(found.success)
        } else if (found.failure.reason === "locked") locked.push(id)
        else return yield* found.failure
      }
      const newestFirst = opened.toSorted((a, b) => b.run.createdAt - a.run.createdAt)
      return {
        runs: newestFirst.map((journal) => journal.run.id),
        locked,
        lookup: Effect.fnUntraced(function* (rows: Parameters<SqliteJournal["lookupEarlier"]>[0]) {
          const found: Array<EarlierRow | undefined> = rows.map(() => undefined)
          for (const journal of newestFirst) {
            const missing = found.flatMap((row, index) => (row === undefined ? [index] : []))
            const known = yield* journal.lookupEarlier(
              missing.flatMap((index) => rows[index] ?? []),
            )
            for (const [position, index] of missing.entries()) found[index] = known[position]
          }
          return found
        }),
      }
    })

  readonly remove = (id: string): Effect.Effect<void, JournalError> =>
    Effect.suspend(() => Effect.fromResult(findFile(this.#directory, id))).pipe(
      Effect.flatMap(({ path }) =>
        // a damaged file can be removed, one in use cannot
        Effect.scoped(SqliteJournal.open(path, { trust: true })).pipe(
          Effect.catchIf(
            (error) => error.reason === "corrupt",
            () => Effect.void,
          ),
          Effect.andThen(
            Effect.suspend(() => Effect.fromResult(tryFile(path, () => deleteFile(path)))),
          ),
        ),
      ),
    )

  readonly prune = (options: Parameters<RunsService["prune"]>[0]) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      pruneRuns(this, now, ({ path }) => this.remove(path), options),
    )
}

const createdAt = ({ changedAt: at, run }: RunEntry): number => run?.createdAt ?? at

/**
 * Creates the service `Runs` over a directory of SQLite files.
 *
 * **Example** (List the runs of a directory)
 *
 * ```ts
 * import { SqliteRuns } from "@aelyst/journal"
 * import { Effect } from "effect"
 *
 * const runs = SqliteRuns.make({ directory: "state/no-runs-yet" })
 * console.log((await Effect.runPromise(runs.list)).length) // => 0
 * ```
 */
export const make = (options: SqliteRunsOptions): RunsService => new SqliteRuns(options.directory)

/**
 * Provides `Runs` over a directory of SQLite files.
 *
 * **Example** (Plan a run and count its rows)
 *
 * ```ts
 * import { Runs, SqliteRuns } from "@aelyst/journal"
 * import { Effect, Stream } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const runs = yield* Runs
 *   const { journal } = yield* runs.start(
 *     {
 *       input: { sha256: "of the file", bytes: 120, mapping: "of its columns" },
 *       origin: "https://api.aelyst.ai",
 *       tokenClass: "of the account",
 *       delivery: "natural-key",
 *       tool: "my-program 1.0.0",
 *     },
 *     { fresh: true },
 *   )
 *   const row = { state: "ready", number: 1, line: 2, key: "id:5", content: "Ana" } as const
 *   return yield* journal.plan(Stream.make(row, { state: "invalid" } as const))
 * }).pipe(Effect.scoped, Effect.provide(SqliteRuns.layer({ directory: "state/planned" })))
 *
 * const { invalid, not_sent: notSent, total } = await Effect.runPromise(program)
 * console.log(`${total} rows: ${notSent} to send, ${invalid} invalid`) // => 2 rows: 1 to send, 1 invalid
 * ```
 */
export const layer = (options: SqliteRunsOptions): Layer.Layer<Runs> =>
  Layer.sync(Runs, () => make(options))
