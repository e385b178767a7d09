/** Opens a workbook of Excel and reads one of its sheets. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { RawRecord } from "./Csv.ts"
import * as FileKind from "./FileKind.ts"
import { ReadError } from "./ReadError.ts"
import { SheetRows } from "./Sheet.ts"
import type { Bytes } from "./Source.ts"
import { through } from "./Stage.ts"
import * as Workbook from "./Workbook.ts"
import * as ZipFile from "./ZipFile.ts"

/** A sheet whose records can be read as often as needed. */
export interface Sheet {
  readonly name: string
  /** The names of all sheets. */
  readonly sheets: readonly string[]
  readonly notes: readonly string[]
  readonly records: Stream.Stream<RawRecord, ReadError>
}

/** Bytes of a stream, which must be held as a whole: the directory of an archive is at its end. */
const MAX_STREAM = 256 * 1024 * 1024

const collectAll = Effect.fnUntraced(function* (bytes: Bytes) {
  const pieces: Uint8Array[] = []
  let size = 0
  yield* Stream.runForEachWhile(bytes.all, (piece) =>
    Effect.sync(() => {
      size += piece.length
      pieces.push(piece)
      return size <= MAX_STREAM
    }),
  )
  if (size > MAX_STREAM)
    return yield* new ReadError({
      code: "XLSX_TOO_LARGE",
      message: `the workbook has more than ${MAX_STREAM / 1024 / 1024} MB`,
      hint: "Pass it as a file, or save the sheet as CSV UTF-8.",
    })
  const all = Buffer.concat(pieces)
  return {
    size: all.length,
    between: (start: number, end: number) => Stream.make(all.subarray(start, end)),
  }
})

const chooseSheet = (
  sheets: Workbook.Workbook["sheets"],
  wanted: string | number | undefined,
): Workbook.Workbook["sheets"][number] | ReadError => {
  const names = sheets.map(({ name }) => `"${name}"`).join(", ")
  const found =
    wanted === undefined
      ? (sheets.find(({ isHidden }) => !isHidden) ?? sheets[0])
      : (sheets.find(({ name }) => name === String(wanted)) ?? sheets[Number(wanted) - 1])
  return (
    found ??
    new ReadError({
      code: "SHEET_MISSING",
      message:
        sheets.length === 0 ? "the workbook has no sheet" : `the workbook has no sheet "${wanted}"`,
      hint:
        sheets.length === 0
          ? "Check that it is the right file."
          : `Pass one of its sheets as --sheet: ${names}, or its number from 1.`,
    })
  )
}

/**
 * Opens a workbook and chooses a sheet: by its name or its number from 1, else the first that is not hidden. Fails with
 * `FILE_KIND` if the archive is no workbook, `SHEET_MISSING`, or an error of the archive or its XML.
 */
export const open = Effect.fnUntraced(function* (
  bytes: Bytes,
  wanted: string | number | undefined,
) {
  const zip = yield* ZipFile.open(bytes.parts ?? (yield* collectAll(bytes)))
  const workbook = yield* Workbook.open(zip)
  if (workbook === undefined)
    return yield* FileKind.refuse(bytes.name, FileKind.ofEntries(zip.names))
  const chosen = chooseSheet(workbook.sheets, wanted)
  if (chosen instanceof ReadError) return yield* chosen
  const part = zip.read(chosen.part)
  if (part === undefined) return yield* ZipFile.invalid("a sheet is missing in it")
  const others = workbook.sheets.length - 1
  return {
    name: chosen.name,
    sheets: workbook.sheets.map(({ name }) => name),
    notes:
      wanted === undefined && others > 0
        ? [
            `Only the sheet "${chosen.name}" is read; the workbook has ${others} more. Pass --sheet to read another.`,
          ]
        : [],
    records: Workbook.events(part).pipe(through(() => new SheetRows(workbook))),
  } satisfies Sheet
})
