/**
 * `aelyst worker`: sends the approved imports of a database, together with the workers of other machines. The first signal stops
 * it in order: requests in flight end, and its rows are released for the others.
 */
import type { ImportOutcome } from "@aelyst/import"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import * as Connection from "../Connection.ts"
import type { ExitName } from "../ExitCode.ts"
import { exitTable } from "../ExitCode.ts"
import type { Failure } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Signal } from "../Host.ts"
import { Host } from "../Host.ts"
import * as Client from "../import/Client.ts"
import * as FlagValues from "../import/FlagValues.ts"
import { tokenClass } from "../import/TokenClass.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import { Screen } from "../Screen.ts"
import * as SettingsOf from "../Settings.ts"
import * as StoreOption from "../shared/StoreOption.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { count, number } from "../Text.ts"
import * as Token from "../Token.ts"

/** Holds the flags of `worker`. */
export interface WorkerFlags extends DatabaseFlags {
  readonly ranges: string | undefined
  readonly concurrency: string | undefined
  readonly untilIdle: boolean
}

const logMs = 30_000

/** The rows that this worker has ended. */
type Counts = Partial<Record<ImportOutcome, number>>

const sum = (counts: Counts): number => Object.values(counts).reduce((all, one) => all + one, 0)

const textOf = (counts: Counts): string =>
  [
    count(sum(counts), "row"),
    ...Object.entries(counts).map(([name, rows]) => `${number(rows)} ${name}`),
  ].join("   ")

const integer = (name: string, text: string | undefined) =>
  Effect.fromResult(FlagValues.optional(text, FlagValues.integer(name, 1, 1_000)))

/** Runs a worker until it is stopped. */
export const run = (
  flags: WorkerFlags,
  globals: GlobalFlags,
): Effect.Effect<void, Failure | Report, Host | Screen> =>
  Effect.gen(function* () {
    const { onSignal } = yield* Host
    const printer = yield* Screen
    const ranges = yield* integer("--ranges", flags.ranges)
    const concurrency = yield* integer("--concurrency", flags.concurrency)
    const settings = yield* SettingsOf.resolve(globals)
    const found = yield* Token.require(globals, settings)
    yield* Connection.announce(settings, found.from, globals.verbose > 0)
    const database = yield* StoreOption.need(flags)
    const { StoredRows, paceLayer, work } = yield* StoreOption.load
    const stop = yield* Deferred.make<void>()
    let signal: Signal | undefined
    onSignal?.((received) => {
      signal = received
      printer.notice("Stopping: waiting for the requests in flight …")
      Effect.runSync(Deferred.succeed(stop, undefined))
    })
    const counts: Counts = {}
    let shown = 0
    const sending = new Set<string>()
    const log = Effect.sync(() => {
      const now = sum(counts)
      if (now > shown) printer.notice(`worker: ${textOf(counts)}`)
      shown = now
    })
    const client = Client.clientLayer(settings, found).pipe(Layer.provide(paceLayer(database)))
    printer.notice(`worker on ${database.shown}, sending to ${settings.host}`)
    const working = work({
      ...Client.runOptions(settings),
      origin: settings.origin,
      tokenClass: tokenClass(found.token),
      stop: Deferred.await(stop),
      untilIdle: flags.untilIdle,
      ranges,
      concurrency,
      onRow: (id, { outcome }) =>
        Effect.sync(() => {
          if (!sending.has(id)) printer.notice(`worker: sending ${id}`)
          sending.add(id)
          counts[outcome] = (counts[outcome] ?? 0) + 1
        }),
    }).pipe(Effect.provide(Layer.merge(client, StoredRows.layer)), StoreOption.provide(database))
    const logging = Effect.forever(Effect.andThen(Effect.sleep(logMs), log))
    const end = yield* Client.explained(Effect.raceFirst(working, logging))
    const exit: ExitName =
      signal !== undefined ? Reports.exitOfSignal[signal] : end === "unauthorized" ? "auth" : "ok"
    const exitCode = exitTable[exit].code
    if (printer.json) printer.value({ ok: exitCode === 0, end, ...counts, exitCode })
    printer.notice(`worker ended (${end}): ${textOf(counts)}`)
    if (end === "unauthorized") {
      printer.notice("Aelyst rejected the token (401): aelyst auth login, or set AELYST_TOKEN")
    }
    if (exit !== "ok") yield* Effect.fail(Reports.ended(exit))
  })
