/** Decides whether a row can be sent: by its own cells, without the other rows. */
import type { Issue } from "@aelyst/core"
import { CustomField, Identifier, validate } from "@aelyst/core"
import * as Result from "effect/Result"

import type { ForeignRow, InvalidRow, ReadyRow, SourceRow } from "../types.ts"
import type { Footers } from "../read/Footer.ts"
import type { Fault, Read } from "./Fault.ts"
import { ofIssue } from "./Fault.ts"
import type { ReadingRules } from "./RowReading.ts"
import { RowReading } from "./RowReading.ts"
import type { Tally } from "./Tally.ts"

/** How rows are checked. */
export interface RowRules extends ReadingRules {
  /** Whether values that are not valid are left out, if the row can be sent without them. */
  readonly dropFields: boolean
  readonly catalogue: CustomField.Catalogue | undefined
  /** Recognises footers. */
  readonly footers: Footers
}

// an identifier that was read is valid, and in place of another the rest is validated too
const placeholder = "id:0"

const sevenDigits = /\d(?:\D*\d){6}/

const isAddress = (cell: string): boolean =>
  cell.includes("@") && CustomField.checkValue("email", cell.trim()) === undefined

/** Returns why a row does not belong to the table; undefined if it does. */
const foreignReason = (row: SourceRow, { mapping, footers }: RowRules): string | undefined => {
  const { cells } = row
  const { email = [], phone = [], identifier = [] } = mapping.fields
  // most rows have a number or an address, so that they need no second look
  if (phone.some((at) => sevenDigits.test(cells[at] ?? ""))) return undefined
  if (email.some((at) => isAddress(cells[at] ?? ""))) return undefined
  const footer = footers(row)
  if (footer !== undefined) return footer
  const first = cells.findIndex((cell) => cell.trim() !== "")
  const text = (cells[first] ?? "").trim()
  // an identifier may be any text, so a line below the table would become one
  const isAlone =
    mapping.columns.length > 1 && cells.every((cell, at) => at === first || cell.trim() === "")
  return isAlone && identifier.includes(first) && /\s/.test(text)
    ? "a single text that is not an identifier"
    : undefined
}

/** Returns the identifier of a text that may lack its prefix. */
const readIdentifier = (
  text: string,
  reading: RowReading,
  { phones, defaultCountry }: RowRules,
  tally: Tally,
): Read => {
  if (/^[^@:\s]+@[^@\s]+$/.test(text)) return Result.succeed(`email:${text}`)
  const [, number] = /^(?:phone: *|(?=\+))(.*)$/i.exec(text) ?? []
  if (number === undefined) return Result.succeed(text)
  const country = reading.contact["countryCode"]
  const from = typeof country === "string" ? country : defaultCountry
  return Result.map(phones.read(number, from, tally), (phone) => `phone:${phone}`)
}

/** Returns the first identifier that the row has; reports one that cannot be read. */
const identify = (reading: RowReading, rules: RowRules, tally: Tally): string | undefined => {
  for (const field of rules.mapping.identifyBy) {
    const value = field === "identifier" ? reading.text("identifier") : reading.contact[field]
    if (typeof value !== "string") continue
    const text =
      field === "identifier"
        ? readIdentifier(value, reading, rules, tally)
        : Result.succeed(`${field}:${value}`)
    const parsed = Result.flatMap(text, (id) =>
      Result.mapError(Identifier.parse(id), invalidIdentifier),
    )
    if (Result.isSuccess(parsed)) return parsed.success
    // an address such as id:5@example.com identifies no contact
    delete reading.contact[field]
    reading.report(parsed.failure, field)
  }
  return undefined
}

const invalidIdentifier = ([issue]: readonly Issue[]): Fault =>
  issue === undefined
    ? { code: "VALUE_INVALID", reason: "not an identifier" }
    : { ...ofIssue(issue), code: "VALUE_INVALID" }

/** Takes what an issue names out of the contact. */
const drop = (contact: Record<string, unknown>, { path }: Issue): void => {
  const [field, name] = path
  const fields = contact["customFields"]
  if (field === "customFields" && typeof name === "string" && isRecord(fields)) delete fields[name]
  else if (typeof field === "string") delete contact[field]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null

/** Reports the issues of core at the columns that their values came from. */
const reportIssues = (reading: RowReading, issues: readonly Issue[]): void => {
  for (const issue of issues) {
    const [field = "", name] = issue.path
    const isCustom = field === "customFields" || field === "custom_fields"
    const key = isCustom && typeof name === "string" ? name : String(field)
    const found = ofIssue(issue)
    if (isCustom) reading.report(found, key, reading.columnOf(key))
    else reading.report(found, key)
  }
}

/** Validates a contact; of one without custom fields, which alone can make it too large, only what its readers have not proven. */
const validateRow = (
  identifier: string | undefined,
  contact: Record<string, unknown>,
  { catalogue, mapping }: RowRules,
) => {
  if (mapping.custom.length > 0 || mapping.apiFields !== undefined) {
    return validate(identifier ?? placeholder, contact, { customFields: catalogue })
  }
  const { firstName, lastName, language, profilePic } = contact
  return validate(placeholder, { firstName, lastName, language, profilePic })
}

/** The fields without which a contact cannot be sent. */
const needed = ["", "identifier", "firstName"]

/** Checks one row; what was changed and left out is counted. */
export const checkRow = (
  row: SourceRow,
  rules: RowRules,
  tally: Tally,
): ReadyRow | InvalidRow | ForeignRow => {
  const foreign = foreignReason(row, rules)
  if (foreign !== undefined) return { state: "foreign", row, reason: foreign }
  const reading = new RowReading(row, rules, tally)
  const identifier = identify(reading, rules, tally)
  const { contact, found } = reading
  const isFaulty = (by: string) => found.some(({ field }) => field === by)
  // unless a value that was refused is the reason
  if (identifier === undefined && !rules.mapping.identifyBy.some(isFaulty)) {
    const reason = "the row has no email address, phone number or identifier"
    const [by = "identifier"] = rules.mapping.identifyBy
    reading.report({ code: "IDENTIFIER_MISSING", reason }, by)
  }
  const valid = validateRow(identifier, contact, rules)
  if (Result.isFailure(valid)) reportIssues(reading, valid.failure)
  if (found.length === 0 && identifier !== undefined) {
    return { state: "ready", row, identifier, contact }
  }
  const problems = found.map(({ problem }) => problem)
  if (identifier === undefined) return { state: "invalid", row, problems }
  const isLost = found.some(
    ({ field, problem }) =>
      needed.includes(field) && !(field === "identifier" && problem.code === "VALUE_INVALID"),
  )
  if (!rules.dropFields || isLost) return { state: "invalid", row, problems }
  if (Result.isFailure(valid)) {
    for (const issue of valid.failure) drop(contact, issue)
    if (Result.isFailure(validate(identifier, contact, { customFields: rules.catalogue }))) {
      return { state: "invalid", row, problems }
    }
  }
  for (let at = 0; at < problems.length; at++) tally.omit("dropped")
  return { state: "ready", row, identifier, contact, dropped: problems }
}
