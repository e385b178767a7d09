/** Imports for tests: rows that are planned in a database, approved, and looked at. */
import { prepare } from "@aelyst/import"
import type { CheckedRow } from "@aelyst/import"
import type { Runs } from "@aelyst/journal"
import type { SharedRuns } from "@aelyst/journal/postgres"
import { PostgresRuns } from "@aelyst/journal/postgres"
import { Database, ImportWorkflow } from "@aelyst/workflow"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

/** The class of the token of these imports. */
export const tokenClass = "test"

/** Returns the row with this number. */
export const rowOf = (number: number): Extract<CheckedRow, { readonly state: "ready" }> => ({
  state: "ready",
  row: { number, line: number + 1, cells: [] },
  identifier: `email:row${number}@import.example`,
  contact: { firstName: `Row ${number}` },
})

/** Runs effects over the imports of a database. */
export type Office = ManagedRuntime.ManagedRuntime<ImportWorkflow | Runs | SharedRuns, unknown>

/** Opens the imports of a database, as the command does. */
export const office = (url: string, options: PostgresRuns.PostgresRunsOptions = {}): Office =>
  ManagedRuntime.make(
    ImportWorkflow.layer.pipe(
      Layer.provideMerge(PostgresRuns.layer(options)),
      Layer.provide(Database.layer({ url: Redacted.make(url), applicationName: "office" })),
    ),
  )

/** Plans and approves an import of so many rows; returns its ID. */
export const approved = (rows: number, origin: string) =>
  Effect.gen(function* () {
    const facts = {
      input: { sha256: "c".repeat(64), bytes: rows, mapping: "" },
      origin,
      tokenClass,
      delivery: "natural-key",
      tool: "test",
    } as const
    const all = Stream.map(Stream.range(1, rows), rowOf)
    const { journal } = yield* prepare(all, facts, { fresh: true })
    const { approve } = yield* ImportWorkflow
    yield* approve(journal.run.id)
    return journal.run.id
  }).pipe(Effect.scoped)
