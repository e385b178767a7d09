/** `aelyst mapping`: shows how a file is read and which column fills which field, and saves it. */
import { toMappingFile } from "@aelyst/import"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Host } from "../Host.ts"
import * as ImportOptions from "../import/ImportOptions.ts"
import * as Input from "../import/Input.ts"
import * as OpenTable from "../import/OpenTable.ts"
import type { MappingFlags, ReadingFlags } from "../ImportFlags.ts"
import { Screen } from "../Screen.ts"
import * as SettingsOf from "../Settings.ts"
import { visible } from "../Text.ts"

/** Holds the flags of `mapping`. */
export interface MappingCommandFlags extends ReadingFlags, MappingFlags {
  readonly file: string
  readonly columns: boolean
}

/** Runs the command. */
export const run = Effect.fnUntraced(function* (
  flags: MappingCommandFlags,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen | Scope.Scope> {
  const printer = yield* Screen
  const { customFields } = yield* SettingsOf.resolve(globals)
  const reading = yield* Effect.fromResult(ImportOptions.readingOf(flags))
  const mapping = yield* Effect.fromResult(ImportOptions.mappingOf(flags))
  const input = yield* Input.open(flags.file, false)
  if (flags.columns) {
    const { head } = yield* OpenTable.openFile(input, reading, false)
    return printer.data(head.columns.map(visible).join("\n"))
  }
  const opened = yield* OpenTable.open(input, reading, { ...mapping, customFields }, flags, false)
  if (printer.json) {
    const { head } = opened.table
    const { columns, delimiter, encoding, format, headerLine } = head
    return printer.value({
      ok: true,
      table: { format, encoding, delimiter, headerLine, columns },
      mapping: toMappingFile(opened.mapped.mapping),
      unmapped: opened.mapped.mapping.unmapped.map((at) => columns[at]),
      suggestions: opened.mapped.suggestions,
      warnings: opened.mapped.warnings,
    })
  }
  const { rows } = opened.table
  const count = yield* Effect.mapError(Stream.runCount(rows), (error) =>
    OpenTable.readFailure(error, input.name),
  )
  return OpenTable.print(printer, input, opened, count, true, (line) =>
    printer.data(printer.symbols(line)),
  )
}, Effect.scoped)
