/**
 * Writes workbooks as the programs of people do: shared or inline texts, styles, several sheets, parts in any order, and
 * workbooks that are damaged or made to harm.
 */
import { Effect, Stream } from "effect"
import { Zip } from "effect/encoding"

/** A cell: a text, a number with a style, a truth value, an error, or XML. */
export type Cell =
  | string
  | number
  | boolean
  | undefined
  | { readonly value: number | string; readonly style?: number; readonly type?: string }
  | { readonly xml: string }

export interface SheetInput {
  readonly name: string
  readonly rows: readonly (readonly Cell[])[]
  readonly isHidden?: boolean
  /** Whether rows and cells leave out their references, as some programs do. */
  readonly hasNoReferences?: boolean
}

export interface Options {
  readonly isMac?: boolean
  readonly hasInlineTexts?: boolean
  /** Codes of number formats; the style of a cell is the position in it, from 1. */
  readonly formats?: readonly (string | number)[]
  /** Whether the shared texts come before the sheets; Excel puts them behind. */
  readonly isTextFirst?: boolean
  /** A prefix of all elements, such as `x:`. */
  readonly prefix?: string
  /** Changes the text of a part. */
  readonly edit?: (part: string, xml: string) => string
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

/** Returns the letters of a column, from 0. */
const letters = (column: number): string =>
  column < 26
    ? String.fromCharCode(65 + column)
    : letters(Math.floor(column / 26) - 1) + String.fromCharCode(65 + (column % 26))

const relations = (
  list: readonly (readonly [id: string, type: string, target: string])[],
): string =>
  `${HEAD}<Relationships xmlns="${PACKAGE}">${list
    .map(
      ([id, type, target]) =>
        `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`,
    )
    .join("")}</Relationships>`

/** Collects the shared texts of a workbook. */
class Texts {
  readonly #positions = new Map<string, number>()

  positionOf(text: string): number {
    const position = this.#positions.get(text) ?? this.#positions.size
    this.#positions.set(text, position)
    return position
  }

  get xml(): string {
    const items = [...this.#positions.keys()].map(
      (text) => `<si><t xml:space="preserve">${escape(text)}</t></si>`,
    )
    return `${HEAD}<sst xmlns="${MAIN}" uniqueCount="${items.length}">${items.join("")}</sst>`
  }
}

const cellXml = (cell: Cell, reference: string, texts: Texts | undefined): string => {
  if (cell === undefined) return ""
  const open = (type: string, style?: number) =>
    `<c${reference}${style === undefined ? "" : ` s="${style}"`}${type === "" ? "" : ` t="${type}"`}>`
  if (typeof cell === "number") return `${open("")}<v>${cell}</v></c>`
  if (typeof cell === "boolean") return `${open("b")}<v>${cell ? 1 : 0}</v></c>`
  if (typeof cell === "string")
    return texts === undefined
      ? `${open("inlineStr")}<is><t>${escape(cell)}</t></is></c>`
      : `${open("s")}<v>${texts.positionOf(cell)}</v></c>`
  if ("xml" in cell) return cell.xml
  return `${open(cell.type ?? "", cell.style)}<v>${cell.value}</v></c>`
}

/** Returns the XML of a row, with its number from 1. */
export const rowXml = (
  row: readonly Cell[],
  number: number,
  texts?: Texts,
  hasReferences = true,
): string => {
  const cells = row.map((cell, column) =>
    cellXml(cell, hasReferences ? ` r="${letters(column)}${number}"` : "", texts),
  )
  return `<row${hasReferences ? ` r="${number}"` : ""}>${cells.join("")}</row>`
}

const stylesXml = (formats: readonly (string | number)[]): string => {
  const codes = formats.flatMap((format, at) =>
    typeof format === "string"
      ? [`<numFmt numFmtId="${164 + at}" formatCode="${escape(format)}"/>`]
      : [],
  )
  const styles = formats.map(
    (format, at) => `<xf numFmtId="${typeof format === "string" ? 164 + at : format}"/>`,
  )
  return `${HEAD}<styleSheet xmlns="${MAIN}"><numFmts>${codes.join("")}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>${styles.join("")}</cellXfs></styleSheet>`
}

const partsOf = (
  sheets: readonly SheetInput[],
  options: Options,
): readonly (readonly [string, string])[] => {
  const texts = options.hasInlineTexts === true ? undefined : new Texts()
  const sheetParts = sheets.map(({ rows, hasNoReferences }, at): readonly [string, string] => [
    `xl/worksheets/sheet${at + 1}.xml`,
    `${HEAD}<worksheet xmlns="${MAIN}"><sheetData>${rows
      .map((row, index) =>
        row.length === 0 ? "" : rowXml(row, index + 1, texts, hasNoReferences !== true),
      )
      .join("")}</sheetData></worksheet>`,
  ])
  const list = sheets.map(
    ({ name, isHidden }, at) =>
      `<sheet name="${escape(name)}" sheetId="${at + 1}"${isHidden === true ? ' state="hidden"' : ""} r:id="rId${at + 1}"/>`,
  )
  const textPart: readonly (readonly [string, string])[] =
    texts === undefined ? [] : [["xl/sharedStrings.xml", texts.xml]]
  return [
    [
      "[Content_Types].xml",
      `${HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
    ],
    ["_rels/.rels", relations([["rId1", "officeDocument", "xl/workbook.xml"]])],
    [
      "xl/workbook.xml",
      `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><workbookPr${options.isMac === true ? ' date1904="1"' : ""}/><sheets>${list.join("")}</sheets></workbook>`,
    ],
    [
      "xl/_rels/workbook.xml.rels",
      relations([
        ...sheets.map((_, at): readonly [string, string, string] => [
          `rId${at + 1}`,
          "worksheet",
          at % 2 === 0 ? `worksheets/sheet${at + 1}.xml` : `/xl/worksheets/sheet${at + 1}.xml`,
        ]),
        ["rIdT", "sharedStrings", "sharedStrings.xml"],
        ["rIdS", "styles", "styles.xml"],
      ]),
    ],
    ...(options.isTextFirst === true ? textPart : []),
    ...sheetParts,
    ...(options.isTextFirst === true ? [] : textPart),
    ["xl/styles.xml", stylesXml(options.formats ?? [])],
  ]
}

const withPrefix = (xml: string, prefix: string): string =>
  xml
    .replaceAll(/<(\/?)(?=[A-Za-z])/g, `<$1${prefix}`)
    .replaceAll(' xmlns="', ` xmlns:${prefix.slice(0, -1)}="`)

/** Packs parts into an archive. */
export const pack = (
  parts: Iterable<readonly [path: string, content: string | Uint8Array]>,
): Promise<Uint8Array> =>
  Effect.runPromise(
    Stream.fromIterable([...parts].map(([path, content]) => Zip.file(path, content))).pipe(
      Stream.pipeThroughChannel(Zip.encode()),
      Stream.runCollect,
      Effect.map((pieces) => new Uint8Array(Buffer.concat(pieces))),
    ),
  )

/** Writes a workbook. */
export const workbook = (
  sheets: readonly SheetInput[],
  options: Options = {},
): Promise<Uint8Array> =>
  pack(
    partsOf(sheets, options).map(([part, xml]): readonly [string, string] => {
      const prefixed =
        options.prefix !== undefined && part.startsWith("xl/") && !part.endsWith(".rels")
          ? withPrefix(xml, options.prefix)
          : xml
      return [part, options.edit?.(part, prefixed) ?? prefixed]
    }),
  )
