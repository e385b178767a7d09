/** Recognises files that are no text, and texts that are no table, and says how to get a table out of them. */
import { ReadError } from "./ReadError.ts"

const AS_CSV = "Open it in the program that made it and export it as CSV (UTF-8) or xlsx."

/** A kind of file with the way out. */
export interface Kind {
  readonly name: string
  readonly hint: string
}

const nameOf = (fileName: string): string => (fileName === "" ? "the source" : `"${fileName}"`)

/** Refuses a file by its kind. */
export const refuse = (fileName: string, { name, hint }: Kind): ReadError =>
  new ReadError({
    code: "FILE_KIND",
    message: `${nameOf(fileName)} is ${name}, not a table of contacts`,
    hint,
  })

const image: Kind = {
  name: "an image",
  hint: "Export the contacts themselves as CSV or xlsx; text in images is not read.",
}
const compressed: Kind = { name: "a compressed file", hint: "Unpack it and pass the file inside." }

/** Refuses a text that should be a workbook. */
export const refuseText = (fileName: string): ReadError =>
  new ReadError({
    code: "FILE_KIND",
    message: `${nameOf(fileName)} is a text, not an xlsx workbook`,
    hint: "Leave out --format to find the format by the content of the file.",
  })

/** Bytes that are neither text nor known. */
export const binary: Kind = { name: "a binary file", hint: AS_CSV }

const bytes = (...values: readonly number[]): string => String.fromCharCode(...values)

/** The first bytes of binary files. */
const signatures: ReadonlyArray<readonly [start: string, kind: Kind]> = [
  [
    "%PDF-",
    {
      name: "a PDF",
      hint: "Export the contacts as CSV or xlsx from the program that made the PDF.",
    },
  ],
  [
    bytes(0xd0, 0xcf, 0x11, 0xe0),
    {
      name: "an old Excel workbook (.xls), or an xlsx protected by a password",
      hint: "Open it in Excel or LibreOffice and save it as xlsx without a password, or as CSV UTF-8.",
    },
  ],
  [bytes(0x89) + "PNG", image],
  [bytes(0xff, 0xd8, 0xff), image],
  ["GIF8", image],
  ["BM", image],
  [bytes(0x1f, 0x8b), compressed],
  ["BZh", compressed],
  [bytes(0x37, 0x7a, 0xbc, 0xaf), compressed],
  ["Rar!", compressed],
  [bytes(0xfd) + "7zXZ", compressed],
  [bytes(0x28, 0xb5, 0x2f, 0xfd), compressed],
  ["SQLite format 3", { name: "an SQLite database", hint: "Export the table of contacts as CSV." }],
  ["PAR1", { name: "a Parquet file", hint: "Export it as CSV or NDJSON." }],
  ["bplist", { name: "a property list", hint: AS_CSV }],
  ["{\\rtf", { name: "an RTF document", hint: AS_CSV }],
  [
    "!BDN",
    { name: "an Outlook data file", hint: "In Outlook, choose Export, Comma Separated Values." },
  ],
]

/** The starts of texts that are not tables. */
const texts: ReadonlyArray<readonly [start: RegExp, kind: Kind]> = [
  [
    /^BEGIN:VCARD/i,
    {
      name: "a file of vCards",
      hint: "Export the contacts as CSV: address books such as Google Contacts can import vCards and export CSV.",
    },
  ],
  [/^BEGIN:VCALENDAR/i, { name: "a calendar", hint: "Export the contacts as CSV." }],
  [
    /^(?:<!doctype html|<html|<head|<body|<table|<meta)/i,
    {
      name: "an HTML page",
      hint: "Some programs save pages as .xls or .csv: open it in Excel or LibreOffice and save it as xlsx or CSV UTF-8.",
    },
  ],
  [/^<\?xml|^<\?mso-application|^<[A-Za-z][\w:.-]*[\s>]/, { name: "an XML file", hint: AS_CSV }],
  [
    /^dn:{1,2} |^version: 1\s*\ndn:/i,
    { name: "an LDIF file", hint: "Export the contacts as CSV." },
  ],
]

/** Recognises a file that is no text by its first bytes. */
export const ofBytes = (sample: Uint8Array): Kind | undefined => {
  const start = Buffer.from(sample.subarray(0, 16)).toString("latin1")
  if (/^RIFF.{4}WEBP|^.{4}ftyp(?:hei|mif|avif)/s.test(start)) return image
  // "BM" begins words, too: the size follows it in a bitmap
  const match = signatures.find(([text]) => start.startsWith(text))
  return match !== undefined && (match[0] !== "BM" || sample.includes(0)) ? match[1] : undefined
}

/** Recognises a text that is no table by how it starts. */
export const ofText = (text: string): Kind | undefined =>
  texts.find(([start]) => start.test(text.trimStart().slice(0, 200)))?.[1]

/** Checks whether a file is a zip archive, as xlsx is. */
export const isZip = (sample: Uint8Array): boolean =>
  sample[0] === 0x50 &&
  sample[1] === 0x4b &&
  ((sample[2] === 3 && sample[3] === 4) || (sample[2] === 5 && sample[3] === 6))

const document = (name: string): Kind => ({ name, hint: AS_CSV })

/** Recognises a zip archive that is no xlsx by the names of its entries. */
export const ofEntries = (names: readonly string[]): Kind => {
  const has = (name: string) => names.includes(name)
  if (has("xl/workbook.bin"))
    return {
      name: "a binary Excel workbook (.xlsb)",
      hint: "Open it in Excel and save it as xlsx or CSV UTF-8.",
    }
  if (has("content.xml") && has("mimetype"))
    return {
      name: "an OpenDocument file (.ods)",
      hint: "Open it in LibreOffice and save it as xlsx, or as CSV with the character set UTF-8.",
    }
  if (has("Index.zip") || names.some((name) => name.endsWith(".iwa")))
    return { name: "a Numbers document", hint: "In Numbers, choose File, Export To, Excel or CSV." }
  if (names.some((name) => name.startsWith("word/"))) return document("a Word document")
  if (names.some((name) => name.startsWith("ppt/"))) return document("a presentation")
  return { name: "a zip archive", hint: "Unpack it and pass the file inside." }
}
