/** Reads what the import must create: one contact per line of JSON, with its identifier and the members of the page's request. */
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"

/** The custom fields that the contacts use: one of each documented type (W4). */
export const fields = {
  "Company Website": "url",
  Notes: "text",
  Seats: "number",
  "Billing Email": "email",
  Plan: { type: "list", options: ["Bronze", "Silver", "Gold"] },
  "Renewal Date": "date",
  "Call Time": "time",
  Newsletter: "checkbox",
} as const

/** A contact as the file has it. */
export interface Row {
  readonly identifier: string
  readonly firstName: string
  readonly lastName?: string | null
  readonly phone?: string | null
  readonly email?: string | null
  readonly language?: string | null
  readonly profilePic?: string | null
  readonly countryCode?: string | null
  readonly custom_fields?: ReadonlyArray<{
    readonly name: string
    readonly value?: string | number | boolean | null
  }>
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isRow = (value: unknown): value is Row =>
  isObject(value) &&
  typeof value["identifier"] === "string" &&
  typeof value["firstName"] === "string" &&
  (value["custom_fields"] === undefined || Array.isArray(value["custom_fields"]))

/** Reads one line; fails with its number if it is not a contact, and never quotes it. */
export const parseLine = (line: string, number: number): Row => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error(`line ${number} is not JSON`)
  }
  if (!isRow(value)) throw new Error(`line ${number} is not a contact`)
  return value
}

/** Reads a file of contacts, one at a time. */
export async function* readRows(file: string): AsyncGenerator<Row, void, undefined> {
  const lines = createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity })
  let number = 0
  for await (const line of lines) {
    number++
    if (line !== "") yield parseLine(line, number)
  }
}
