/** Imports a file for callers of Promises: an async iterable of row results. It decides nothing. */
import type { ConfigurationError } from "@aelyst/core"
import { Hooks, layer } from "@aelyst/core"
import { ClientOptions } from "@aelyst/core/adapter"
import { FetchTransport } from "@aelyst/core/transport"
import type { ExistsMatcher } from "@aelyst/core/types"
import { SqliteRuns } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { ImportFile, ImportOptions, ImportPlan, ImportRun } from "./Import.ts"
import { run } from "./Import.ts"
import { checkCount } from "./send/Send.ts"
import { noSummary } from "./send/Tally.ts"
import type { ImportProgress, ImportSummary, RowResult } from "./types.ts"

/** The options of `importContacts`; times are in milliseconds. */
export interface ImportContactsOptions extends Pick<
  ImportOptions,
  | "account"
  | "allowChanged"
  | "check"
  | "delivery"
  | "fresh"
  | "limit"
  | "map"
  | "read"
  | "resume"
  | "sample"
> {
  /** The directory of the journals, made if there is none. Keep it: an import continues by it. */
  readonly journal: string
  /** The bearer token (W1). Default: `AELYST_TOKEN`. */
  readonly token?: string | undefined
  /** The URL of the API. Default: `AELYST_BASE_URL`, else `https://api.aelyst.ai/v1`. */
  readonly baseUrl?: string | undefined
  /**
   * Sends the requests: a function like `fetch`, which is the default. It cannot tell whether a request left, so a row whose
   * connection failed is in doubt, and asked about again under `natural-key`. The Effect entry `run` takes any transport.
   */
  readonly transport?: typeof globalThis.fetch | undefined
  /** The pace: what the API allows (`adaptive`, the default), or at most `perSecond` as well. */
  readonly rateLimit?: "adaptive" | { readonly perSecond: number } | undefined
  /** Recognises a response that means that the contact exists (D3). */
  readonly exists?: ExistsMatcher | undefined
  /** The wait before a row in doubt is sent again, at least 1,000. Default 5,000. */
  readonly doubtDelayMs?: number | undefined
  /** Rows in progress at a time, 1 to 10,000. Default 32. */
  readonly concurrency?: number | undefined
  /** Resends of a row in doubt, 0 to 100. Default 3. */
  readonly retries?: number | undefined
  /** The time to the first byte of one response. Default 15,000. */
  readonly timeoutMs?: number | undefined
  /** The time for the whole import; rows not sent by then are `not_sent`. Default: none. */
  readonly deadlineMs?: number | undefined
  /** The longest `Retry-After` to wait for. Default 900,000. */
  readonly maxWaitMs?: number | undefined
  /** Ends the import after this long without any response. Default 900,000. */
  readonly giveUpAfterMs?: number | undefined
  /** Ends the import after this many rows that ended `rejected` or `unknown`. Default: no limit. */
  readonly maxErrors?: number | undefined
  /** Ends the import: rows in progress are cancelled, and the loop ends without throwing. */
  readonly signal?: AbortSignal | undefined
  /** Asked once, when every row is checked and before the first request; false ends the import. */
  readonly confirm?: ((plan: ImportPlan) => boolean | Promise<boolean>) | undefined
  /** Called four times a second while rows are sent, and at the end. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/** An import; it starts when it is iterated over, which is possible once. */
export interface ContactImport extends AsyncIterable<RowResult> {
  /** The counts so far; all are 0 before every row was checked. */
  readonly summary: () => Promise<ImportSummary>
  /** Sends no more rows; requests under way end as usual, then the loop ends. */
  readonly stop: () => void
}

const words = (text: string): ReadonlyArray<string> => text.split(" ")

/** The options of the client, those of the run whose times have other names there, the others of the run, and the rest. */
const names = {
  client: words("baseUrl doubtDelayMs exists rateLimit retries timeoutMs token"),
  run: words("concurrency deadlineMs giveUpAfterMs maxErrors maxWaitMs"),
  same: words(
    "account allowChanged check concurrency delivery fresh limit map maxErrors read resume retries sample",
  ),
  own: words("confirm journal onProgress signal transport"),
}
const allNames = new Set(Object.values(names).flat())
const dialect = ClientOptions.makeDialect({ milliseconds: true })

const pick = (
  options: ImportContactsOptions,
  keys: ReadonlyArray<string>,
): Partial<ImportContactsOptions> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => keys.includes(name)))

const orThrow = <A>(result: Result.Result<A, ConfigurationError>): A => {
  if (Result.isFailure(result)) throw result.failure
  return result.success
}

/** Throws the error of an option that is wrong, with the name that it has here; returns the token. */
const checkOptions = (options: ImportContactsOptions): Redacted.Redacted => {
  orThrow(ClientOptions.checkNames("options", options, allNames))
  const { journal, token = process.env["AELYST_TOKEN"], transport } = options
  if (typeof journal !== "string" || journal === "") {
    orThrow(ClientOptions.fail("journal", "must be the path of a directory", journal))
  }
  if (transport !== undefined && typeof transport !== "function") {
    orThrow(ClientOptions.fail("transport", "must be a function like fetch", transport))
  }
  if (token === undefined || token === "") {
    return orThrow(ClientOptions.fail("token", "must be set: pass it, or set AELYST_TOKEN"))
  }
  orThrow(checkCount("limit", options.limit))
  orThrow(checkCount("sample", options.sample))
  const checked = orThrow(ClientOptions.checkToken(token))
  orThrow(ClientOptions.parse(pick(options, names.client), dialect))
  orThrow(ClientOptions.parseRun(pick(options, names.run), dialect))
  return checked
}

/** Provides the client and the runs of an import. */
const layerOf = (
  options: ImportContactsOptions,
  baseUrl: string | undefined,
  token: Redacted.Redacted,
) => {
  const http = FetchTransport.make(options.transport ?? globalThis.fetch)
  const client = layer({
    token,
    baseUrl,
    doubtDelay: options.doubtDelayMs,
    exists: options.exists,
    rateLimit: options.rateLimit,
    retries: options.retries,
    timeout: options.timeoutMs,
  })
  return Layer.mergeAll(
    Layer.provide(client, Layer.succeed(HttpClient.HttpClient, http)),
    SqliteRuns.layer({ directory: options.journal }),
    // standard output belongs to the caller
    Logger.layer([]),
  )
}

/**
 * Imports the contacts of a file, each row accounted for; nothing is sent before every row was checked.
 *
 * **Details**
 *
 * If the file was imported before, its run continues, after any end; rows that were created are passed over. The failure of
 * a row is a value. The loop throws an error that prevents the import: `ReadError`, `MappingError`, `InvalidRowsError`,
 * `InputChangedError` or `JournalError`; each message names the way out. A wrong
 * option throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` at once.
 *
 * Leaving the loop early leaves the rows in flight in doubt; the next run asks about them again.
 *
 * **Example** (A file with one mistake)
 *
 * ```ts
 * import { importContacts } from "@aelyst/import"
 * import { mkdtempSync } from "node:fs"
 *
 * const file = new TextEncoder().encode("Email,First name\nimport-3@example.com,Ana\nbo@,Bo\n")
 * const run = importContacts(file, { journal: mkdtempSync("runs-") })
 * for await (const row of run) {
 *   for (const { code, reason } of row.problems) console.log(row.line, code, reason)
 *   // => 3 EMAIL_INVALID …
 * }
 *
 * const { rows, created, invalid } = await run.summary()
 * console.log(rows, created, invalid) // => 2 1 1
 * ```
 */
export const importContacts = (file: ImportFile, options: ImportContactsOptions): ContactImport => {
  const token = checkOptions(options)
  const { confirm, onProgress, signal } = options
  const baseUrl = options.baseUrl ?? (process.env["AELYST_BASE_URL"] || undefined)
  let started: ImportRun | undefined
  let isStopped = false
  let isIterated = false

  const aborted = Effect.callback<void>((resume) => {
    const abort = () => resume(Effect.void)
    if (signal?.aborted === true) return abort()
    signal?.addEventListener("abort", abort, { once: true })
    return Effect.sync(() => signal?.removeEventListener("abort", abort))
  })

  const begin = Effect.gen(function* () {
    const importing = yield* run(file, {
      ...pick(options, names.same),
      baseUrl,
      timeout: options.timeoutMs,
      deadline: options.deadlineMs,
      maxWait: options.maxWaitMs,
      giveUpAfter: options.giveUpAfterMs,
    })
    started = importing
    const isConfirmed =
      confirm === undefined || (yield* Effect.promise(async () => confirm(importing.plan)))
    if (!isConfirmed || isStopped) yield* importing.stop
    yield* Effect.forkScoped(Effect.andThen(aborted, importing.abort))
    const report = (progress: ImportProgress) => Hooks.notify(onProgress, progress) ?? Effect.void
    const reporting = Stream.runForEach(importing.progress(), report)
    if (onProgress !== undefined) yield* Effect.forkScoped(reporting)
    return importing.results
  })
  const results = Stream.unwrap(
    // an abort before the first request leaves nothing to end
    Effect.raceFirst(begin, Effect.as(aborted, Stream.empty)),
  ).pipe(Stream.provide(layerOf(options, baseUrl, token)))

  return {
    [Symbol.asyncIterator]: () => {
      if (isIterated) throw new TypeError("an import can be iterated over once")
      isIterated = true
      return Stream.toAsyncIterable(results)[Symbol.asyncIterator]()
    },
    summary: async () => (started === undefined ? noSummary : Effect.runSync(started.summary)),
    stop: () => {
      isStopped = true
      if (started !== undefined) Effect.runFork(started.stop)
    },
  }
}
