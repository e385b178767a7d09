/** Reads the custom fields of a contact, as an object or in the documented array form (W4, D9, D12). */
import { isReadonlyObject } from "effect/Predicate"

import type { WireField } from "./CustomFieldValue.ts"
import { MAX_FIELDS, convert, convertUntyped } from "./CustomFieldValue.ts"
import type { Path } from "./Issue.ts"
import type { Reading } from "./Reading.ts"
import { MAX_KEYS, shownKey } from "./Reading.ts"
import * as Suggest from "./Suggest.ts"
import * as Rule from "./TextRules.ts"

/** Returns a name that a custom field may have; adds an issue for any other value. */
const readName = (reading: Reading, name: unknown, path: Path): string | undefined => {
  if (typeof name !== "string") return reading.report("CUSTOM_FIELD_NAME", path)
  const { catalogue } = reading
  const text = reading.text(Rule.customFieldName, name, path)
  if (text === undefined || catalogue === undefined || catalogue.get(name) !== undefined) {
    return text
  }
  const known = catalogue.fields.map((field) => field.name)
  return reading.report("CUSTOM_FIELD_UNKNOWN", path, Suggest.hint(name, known))
}

/** Returns a value as it travels; undefined if there is none, or with an issue if it is not valid. */
const readValue = (reading: Reading, name: string, value: unknown, path: Path) => {
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") reading.size += value.length
  const field = reading.catalogue?.get(name)
  return reading.take(
    field === undefined ? convertUntyped(value, path) : convert(field, value, path),
  )
}

const readPair = (reading: Reading, pair: unknown, path: Path, seen: Set<string>) => {
  if (!isReadonlyObject(pair)) return reading.report("CUSTOM_FIELD_TYPE", path)
  const keys = Object.keys(pair)
  if (keys.length > MAX_KEYS) return reading.report("CUSTOM_FIELD_TYPE", path)
  const given: { name?: unknown; value?: unknown } = {}
  for (const [position, key] of keys.entries()) {
    if (key === "name" || key === "value") given[key] = pair[key]
    else reading.report("UNKNOWN_FIELD", [...path, shownKey(key, position)])
  }
  const at = [...path, "name"]
  const name = readName(reading, given.name, at)
  if (name === undefined) return undefined
  if (seen.has(name)) return reading.report("CUSTOM_FIELD_TWICE", at)
  seen.add(name)
  const value = readValue(reading, name, given.value, [...path, "value"])
  return value === undefined ? { name } : { name, value }
}

const readPairs = (reading: Reading, key: string, pairs: ReadonlyArray<unknown>) => {
  if (pairs.length > MAX_FIELDS) return reading.report("CUSTOM_FIELDS_TOO_MANY", [key])
  const fields: Array<WireField> = []
  const seen = new Set<string>()
  for (let i = 0; i < pairs.length && !reading.isFull; i++) {
    const path = [key, i]
    reading.at = path
    const field = readPair(reading, pairs[i], path, seen)
    if (field !== undefined) fields.push(field)
  }
  return fields
}

const readRecord = (reading: Reading, key: string, record: Readonly<Record<string, unknown>>) => {
  const names = Object.keys(record)
  if (names.length > MAX_FIELDS) return reading.report("CUSTOM_FIELDS_TOO_MANY", [key])
  const fields: Array<WireField> = []
  for (const [position, name] of names.entries()) {
    if (reading.isFull) break
    const isKnown = reading.catalogue?.get(name) !== undefined
    const path = [key, isKnown ? name : shownKey(name, position, true)]
    reading.at = path
    if (readName(reading, name, path) === undefined) continue
    const value = readValue(reading, name, record[name], path)
    if (value !== undefined) fields.push({ name, value })
  }
  return fields
}

/** Reads custom fields; adds an issue for each that is not valid. */
export const readCustomFields = (
  reading: Reading,
  key: "customFields" | "custom_fields",
  value: unknown,
): ReadonlyArray<WireField> | undefined => {
  if (Array.isArray(value)) return readPairs(reading, key, value)
  if (!isReadonlyObject(value)) return reading.report("CUSTOM_FIELDS_TYPE", [key])
  if (key === "customFields") return readRecord(reading, key, value)
  const suggestion = "write customFields for an object, or give an array"
  return reading.report("CUSTOM_FIELDS_TYPE", [key], suggestion)
}
