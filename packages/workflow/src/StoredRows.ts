/** The rows of imports as the plan stored them, for machines that do not have the file. */
import type { CheckedRow, ReadyRow } from "@aelyst/import"
import { ImportRows } from "@aelyst/import"
import { SharedRuns } from "@aelyst/journal/postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** Provides the rows of planned imports from the database. */
export const layer: Layer.Layer<ImportRows, never, SharedRuns> = Layer.effect(
  ImportRows,
  Effect.map(SharedRuns, ({ payloads }) => ({
    range: (run, from, to) =>
      Stream.map(payloads(run, { from, to }), ({ line, number, payload }): CheckedRow => ({
        // safe: the plan of an import stores these of a row
        ...(payload as Pick<ReadyRow, "contact" | "identifier">),
        state: "ready",
        row: { number, line, cells: [] },
      })),
  })),
)
