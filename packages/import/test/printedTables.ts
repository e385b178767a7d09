/** Generates tables with the texts that break parsers, and prints them as CSV. */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** How often each property is tried. */
export const runs = { arbitrary: { runs: 1000 } }

const int = (minimum: number, maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

const pieces = [
  "a",
  " ",
  '"',
  '""',
  ",",
  ";",
  "\t",
  "|",
  "\n",
  "\r",
  "\r\n",
  "=",
  '="',
  '="+60"',
  "'",
  "\uFEFF",
  "\u001A",
  "é",
  "名",
  "😀",
  "\u202E",
  "sep=;",
  "__proto__",
  "60123456789",
] as const

const cell = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { maxLength: 6 }),
  (parts) => parts.join(""),
)

const row = Arbitrary.array(cell, { minLength: 1, maxLength: 5 })

export interface Printed {
  readonly rows: readonly (readonly string[])[]
  readonly delimiter: string
  readonly text: string
}

const choose = <const A extends string>(choices: readonly [A, ...A[]]) =>
  Arbitrary.schema(Schema.Literals(choices))

const print = (cells: readonly string[], delimiter: string, isQuoted: boolean): string =>
  cells
    .map((one) =>
      isQuoted || one.includes(delimiter) || /["\r\n\uFEFF]/.test(one)
        ? `"${one.replaceAll('"', '""')}"`
        : one,
    )
    .join(delimiter)

/** Rows, printed with any delimiter, any line break, and quotes around all cells or only those that need them. */
export const printed: Arbitrary.Arbitrary<Printed> = Arbitrary.map(
  Arbitrary.all({
    rows: Arbitrary.array(row, { minLength: 1, maxLength: 6 }),
    delimiter: choose([",", ";", "\t", "|", ":", "^"]),
    newline: choose(["\n", "\r\n", "\r"]),
    isQuoted: Arbitrary.schema(Schema.Boolean),
  }),
  ({ rows, delimiter, newline, isQuoted }) => ({
    rows,
    delimiter,
    text: rows.map((cells) => print(cells, delimiter, isQuoted) + newline).join(""),
  }),
)

/** Positions to cut a text at. */
export const positions = Arbitrary.array(int(0, 200), { maxLength: 8 })

/** Cuts a text at positions. */
export const cutAt = (text: string, at: readonly number[]): readonly string[] => {
  const cuts = [0, ...at.toSorted((one, other) => one - other), text.length]
  return cuts.slice(1).map((end, index) => text.slice(cuts[index], end))
}

/** Cuts bytes at positions. */
export const cutBytesAt = (bytes: Uint8Array, at: readonly number[]): readonly Uint8Array[] => {
  const cuts = [0, ...at.toSorted((one, other) => one - other), bytes.length]
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end))
}
