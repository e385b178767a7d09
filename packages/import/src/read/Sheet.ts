/** Reads the rows of a sheet from the events of its XML. */
import type * as Xml from "effect/encoding/Xml"

import type { RawRecord } from "./Csv.ts"
import { checkColumns, MAX_COLUMNS } from "./Header.ts"
import { ReadError } from "./ReadError.ts"
import { textOf } from "./SheetNumber.ts"
import type { Stage } from "./Stage.ts"
import { localName, unescape, type Workbook } from "./Workbook.ts"

/** Characters of a row. */
const MAX_ROW = 1024 * 1024

/** Returns the column of a reference such as `BC12`, from 0; undefined if it has none. */
const columnOf = (reference: string | undefined): number | undefined => {
  if (reference === undefined) return undefined
  let column = 0
  for (let at = 0; at < reference.length && at < 4; at++) {
    const letter = reference.charCodeAt(at) & ~0x20
    if (letter < 0x41 || letter > 0x5a) break
    column = column * 26 + letter - 0x40
  }
  return column === 0 ? undefined : column - 1
}

/** Turns rows into records. Cells and rows without a reference follow the one before. */
export class SheetRows implements Stage<Xml.Event, RawRecord> {
  readonly #workbook: Workbook
  #line = 0
  #cells: string[] = []
  #size = 0
  #column = -1
  #type: string | undefined
  #style = 0
  #text = ""
  #isValue = false
  #isPhonetic = false

  constructor(workbook: Workbook) {
    this.#workbook = workbook
  }

  readonly push = (event: Xml.Event, out: RawRecord[]): ReadError | undefined => {
    if (event._tag === "Text") {
      if (this.#isValue && !this.#isPhonetic) this.#text += event.text
      return undefined
    }
    if (event._tag === "StartElement") return this.#start(localName(event.name), event.attributes)
    return event._tag === "EndElement" ? this.#end(localName(event.name), out) : undefined
  }

  #start(name: string, attributes: Readonly<Record<string, string>>): ReadError | undefined {
    if (name === "row") {
      const line = Number(attributes["r"])
      this.#line = Number.isSafeInteger(line) && line > this.#line ? line : this.#line + 1
      this.#cells = []
      this.#size = 0
      this.#column = -1
    } else if (name === "c") {
      this.#column = columnOf(attributes["r"]) ?? this.#column + 1
      this.#type = attributes["t"]
      this.#style = Number(attributes["s"] ?? 0)
      this.#text = ""
    } else if (name === "v" || name === "t") this.#isValue = true
    else if (name === "rPh") this.#isPhonetic = true
    return undefined
  }

  #end(name: string, out: RawRecord[]): ReadError | undefined {
    if (name === "v" || name === "t") this.#isValue = false
    else if (name === "rPh") this.#isPhonetic = false
    else if (name === "c") return this.#endCell()
    else if (name === "row") out.push({ line: this.#line, cells: this.#cells })
    return undefined
  }

  #endCell(): ReadError | undefined {
    const text = this.#text === "" ? "" : this.#valueOf(this.#text)
    if (text === "") return undefined
    if (this.#column >= MAX_COLUMNS) return checkColumns(this.#column + 1, this.#line)
    this.#size += text.length
    if (this.#size > MAX_ROW)
      return new ReadError({
        code: "RECORD_TOO_LONG",
        message: `row ${this.#line} has more than ${MAX_ROW} characters`,
        hint: "Remove the cells that are not needed.",
        line: this.#line,
      })
    while (this.#cells.length < this.#column) this.#cells.push("")
    this.#cells[this.#column] = text
    return undefined
  }

  #valueOf(text: string): string {
    const { texts, formats, isMac } = this.#workbook
    switch (this.#type) {
      case "s":
        return texts[Number(text)] ?? ""
      case "b":
        return text === "1" ? "TRUE" : "FALSE"
      case "str":
      case "inlineStr":
        return unescape(text)
      case undefined:
      case "n":
        return textOf(text, formats[this.#style] ?? "number", isMac)
      default:
        return text
    }
  }
}
