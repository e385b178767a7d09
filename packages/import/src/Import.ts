/**
 * An import from file to results: reads, maps and checks every row, plans the rows in a journal, then sends them. Each step
 * is a public function, too.
 */
import { createHash } from "node:crypto"

import type { AelystClient, ConfigurationError } from "@aelyst/core"
import { optionTable } from "@aelyst/core/adapter"
import type { JournalError, Run, RunCounts, Runs } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { CheckOptions, InvalidRowsError } from "./check/Check.ts"
import { check } from "./check/Check.ts"
import type { MapOptions } from "./map/ColumnMapping.ts"
import { map } from "./map/ColumnMapping.ts"
import type { MappingWarning } from "./map/HeaderWarning.ts"
import type { MappingError } from "./map/MappingError.ts"
import type { ReadOptions } from "./read/Read.ts"
import { read } from "./read/Read.ts"
import type { ReadError } from "./read/ReadError.ts"
import * as Source from "./read/Source.ts"
import { canonical } from "./send/RowText.ts"
import type { InputChangedError } from "./send/InputChangedError.ts"
import type { PrepareOptions } from "./send/Prepare.ts"
import { prepare } from "./send/Prepare.ts"
import type { SendOptions, SendRun } from "./send/Send.ts"
import { send } from "./send/Send.ts"
import type { Mapping, TableHead } from "./types.ts"

/** A file that is read more than once: its path, its URL, or its bytes. */
export type ImportFile = string | URL | Uint8Array

/** The options of an import; each has a default. */
export interface ImportOptions extends SendOptions, PrepareOptions {
  readonly read?: ReadOptions | undefined
  readonly map?: MapOptions | undefined
  readonly check?: CheckOptions | undefined
  /**
   * Which attempts may be sent again. `natural-key` (default) asks again about a row whose response was lost; `at-most-once`
   * and `report-only` never do: such a row is `unknown`.
   */
  readonly delivery?: Run["delivery"] | undefined
  /** The URL of the API, as the client has it: a run belongs to one origin. Default `https://api.aelyst.ai/v1` (W1). */
  readonly baseUrl?: string | undefined
  /** A name for the account of the token, which a new token keeps: a run belongs to one account. Default `default`. */
  readonly account?: string | undefined
}

/** The plan of an import, before its first request. */
export interface ImportPlan {
  /** Such as `r_7Q2F`. */
  readonly runId: string
  /** Whether it was planned now; else a run of the same file continues. */
  readonly isNew: boolean
  readonly head: TableHead
  readonly mapping: Mapping
  readonly warnings: readonly MappingWarning[]
  /** Its rows by outcome: those that are left are `not_sent`. */
  readonly counts: RunCounts
  /** Runs that another process uses now: they may send the same rows. */
  readonly locked: readonly string[]
  /** The kind of file system, such as `NFS`, if its journal may be lost there. */
  readonly fileSystem?: string | undefined
}

/** A planned import, which sends when its results are consumed. */
export interface ImportRun extends SendRun<ReadError | InvalidRowsError> {
  readonly plan: ImportPlan
}

/** Every reason not to begin an import. */
export type ImportError =
  | ReadError
  | MappingError
  | InvalidRowsError
  | ConfigurationError
  | JournalError
  | InputChangedError

/** How many rows a mapping may look at. */
const sampleSize = 100

const digest = (text: string): string => createHash("sha256").update(text).digest("hex")

const inputOf = (
  file: ImportFile,
  mapping: string,
): Effect.Effect<Run["input"], ReadError, Scope.Scope> =>
  Effect.gen(function* () {
    const { all } = yield* Source.open(file, {})
    const hash = createHash("sha256")
    let bytes = 0
    yield* Stream.runForEach(all, (piece) =>
      Effect.sync(() => {
        hash.update(piece)
        bytes += piece.length
      }),
    )
    return { sha256: hash.digest("hex"), bytes, mapping: digest(mapping) }
  })

/**
 * Prepares the import of a file: reads it, maps its columns, checks every row and plans the rows in a journal. Nothing is
 * sent before `results` is consumed.
 *
 * **Details**
 *
 * If the file was imported before, its run continues; rows that were created are passed over. Closing the
 * scope closes the journal.
 *
 * Fails with `ReadError`, `MappingError`, `InvalidRowsError` (only with `onInvalid: "abort"`), `ConfigurationError`,
 * `JournalError` or `InputChangedError`.
 *
 * **Example** (Two contacts)
 *
 * ```ts
 * import { layerConfig } from "@aelyst/core"
 * import { run } from "@aelyst/import"
 * import { SqliteRuns } from "@aelyst/journal"
 * import { layerTransport } from "@aelyst/node/effect"
 * import { Config, Effect, Layer, Stream } from "effect"
 * import { mkdtempSync } from "node:fs"
 *
 * const file = new TextEncoder().encode("Email,First name\nimport-1@example.com,Ana\nimport-2@example.com,Bo\n")
 * const program = Effect.gen(function* () {
 *   const baseUrl = yield* Config.String("AELYST_BASE_URL")
 *   const { plan, results, summary } = yield* run(file, { baseUrl })
 *   console.log(plan.counts.not_sent) // => 2
 *   yield* Stream.runForEach(results, ({ line, outcome }) => Effect.logDebug(line, outcome))
 *   return (yield* summary).created
 * })
 *
 * const baseUrl = process.env["AELYST_BASE_URL"]
 * const live = layerConfig().pipe(
 *   Layer.provide(layerTransport({ baseUrl })),
 *   Layer.merge(SqliteRuns.layer({ directory: mkdtempSync("runs-") })),
 * )
 * console.log(await Effect.runPromise(Effect.scoped(Effect.provide(program, live)))) // => 2
 * ```
 */
export const run = (
  file: ImportFile,
  options: ImportOptions = {},
): Effect.Effect<ImportRun, ImportError, AelystClient | Runs | Scope.Scope> =>
  Effect.gen(function* () {
    const { account = "default", baseUrl = optionTable.baseUrl.default, ...given } = options
    const { delivery = "natural-key", ...stages } = given
    const { check: rules, map: columns, read: reading, ...rest } = stages
    const { allowChanged, fresh, path, resume, ...sending } = rest
    const table = yield* read(file, reading)
    const sample = yield* Stream.runCollect(Stream.take(table.rows, sampleSize))
    const { mapping, warnings } = yield* Effect.fromResult(map(table.head, { sample, ...columns }))
    const checked = yield* check(table.rows, mapping, rules)
    const { customFields: _, ...written } = rules ?? {}
    const facts = {
      input: yield* inputOf(file, canonical([table.head, mapping, written])),
      origin: URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl,
      tokenClass: account,
      delivery,
      tool: "@aelyst/import",
    }
    const found = { allowChanged, fresh, path, resume }
    const { journal, ...prepared } = yield* prepare(checked.rows, facts, found)
    const sent = yield* send(journal, checked, sending)
    const plan: ImportPlan = {
      ...prepared,
      runId: journal.run.id,
      head: table.head,
      mapping,
      warnings,
    }
    return { ...sent, plan }
  })
