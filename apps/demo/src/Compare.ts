/**
 * Compares the contacts in the sandbox with those in the file: every contact and every field must be there, and no others.
 * The expected values follow from the page's rules only (W3, W4, D9, D10, D12, D13), not from the client's code.
 */
import type { Row } from "./Rows.ts"

/** A contact as the sandbox returns it; members that the sandbox adds are ignored. */
export interface Stored {
  readonly identifier: string
  readonly [member: string]: unknown
}

/** Names a row (from 1) and a field that did not arrive as it was sent; never a value. */
export interface Difference {
  /** Absent if the contact is in no row. */
  readonly row?: number
  readonly field: string
  readonly kind: "lost" | "altered" | "added" | "twice"
}

const plainFields = [
  "firstName",
  "lastName",
  "phone",
  "email",
  "language",
  "profilePic",
  "countryCode",
] as const

type Expected = ReadonlyMap<string, string | number | null>

const expectedOf = (row: Row): Expected => {
  const expected = new Map<string, string | number | null>()
  for (const name of plainFields) {
    const value = row[name]
    if (value === undefined || value === null) continue
    expected.set(name, name === "countryCode" ? value.toUpperCase() : value)
  }
  for (const { name, value } of row.custom_fields ?? []) {
    // a field without a value is legal and travels as its name; a checkbox travels as text
    expected.set(
      `custom_fields.${name}`,
      typeof value === "boolean" ? String(value) : (value ?? null),
    )
  }
  return expected
}

const isNamed = (value: unknown): value is { readonly name: string; readonly value?: unknown } =>
  typeof value === "object" && value !== null && "name" in value && typeof value.name === "string"

const arrivedOf = (stored: Stored): ReadonlyMap<string, unknown> => {
  const arrived = new Map<string, unknown>()
  for (const name of plainFields) {
    if (stored[name] !== undefined) arrived.set(name, stored[name])
  }
  const custom = stored["custom_fields"]
  for (const field of Array.isArray(custom) ? custom.filter(isNamed) : []) {
    arrived.set(`custom_fields.${field.name}`, field.value ?? null)
  }
  return arrived
}

/** Compares all rows with all stored contacts; returns an empty list if nothing was lost, altered or added. */
export const compare = (
  rows: ReadonlyArray<Row>,
  stored: ReadonlyArray<Stored>,
): ReadonlyArray<Difference> => {
  const differences: Array<Difference> = []
  const contacts = new Map<string, Array<Stored>>()
  for (const contact of stored) {
    const same = contacts.get(contact.identifier)
    if (same === undefined) contacts.set(contact.identifier, [contact])
    else same.push(contact)
  }
  for (const [index, row] of rows.entries()) {
    const number = index + 1
    const [contact, ...more] = contacts.get(row.identifier) ?? []
    contacts.delete(row.identifier)
    if (contact === undefined) {
      differences.push({ row: number, field: "contact", kind: "lost" })
      continue
    }
    if (more.length > 0) differences.push({ row: number, field: "contact", kind: "twice" })
    const expected = expectedOf(row)
    const arrived = arrivedOf(contact)
    for (const [field, value] of expected) {
      if (!arrived.has(field)) differences.push({ row: number, field, kind: "lost" })
      else if (arrived.get(field) !== value) {
        differences.push({ row: number, field, kind: "altered" })
      }
    }
    for (const field of arrived.keys()) {
      if (!expected.has(field)) differences.push({ row: number, field, kind: "added" })
    }
  }
  return [
    ...differences,
    ...Array.from(contacts, (): Difference => ({ field: "contact", kind: "added" })),
  ]
}
