/** Runs for tests: journals in a directory in memory, and a sandbox on the clock of the test. */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { AelystClient } from "@aelyst/core"
import type { RunFacts, Runs } from "@aelyst/journal"
import { SqliteRuns } from "@aelyst/journal"
import type { LayerClientOptions, SandboxService } from "@aelyst/sandbox/effect"
import { layerClient } from "@aelyst/sandbox/effect"
import type { Exit } from "effect"
import { Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"

import { prepare } from "../src/send/Prepare.ts"
import type { PrepareOptions } from "../src/send/Prepare.ts"
import { send } from "../src/send/Send.ts"
import type { SendOptions, SendRun } from "../src/send/Send.ts"
import type { CheckedRow, ImportSummary, RowResult } from "../src/types.ts"
import { plannedRows } from "./rows.ts"

export const facts: RunFacts = {
  input: { sha256: "a".repeat(64), bytes: 1, mapping: "" },
  origin: "http://127.0.0.1",
  tokenClass: "test",
  delivery: "natural-key",
  tool: "test",
}

/** Returns the facts of another file. */
export const otherInput = (letter: string): RunFacts => ({
  ...facts,
  input: { ...facts.input, sha256: letter.repeat(64) },
})

// in memory if possible: these tests are not about the disk
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/** Provides the runs of a new directory, and a client over a new sandbox. */
export const layerJournalled = (
  options: LayerClientOptions = {},
): Layer.Layer<Runs | AelystClient | SandboxService> => {
  const directory = Layer.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(parent, "aelyst-import-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
      ),
      (path) => SqliteRuns.layer({ directory: path }),
    ),
  )
  const sandbox = { limit: 1_000, ...options.sandbox }
  return Layer.merge(directory, layerClient({ ...options, sandbox }))
}

/** Runs an effect to its end: virtual time passes in steps, with a turn of the event loop for the journal after each. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>, stepMs = 20) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust(stepMs)
    }
    return yield* Fiber.join(fiber)
  })

/** The reports of an import. */
export interface Imported {
  readonly results: ReadonlyArray<RowResult>
  readonly summary: ImportSummary
  /** Whether the results ended with a failure. */
  readonly exit: Exit.Exit<void, unknown>
}

interface ImportOptions extends SendOptions, PrepareOptions {
  readonly facts?: RunFacts
  /** Runs next to the import, such as a stop. */
  readonly beside?: (run: SendRun) => Effect.Effect<unknown>
}

/** Imports rows as one process does, and returns what it reported. */
export const importRows = (
  rows: ReadonlyArray<CheckedRow>,
  { beside, facts: about = facts, ...options }: ImportOptions = {},
): Effect.Effect<Imported, unknown, Runs | AelystClient> =>
  Effect.gen(function* () {
    const { allowChanged, fresh, path, resume, ...sendOptions } = options
    const found = { allowChanged, fresh, path, resume }
    const { journal } = yield* prepare(Stream.fromIterable(rows), about, found)
    const run = yield* send(journal, plannedRows(rows), sendOptions)
    if (beside !== undefined) yield* Effect.forkScoped(beside(run))
    const results: RowResult[] = []
    const exit = yield* Effect.exit(
      Stream.runForEach(run.results, (result) => Effect.sync(() => void results.push(result))),
    )
    return { results, summary: yield* run.summary, exit }
  }).pipe(Effect.scoped, inTime)

/** Returns the sum of all outcomes. */
export const sumOf = (summary: ImportSummary): number =>
  summary.created +
  summary.existed +
  summary.exists_after_doubt +
  summary.invalid +
  summary.duplicate +
  summary.rejected +
  summary.unknown +
  summary.not_sent
