/** Spoils files as disks, transfers and editors do, from a seed. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

import * as Random from "../../../apps/conformance/src/pacing/Random.ts"
import { isReadError, read } from "../src/index.ts"
import type { Fixture } from "./fixtures/Fixture.ts"

/** Bytes that mean something to some reader. */
const telling = [
  0, 0x0a, 0x0d, 0x1a, 0x22, 0x27, 0x2c, 0x3b, 0x3c, 0x3d, 0x5b, 0x7b, 0x7d, 0x80, 0xc3, 0xed, 0xef,
  0xff,
]

type Draw = (below: number) => number

const drawFrom =
  (random: () => number): Draw =>
  (below) =>
    Math.floor(random() * below)

const splice = (bytes: Uint8Array, at: number, skipped: number, inserted: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + skipped)])

const slice = (bytes: Uint8Array, draw: Draw): Uint8Array => {
  const start = draw(bytes.length)
  return bytes.subarray(start, start + draw(200))
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const mutations: ReadonlyArray<(bytes: Uint8Array, other: Uint8Array, draw: Draw) => Uint8Array> = [
  (bytes, _, draw) => bytes.subarray(0, draw(bytes.length)),
  (bytes, _, draw) => bytes.subarray(draw(bytes.length)),
  (bytes, other, draw) => splice(bytes, draw(bytes.length), 0, slice(other, draw)),
  (bytes, other, draw) => splice(bytes, draw(bytes.length), draw(50), slice(other, draw)),
  (bytes, _, draw) => splice(bytes, draw(bytes.length), 0, slice(bytes, draw)),
  (bytes, _, draw) =>
    splice(bytes, draw(bytes.length), 1, Uint8Array.of(telling[draw(telling.length)] ?? 0)),
  (bytes, _, draw) =>
    splice(bytes, draw(bytes.length), 0, Uint8Array.of(telling[draw(telling.length)] ?? 0)),
  (bytes, _, draw) => splice(bytes, draw(bytes.length), 1, Uint8Array.of(draw(256))),
  (bytes) => Buffer.from(decode(bytes), "utf16le"),
  (bytes) => Buffer.from(decode(bytes), "latin1"),
  (bytes) => Buffer.from(Buffer.from(bytes).toString("latin1")),
  (bytes) => Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bytes]),
]

/** The options that a person may have given. */
const options = [
  {},
  {},
  {},
  { noHeader: true },
  { headerLine: 2 },
  { delimiter: ";" },
  { encoding: "windows-1252" },
  { encoding: "shift_jis" },
  { encoding: "utf-16le" },
  { format: "json" },
  { format: "ndjson" },
  { format: "csv" },
  { sheet: 2 },
] as const

/** Codes of errors that concern a file as a whole and have no line. */
const ofWholeFile = /^(?:FILE_|XLSX_|SHEET_MISSING$|HEADER_MISSING$|OPTION_INVALID$)/

/** Counts the results of spoiled files. */
export interface Outcomes {
  read: number
  readonly errors: Map<string, number>
}

/** Draws a spoiled file. */
const spoil = (files: readonly Fixture[], draw: Draw): Uint8Array => {
  const pick = () => files[draw(files.length)]?.bytes ?? new Uint8Array(0)
  let bytes = pick()
  for (let times = 1 + draw(3); times > 0; times--)
    bytes = mutations[draw(mutations.length)]?.(bytes, pick(), draw) ?? bytes
  return bytes
}

/**
 * Reads spoiled files and counts the results. Throws for a defect, for an error without a line, and for a row that does not fit
 * the header.
 */
export const readSpoiled = Effect.fnUntraced(function* (
  files: readonly Fixture[],
  count: number,
  seed: number,
) {
  const outcomes: Outcomes = { read: 0, errors: new Map() }
  for (let number = 0; number < count; number++) {
    const draw = drawFrom(Random.source(seed + number))
    const bytes = spoil(files, draw)
    const source = draw(2) === 0 ? bytes : Stream.make(bytes)
    const exit = yield* read(source, options[draw(options.length)]).pipe(
      Effect.flatMap(({ head, rows }) =>
        Stream.runForEach(rows, ({ line, cells }) =>
          line > head.headerLine && cells.length >= head.columns.length
            ? Effect.void
            : Effect.die(new Error(`line ${line} does not fit the header`)),
        ),
      ),
      Effect.scoped,
      Effect.exit,
    )
    if (Exit.isSuccess(exit)) {
      outcomes.read++
      continue
    }
    const error = Cause.squash(exit.cause)
    if (!isReadError(error))
      throw new Error(`file ${seed + number} ended with a defect`, { cause: error })
    if (error.line === undefined && !ofWholeFile.test(error.code))
      throw new Error(`file ${seed + number}: ${error.code} has no line`)
    outcomes.errors.set(error.code, (outcomes.errors.get(error.code) ?? 0) + 1)
  }
  return outcomes
})
