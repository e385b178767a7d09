/** Reads the cells of one row into a contact and collects everything that is wrong with them. */
import { CustomField } from "@aelyst/core"
import * as Result from "effect/Result"

import type { FieldName, Mapping, Problem, SourceRow } from "../types.ts"
import { clean, firstValue, isBlank } from "./CellText.ts"
import * as Country from "./Country.ts"
import * as CustomValue from "./CustomValue.ts"
import type { Fault, Read } from "./Fault.ts"
import { fault, ofIssue } from "./Fault.ts"
import * as Language from "./Language.ts"
import type { PhoneReader } from "./Phone.ts"
import type { Tally } from "./Tally.ts"

/** The rules for the values of all rows. */
export interface ReadingRules {
  readonly mapping: Mapping
  readonly phones: PhoneReader
  readonly defaultCountry: string | undefined
  readonly style: CustomValue.ValueStyle
}

interface Cell {
  readonly text: string
  readonly column: number | undefined
}

/** A problem of a row, and the field that it keeps from being sent. */
interface FoundProblem {
  readonly problem: Problem
  readonly field: string
}

// inside an address they are never meant
const hidden = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

const isInexact = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)

/** The contact of one row as far as it could be read. */
export class RowReading {
  readonly contact: Record<string, unknown> = {}
  readonly found: FoundProblem[] = []
  readonly #row: SourceRow
  readonly #rules: ReadingRules
  readonly #tally: Tally

  constructor(row: SourceRow, rules: ReadingRules, tally: Tally) {
    this.#row = row
    this.#rules = rules
    this.#tally = tally
    this.#readLength()
    this.#readNames()
    this.#readEmail()
    this.#readPhone(this.#readCountry())
    this.#readField("language", (text) => this.#fixed("language", text, Language.read(text)))
    this.#readField("profilePic", Result.succeed)
    this.#readCustomFields()
  }

  /** Adds a problem of a field, or of one of its custom fields. */
  report({ code, reason, suggestion }: Fault, field: string, column = this.#blamed(field)): void {
    const name = column === undefined ? undefined : this.#rules.mapping.columns[column]
    const value = column === undefined ? undefined : this.#row.cells[column]
    this.found.push({
      field,
      problem: {
        code,
        line: this.#row.line,
        ...(name !== undefined && { column: name }),
        reason,
        ...(suggestion !== undefined && { suggestion }),
        ...(value !== undefined && value !== "" && { value }),
      },
    })
  }

  /** Returns the text of a field: its first cell that is not empty, else its constant. */
  text(field: FieldName): string | undefined {
    return this.#pick(field)?.text
  }

  /** Returns the column of a custom field. */
  columnOf(name: string): number | undefined {
    const { custom, apiFields } = this.#rules.mapping
    return custom.find((field) => field.name === name)?.column ?? apiFields
  }

  /** Returns the column that a field was read from; without a value, the first that could have had one. */
  #blamed(field: string): number | undefined {
    const { fields } = this.#rules.mapping
    const own = Object.entries(fields).find(([name]) => name === field)?.[1]
    const isName = field === "firstName" || field === "lastName"
    const columns = own ?? (isName ? fields.fullName : undefined) ?? []
    const filled = columns.find((column) => !isBlank(this.#row.cells[column] ?? ""))
    return filled ?? columns[0]
  }

  #cell(column: number, isName: boolean): string {
    return clean(this.#row.cells[column] ?? "", isName, this.#tally)
  }

  #pick(field: FieldName): Cell | undefined {
    const { fields, constants } = this.#rules.mapping
    const isName = field === "firstName" || field === "lastName" || field === "fullName"
    for (const column of fields[field] ?? []) {
      const text = this.#cell(column, isName)
      if (text !== "") return { text, column }
    }
    const constant = constants[field]
    return constant === undefined ? undefined : { text: constant, column: undefined }
  }

  /** Returns the problem of a value of JSON that is no text: a number that has lost digits (D16), an object, a list. */
  #unfit(column: number | undefined): Fault | undefined {
    const { record } = this.#row
    if (record === undefined || column === undefined) return undefined
    const value = record[this.#rules.mapping.columns[column] ?? ""]
    if (typeof value === "object" && value !== null) {
      return {
        code: "VALUE_INVALID",
        reason: "an object or a list is not a value",
        suggestion: "give a text, a number or a boolean",
      }
    }
    if (!isInexact(value)) return undefined
    return {
      code: "NUMBER_INVALID",
      reason: "a number of this size has lost digits",
      suggestion: "send it as text: put it in quotes",
    }
  }

  #fixed(kind: "country" | "language", text: string, read: Read): Read {
    if (Result.isSuccess(read) && read.success !== text) this.#tally.fix(kind)
    return read
  }

  #readField(field: FieldName, read: (text: string) => Read): string | undefined {
    const cell = this.#pick(field)
    if (cell === undefined) return undefined
    const unfit = this.#unfit(cell.column)
    const value = unfit === undefined ? read(cell.text) : Result.fail(unfit)
    if (Result.isFailure(value)) {
      this.report(value.failure, field)
      return undefined
    }
    this.contact[field] = value.success
    return value.success
  }

  #readLength(): void {
    const { cells } = this.#row
    const { columns } = this.#rules.mapping
    for (let at = columns.length; at < cells.length; at++) {
      if (cells[at]?.trim() === "") continue
      const suggestion = "put quotes around cells that contain the delimiter"
      const reason = "the row has more cells than the header has columns"
      this.report({ code: "ROW_TOO_LONG", reason, suggestion }, "")
      return
    }
  }

  #readNames(): void {
    const { fields, splitName } = this.#rules.mapping
    this.#readField("lastName", Result.succeed)
    // a constant fills in where neither column has a name
    const isFull = fields.firstName === undefined
    const full = isFull ? this.#pick("fullName") : undefined
    if (full === undefined) {
      this.#readField("firstName", Result.succeed)
      return
    }
    const space = full.text.lastIndexOf(" ")
    const isSplit = splitName && space > 0 && this.contact["lastName"] === undefined
    this.contact["firstName"] = isSplit ? full.text.slice(0, space).trim() : full.text
    if (!isSplit) return
    this.contact["lastName"] = full.text.slice(space + 1)
  }

  #readEmail(): void {
    this.#readField("email", (text) => {
      const first = firstValue(text, this.#tally)
      const address = first.replace(hidden, "")
      if (address !== first) this.#tally.fix("invisible")
      const issue = CustomField.checkValue("email", address)
      return issue === undefined ? Result.succeed(address) : Result.fail(ofIssue(issue))
    })
  }

  /** Returns the row's country. */
  #readCountry(): string | undefined {
    return this.#readField("countryCode", (text) =>
      this.#fixed("country", text, Country.read(text)),
    )
  }

  #readPhone(country: string | undefined): void {
    const { phones, defaultCountry } = this.#rules
    const ofRow = country !== undefined && phones.hasPlan(country) ? country : undefined
    this.#readField("phone", (text) => {
      const value = firstValue(text, this.#tally)
      const code = value.includes("+") ? undefined : this.text("dialingCode")
      const dialed = code === undefined ? undefined : phones.countryOf(code)
      if (code !== undefined && dialed === undefined) {
        return fault("PHONE_INVALID", "the calling code of the row does not exist")
      }
      const read = phones.read(value, dialed ?? ofRow ?? defaultCountry, this.#tally)
      if (Result.isSuccess(read)) {
        if (dialed !== undefined) this.#tally.fix("dialing_code")
      } else if (phones.isValidWithPlus(value)) {
        const column = this.#blamed("phone") ?? -1
        this.#tally.validWithPlus(this.#rules.mapping.columns[column] ?? "")
      }
      return read
    })
  }

  #readCustomFields(): void {
    const { mapping, style } = this.#rules
    const fields: Record<string, unknown> = {}
    for (const { name, type, column } of mapping.custom) {
      const text = this.#cell(column, type === "text")
      if (text === "") continue
      const unfit = this.#unfit(column)
      const read =
        unfit === undefined ? CustomValue.read(type, text, style, this.#tally) : Result.fail(unfit)
      if (Result.isFailure(read)) this.report(read.failure, name, column)
      else if (read.success !== undefined) fields[name] = read.success
    }
    if (mapping.custom.length > 0) this.contact["customFields"] = fields
    const key = mapping.apiFields === undefined ? undefined : mapping.columns[mapping.apiFields]
    const own = key === undefined ? undefined : this.#row.record?.[key]
    if (own === undefined || own === null) return
    this.contact[Array.isArray(own) ? "custom_fields" : "customFields"] = own
  }
}
