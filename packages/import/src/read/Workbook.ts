/** Reads what a workbook says about its sheets: their names and parts, shared texts, formats of numbers. */
import * as Effect from "effect/Effect"
import * as Xml from "effect/encoding/Xml"
import * as Stream from "effect/Stream"

import { ReadError } from "./ReadError.ts"
import { formatOf, type NumberFormat } from "./SheetNumber.ts"
import { through } from "./Stage.ts"
import { invalid, type ZipFile } from "./ZipFile.ts"

/** Characters of one tag or text. */
const MAX_TOKEN = 1024 * 1024
const MAX_DEPTH = 64

/** A workbook without the cells of its sheets. */
export interface Workbook {
  readonly sheets: readonly {
    readonly name: string
    readonly part: string
    readonly isHidden: boolean
  }[]
  readonly texts: readonly string[]
  /** The formats of numbers, by the style of a cell. */
  readonly formats: readonly NumberFormat[]
  /** Whether days are counted from 1904. */
  readonly isMac: boolean
}

const hasDtd = new ReadError({
  code: "XLSX_DTD",
  message:
    "the workbook has a document type or entities, which no program that makes workbooks writes",
  hint: "Open it in Excel or LibreOffice and save it as xlsx again.",
})

/** The name of an element or attribute without its prefix. */
export const localName = (name: string): string => name.slice(name.indexOf(":") + 1)

/** Text of a workbook, in which `_x000D_` stands for a character. */
export const unescape = (text: string): string =>
  text.includes("_x")
    ? text.replaceAll(/_x([\dA-Fa-f]{4})_/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
    : text

/** Reads the events of a part of a workbook. Fails with `XLSX_INVALID`, or `XLSX_DTD` for a document type or entities. */
export const events = (
  bytes: Stream.Stream<Uint8Array, ReadError>,
): Stream.Stream<Xml.Event, ReadError> =>
  bytes.pipe(
    Stream.pipeThroughChannel(Xml.decode({ maxTokenSize: MAX_TOKEN, maxDepth: MAX_DEPTH })),
    Stream.mapError((error) => {
      if (!Xml.isXmlError(error)) return error
      return /entit/i.test(error.message) ? hasDtd : invalid("a part of it is not valid XML")
    }),
    through<Xml.Event, Xml.Event>(() => ({
      push: (event, out) => {
        if (event._tag === "Doctype") return hasDtd
        out.push(event)
        return undefined
      },
    })),
  )

/** Reads a part that is there, by its events. */
const readPart = (zip: ZipFile, part: string, each: (event: Xml.Event) => void) => {
  const bytes = zip.read(part)
  return bytes === undefined
    ? Effect.void
    : Stream.runForEach(events(bytes), (event) => Effect.sync(() => each(event)))
}

interface Relation {
  readonly id: string
  readonly type: string
  readonly part: string
}

/** The part that a relation of another part names. */
const resolvePart = (from: string, target: string): string =>
  decodeURI(new URL(target, `zip:///${from}`).pathname).slice(1)

const relationsOf = Effect.fnUntraced(function* (zip: ZipFile, part: string) {
  const slash = part.lastIndexOf("/") + 1
  const relations: Relation[] = []
  yield* readPart(zip, `${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`, (event) => {
    if (event._tag !== "StartElement" || localName(event.name) !== "Relationship") return
    const { Id: id = "", Type: type = "", Target: target = "", TargetMode: mode } = event.attributes
    if (mode !== "External" && URL.canParse(target, "zip:///"))
      relations.push({ id, type, part: resolvePart(part, target) })
  })
  return relations
})

/** Collects the texts of `si` elements, without the phonetic hints of East Asian texts. */
class TextCollector {
  readonly texts: string[] = []
  #text = ""
  #isText = false
  #isPhonetic = false

  readonly each = (event: Xml.Event): void => {
    if (event._tag === "Text") {
      if (this.#isText && !this.#isPhonetic) this.#text += event.text
    } else if (event._tag === "StartElement" || event._tag === "EndElement") {
      const name = localName(event.name)
      const isStart = event._tag === "StartElement"
      if (name === "t") this.#isText = isStart
      else if (name === "rPh") this.#isPhonetic = isStart
      else if (name === "si") {
        if (!isStart) this.texts.push(unescape(this.#text))
        this.#text = ""
      }
    }
  }
}

/** Collects the formats of `cellXfs`, by the codes of `numFmts`. */
class StyleCollector {
  readonly formats: NumberFormat[] = []
  readonly #codes = new Map<number, string>()
  #isCells = false

  readonly each = (event: Xml.Event): void => {
    if (event._tag !== "StartElement" && event._tag !== "EndElement") return
    const name = localName(event.name)
    if (name === "cellXfs") this.#isCells = event._tag === "StartElement"
    if (event._tag === "EndElement") return
    const id = Number(event.attributes["numFmtId"] ?? 0)
    if (name === "numFmt") this.#codes.set(id, event.attributes["formatCode"] ?? "")
    else if (name === "xf" && this.#isCells) this.formats.push(formatOf(id, this.#codes.get(id)))
  }
}

/** Reads a workbook; undefined if the archive holds none. */
export const open = Effect.fnUntraced(function* (zip: ZipFile) {
  const root = yield* relationsOf(zip, "")
  const part = root.find(({ type }) => type.endsWith("/officeDocument"))?.part ?? "xl/workbook.xml"
  if (!/workbook[^/]*\.xml$/i.test(part) || zip.read(part) === undefined) return undefined
  const relations = yield* relationsOf(zip, part)
  const ofType = (name: string) =>
    relations.find(({ type }) => type.endsWith(`/${name}`))?.part ?? ""

  const sheets: Workbook["sheets"][number][] = []
  let isMac = false
  yield* readPart(zip, part, (event) => {
    if (event._tag !== "StartElement") return
    const { attributes } = event
    if (localName(event.name) === "workbookPr")
      isMac = /^(?:1|true)$/.test(attributes["date1904"] ?? "")
    if (localName(event.name) !== "sheet") return
    const id = Object.entries(attributes).find(([name]) => name.endsWith(":id"))?.[1]
    const relation = relations.find((one) => one.id === id && one.type.endsWith("/worksheet"))
    if (relation !== undefined)
      sheets.push({
        name: attributes["name"] ?? "",
        part: relation.part,
        isHidden: /hidden/i.test(attributes["state"] ?? ""),
      })
  })

  const texts = new TextCollector()
  yield* readPart(zip, ofType("sharedStrings"), texts.each)
  const styles = new StyleCollector()
  yield* readPart(zip, ofType("styles"), styles.each)
  return { sheets, texts: texts.texts, formats: styles.formats, isMac } satisfies Workbook
})
