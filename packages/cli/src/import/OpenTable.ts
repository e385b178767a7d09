/** Opens a file as a table and maps its columns, and says what a person should know before any row is checked. */
import * as Path from "node:path"

import type {
  MappedTable,
  Mapping,
  MappingError,
  MapOptions,
  ReadError,
  ReadOptions,
  Table,
} from "@aelyst/import"
import {
  map,
  mappingLines,
  parseMappingFile,
  presets,
  read,
  tableLine,
  toMappingFile,
} from "@aelyst/import"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import { Failure, unsent, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import { Host } from "../Host.ts"
import type { MappingFlags } from "../ImportFlags.ts"
import type { Printer } from "../Screen.ts"
import { clause, visible } from "../Text.ts"
import type { Input } from "./Input.ts"

/** Holds an open table and its mapping. */
export interface OpenTable {
  readonly table: Table
  readonly mapped: MappedTable
}

/** Reports a file that cannot be read. */
export const readFailure = ({ hint, line, message }: ReadError, name: string): Failure => {
  const isSaid = line === undefined || message.includes(`line ${line}`)
  const where = `${name}${isSaid ? "" : `, line ${line}`}: `
  return new Failure({
    exit: "usage",
    code: "FILE",
    message: `${message.includes(`"${name}"`) ? "" : where}${visible(clause(message))}`,
    hints: [`fix:   ${visible(clause(hint))}`, unsent],
  })
}

const mostIssues = 10

const fixOf = (fix: string | undefined): ReadonlyArray<string> =>
  fix === undefined ? [] : [`fix:   ${visible(fix)}`]

/** Reports columns that cannot be mapped: everything that is wrong, with the flags to paste. */
const mappingFailure = ({ issues }: MappingError, name: string): Failure => {
  const [first, ...more] = issues
  return new Failure({
    exit: "usage",
    code: "MAPPING",
    message: `${name}: ${visible(first?.message ?? "the columns cannot be mapped")}`,
    hints: [
      ...fixOf(first?.fix),
      ...more
        .slice(0, mostIssues)
        .flatMap(({ fix, message }) => [`also: ${visible(message)}`, ...fixOf(fix)]),
      ...(more.length > mostIssues ? [`and ${more.length - mostIssues} more`] : []),
      `columns: aelyst mapping ${name}`,
    ],
  })
}

// enough to see whether a column holds dialling codes
const sampleRows = 50

/** Opens a file as a table. */
export const openFile = (
  input: Input,
  reading: ReadOptions,
  isLive: boolean,
): Effect.Effect<Table, Failure, Scope.Scope> =>
  Effect.mapError(read(input.source, { ...reading, fileName: input.name, isLive }), (error) =>
    readFailure(error, input.name),
  )

/** Opens and maps; `isLive` inputs can be read only once, so that no rows are looked at. */
export const open = (
  input: Input,
  reading: ReadOptions,
  mapping: MapOptions,
  flags: MappingFlags,
  isLive: boolean,
): Effect.Effect<OpenTable, Failure, Host | Scope.Scope> =>
  Effect.gen(function* () {
    const { cwd } = yield* Host
    const failed = (error: ReadError) => readFailure(error, input.name)
    const table = yield* openFile(input, reading, isLive)
    const sample = isLive
      ? []
      : yield* Effect.mapError(Stream.runCollect(Stream.take(table.rows, sampleRows)), failed)
    const text =
      flags.mapFile === undefined
        ? undefined
        : yield* Files.readExisting(Path.resolve(cwd, flags.mapFile))
    const mapped = yield* Effect.fromResult(
      Result.mapError(
        Result.gen(function* () {
          const file = text === undefined ? undefined : yield* parseMappingFile(text)
          return yield* map(table.head, { ...mapping, file, sample })
        }),
        (error) => mappingFailure(error, input.name),
      ),
    )
    if (flags.saveMap !== undefined) {
      const json = `${JSON.stringify(toMappingFile(mapped.mapping), undefined, 2)}\n`
      yield* Files.writePrivate(Path.resolve(cwd, flags.saveMap), json)
    }
    return { table, mapped }
  })

/** Returns an option that would send a column that is not sent: one that knows its field or type. */
const exampleFlag = ({ suggestions }: MappedTable): string | undefined =>
  suggestions.find(({ flag }) => /^--map|:\w+/.test(flag))?.flag

/** Returns the line that says what was read. */
export const tableText = (
  { name }: Input,
  { mapped, table: { head } }: OpenTable,
  rows: number,
): string => {
  const { preset } = mapped.mapping
  const program = preset === undefined ? undefined : presets[preset].title
  return visible(tableLine({ source: name, head, rows, program }))
}

/** Returns the mapping without the values of `--set`, which contacts get. */
const withoutValues = (mapping: Mapping): Mapping => ({
  ...mapping,
  constants: Object.fromEntries(Object.keys(mapping.constants).map((field) => [field, "…"])),
})

/** Prints how the table is read and which columns fill which fields; warns of columns that need a decision. */
export const print = (
  printer: Printer,
  input: Input,
  opened: OpenTable,
  rows: number,
  showValues: boolean,
  say: (line: string) => void,
): void => {
  const { mapped, table } = opened
  const { head } = table
  say(tableText(input, opened, rows))
  for (const note of head.notes) say(`  ${visible(note)}`)
  if (head.samples.length > 0 && printer.isWatched) {
    say(`  for example: ${head.samples.map((text) => `"${visible(text)}"`).join(", ")}`)
  }
  const mapping = showValues ? mapped.mapping : withoutValues(mapped.mapping)
  for (const line of mappingLines(mapping, exampleFlag(mapped))) say(visible(line))
  for (const { message } of mapped.warnings) printer.warn(visible(message))
}

/** Fails if the header was found on another line than the first and no person has confirmed it. */
export const checkHeader = (
  { table }: OpenTable,
  isConfirmed: boolean,
): Effect.Effect<void, Failure> =>
  !table.head.isHeaderGuessed || isConfirmed
    ? Effect.void
    : Effect.fail(
        usage(
          `the header seems to be on line ${table.head.headerLine}, not on the first`,
          `fix:   add --header-line ${table.head.headerLine}, or --header-line 1 if it is the first`,
        ),
      )
