/**
 * A contact as callers pass it, checked and turned into the payload of the
 * wire (W3, D10, D12, D13): all issues at once, limits before work, and nothing
 * copied but the known fields.
 */
import * as Result from "effect/Result"
import * as Characters from "./Characters.ts"
import * as CustomField from "./CustomField.ts"
import * as Identifier from "./Identifier.ts"
import * as Issue from "./Issue.ts"
import type { Payload } from "./Payload.ts"
import * as Rule from "./TextRules.ts"
import { suggest } from "./Suggest.ts"

export { Payload } from "./Payload.ts"

export type { ContactInput } from "../types.ts"

class Valid {
  readonly identifier: Identifier.Identifier
  readonly payload: Payload
  /** The payload as JSON text, made once. */
  readonly body: string
  // no value that was not made here has it
  readonly #checked = true

  constructor(identifier: Identifier.Identifier, payload: Payload, body: string) {
    this.identifier = identifier
    this.payload = payload
    this.body = body
  }

  /** What the identifier names the contact by; an opaque contact ID counts as `id`. */
  get kind(): Identifier.IdentifierKind {
    return Identifier.kind(this.identifier)
  }

  /** The identifier without its prefix. */
  get value(): string {
    return Identifier.value(this.identifier)
  }

  /** The key under which requests for one contact are kept apart. */
  get key(): string {
    return Identifier.key(this.identifier)
  }

  /** The identifier and every value of the contact: what no message, log or excerpt may show. */
  get secrets(): ReadonlyArray<string> {
    const { custom_fields: fields = [], ...texts } = this.payload
    const values = fields.map((field) => String(field.value ?? ""))
    return [this.identifier, this.value, ...Object.values(texts), ...values]
  }

  static is(u: unknown): u is Valid {
    return typeof u === "object" && u !== null && #checked in u && u.#checked
  }
}

/** What a valid contact becomes. Only `validate` makes one. */
export type Validated = Valid

/**
 * Returns whether `validate` made a value; one that was put together by hand, whatever its members, is refused.
 *
 * **Example**
 *
 * ```ts
 * import { isValidated, validate } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * const valid = Result.getOrThrow(validate("email:ada@example.com", { firstName: "Ada" }))
 * console.log(isValidated(valid), isValidated({ ...valid })) // => true false
 * ```
 */
export const isValidated = (u: unknown): u is Validated => Valid.is(u)

/** The most bytes of a body. */
export const MAX_BODY = 102_400
const MAX_KEYS = 100

/** The fields of a contact, as callers name them. */
export const fieldNames = [
  "firstName",
  "lastName",
  "phone",
  "email",
  "language",
  "profilePic",
  "countryCode",
  "customFields",
] as const

/**
 * Names a key in a path. Keys come from outside and may be data in the wrong place, so only what looks like a field's
 * name is repeated: a letter, then letters, digits, `_`, `-` and, where names have them, spaces; at most 40 characters
 * and four digits. Of all others the position among the keys is given.
 */
const shownKey = (key: string, position: number, spaces: boolean): string | number => {
  if (key.length > 40 || !Characters.isLetter(key.charCodeAt(0)) || CustomField.isReserved(key))
    return position
  let digits = 0
  for (let i = 1; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    if (Characters.isDigit(unit)) digits++
    else if (
      !Characters.isLetter(unit) &&
      unit !== 0x5f &&
      unit !== 0x2d &&
      !(spaces && unit === 0x20)
    )
      return position
  }
  return digits > 4 ? position : key
}

type FieldName = (typeof fieldNames)[number] | "custom_fields"

// One for each field: mostly there is nothing to report.
const fieldPaths: Readonly<Record<FieldName, readonly [FieldName]>> = {
  firstName: ["firstName"],
  lastName: ["lastName"],
  phone: ["phone"],
  email: ["email"],
  language: ["language"],
  profilePic: ["profilePic"],
  countryCode: ["countryCode"],
  customFields: ["customFields"],
  custom_fields: ["custom_fields"],
}

interface Reading {
  readonly issues: Array<Issue.Issue>
  readonly catalogue: CustomField.Catalogue | undefined
  /** Where we are reading, for a property that cannot be read. */
  at: ReadonlyArray<string | number>
  /** Characters read so far. */
  size: number
}

const report = (
  reading: Reading,
  code: Issue.IssueCode,
  path: ReadonlyArray<string | number>,
  suggestion?: string,
): undefined => {
  reading.issues.push(Issue.make(code, path, suggestion))
  return undefined
}

const isFull = (reading: Reading): boolean =>
  reading.size > MAX_BODY || reading.issues.length > Issue.MAX_ISSUES

/** Reads one of the plain fields; a value that is not legal becomes an issue. */
const readField = (
  reading: Reading,
  name: (typeof fieldNames)[number],
  value: unknown,
): string | undefined => {
  if (value === undefined || value === null) return undefined
  const path = fieldPaths[name]
  if (typeof value !== "string") return report(reading, "STRING_EXPECTED", path)
  reading.size += value.length
  const issue = CustomField.checkString(value, path)
  if (issue !== undefined) {
    reading.issues.push(issue)
    return undefined
  }
  switch (name) {
    case "firstName":
      return Characters.isBlank(value) ? report(reading, "FIRST_NAME_MISSING", path) : value
    case "phone":
      return Rule.isPhone(value)
        ? value
        : report(reading, "PHONE_INVALID", path, Rule.phoneHint(value))
    case "email":
      return Rule.isEmail(value)
        ? value
        : report(reading, "EMAIL_INVALID", path, Rule.emailHint(value))
    case "language":
      if (Rule.isLanguage(value)) return value
      return report(
        reading,
        "LANGUAGE_INVALID",
        path,
        Rule.isLanguage(value.replaceAll("_", "-")) ? "write - in place of _" : undefined,
      )
    case "countryCode":
      return Rule.isCountryCode(value)
        ? value.toUpperCase()
        : report(reading, "COUNTRY_CODE_INVALID", path)
    case "profilePic":
      if (Rule.isProfilePic(value)) return value
      if (Characters.isLongerThan(value, Rule.MAX_PROFILE_PIC))
        return report(reading, "PROFILE_PIC_TOO_LONG", path)
      return report(
        reading,
        "PROFILE_PIC_INVALID",
        path,
        Rule.isUrl(value) ? "write https:// before it" : undefined,
      )
    default:
      return value
  }
}

/** Reads a custom field's value; `undefined` where there is none or it is not legal. */
const readValue = (
  reading: Reading,
  name: string,
  value: unknown,
  path: ReadonlyArray<string | number>,
): CustomField.WireValue | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") reading.size += value.length
  const field = reading.catalogue?.get(name)
  const converted =
    field === undefined
      ? CustomField.convertUntyped(value, path)
      : CustomField.convert(field, value, path)
  if (Result.isSuccess(converted)) return converted.success
  reading.issues.push(converted.failure)
  return undefined
}

/** Says whether a custom field may have this name; if not there is an issue at `path`. */
const checkName = (
  reading: Reading,
  seen: Set<string>,
  name: unknown,
  path: ReadonlyArray<string | number>,
): name is string => {
  const { catalogue, issues } = reading
  const before = issues.length
  if (typeof name !== "string") {
    report(reading, "CUSTOM_FIELD_NAME", path)
    return false
  }
  reading.size += name.length
  const issue = CustomField.checkString(name, path)
  if (issue !== undefined) issues.push(issue)
  else if (Characters.isBlank(name)) report(reading, "CUSTOM_FIELD_NAME", path)
  else if (CustomField.isReserved(name)) report(reading, "CUSTOM_FIELD_RESERVED", path)
  else if (seen.has(name)) report(reading, "CUSTOM_FIELD_TWICE", path)
  else if (catalogue !== undefined && catalogue.get(name) === undefined) {
    const known = catalogue.fields.map((field) => field.name)
    const meant = suggest(name, known)
    report(
      reading,
      "CUSTOM_FIELD_UNKNOWN",
      path,
      meant === undefined ? undefined : `write ${meant}`,
    )
  }
  if (issues.length > before) return false
  seen.add(name)
  return true
}

const readPairs = (
  reading: Reading,
  at: string,
  pairs: ReadonlyArray<unknown>,
): ReadonlyArray<CustomField.WireField> => {
  const fields: Array<CustomField.WireField> = []
  if (pairs.length > CustomField.MAX_FIELDS) {
    report(reading, "CUSTOM_FIELDS_TOO_MANY", [at])
    return fields
  }
  const seen = new Set<string>()
  for (let i = 0; i < pairs.length && !isFull(reading); i++) {
    const path = [at, i]
    reading.at = path
    const pair = pairs[i]
    if (typeof pair !== "object" || pair === null || Array.isArray(pair)) {
      report(reading, "CUSTOM_FIELD_TYPE", path)
      continue
    }
    const keys = Object.keys(pair)
    if (keys.length > MAX_KEYS) {
      report(reading, "CUSTOM_FIELD_TYPE", path)
      continue
    }
    let name: unknown
    let value: unknown
    for (let k = 0; k < keys.length; k++) {
      const key = keys[k] ?? ""
      if (key === "name") name = Reflect.get(pair, key)
      else if (key === "value") value = Reflect.get(pair, key)
      else report(reading, "UNKNOWN_FIELD", [at, i, shownKey(key, k, false)])
    }
    if (!checkName(reading, seen, name, [at, i, "name"])) continue
    const wire = readValue(reading, name, value, [at, i, "value"])
    fields.push(wire === undefined ? { name } : { name, value: wire })
  }
  return fields
}

const readRecord = (
  reading: Reading,
  at: string,
  record: object,
): ReadonlyArray<CustomField.WireField> => {
  const fields: Array<CustomField.WireField> = []
  const names = Object.keys(record)
  if (names.length > CustomField.MAX_FIELDS) {
    report(reading, "CUSTOM_FIELDS_TOO_MANY", [at])
    return fields
  }
  const seen = new Set<string>()
  for (let i = 0; i < names.length && !isFull(reading); i++) {
    const name = names[i] ?? ""
    const shown = reading.catalogue?.get(name) === undefined ? shownKey(name, i, true) : name
    const path = [at, shown]
    reading.at = path
    if (!checkName(reading, seen, name, path)) continue
    const value = readValue(reading, name, Reflect.get(record, name), path)
    if (value !== undefined) fields.push({ name, value })
  }
  return fields
}

const readCustomFields = (
  reading: Reading,
  at: "customFields" | "custom_fields",
  value: unknown,
): ReadonlyArray<CustomField.WireField> | undefined => {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return readPairs(reading, at, value)
  if (typeof value !== "object") return report(reading, "CUSTOM_FIELDS_TYPE", [at])
  if (at === "customFields") return readRecord(reading, at, value)
  return report(
    reading,
    "CUSTOM_FIELDS_TYPE",
    [at],
    "write customFields for an object, or give an array",
  )
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

const readContact = (reading: Reading, input: unknown): Payload | undefined => {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    return report(reading, "CONTACT_TYPE", [])
  const keys = Object.keys(input)
  if (keys.length > MAX_KEYS) return report(reading, "TOO_MANY_FIELDS", [])
  const texts: Mutable<Partial<Record<(typeof fieldNames)[number], string>>> = {}
  let customFields: ReadonlyArray<CustomField.WireField> | undefined
  let customFieldsAt: string | undefined
  let firstNameRead = false
  for (let i = 0; i < keys.length && !isFull(reading); i++) {
    const key = keys[i] ?? ""
    switch (key) {
      case "firstName":
      case "lastName":
      case "phone":
      case "email":
      case "language":
      case "profilePic":
      case "countryCode": {
        reading.at = fieldPaths[key]
        const value: unknown = Reflect.get(input, key)
        if (key === "firstName") firstNameRead = value !== undefined && value !== null
        const text = readField(reading, key, value)
        if (text !== undefined) texts[key] = text
        break
      }
      case "customFields":
      case "custom_fields": {
        reading.at = fieldPaths[key]
        const value: unknown = Reflect.get(input, key)
        if (value === undefined || value === null) break
        if (customFieldsAt !== undefined) report(reading, "CUSTOM_FIELDS_TWICE", [key])
        customFieldsAt = key
        customFields = readCustomFields(reading, key, value)
        break
      }
      default: {
        const meant = suggest(key, fieldNames)
        report(
          reading,
          "UNKNOWN_FIELD",
          [shownKey(key, i, false)],
          meant === undefined ? undefined : `write ${meant}`,
        )
      }
    }
  }
  if (isFull(reading)) return undefined
  const { firstName, lastName, phone, email, language, profilePic, countryCode } = texts
  if (firstName === undefined)
    return firstNameRead ? undefined : report(reading, "FIRST_NAME_MISSING", ["firstName"])
  // In the order of the documentation, so that the same contact always gives the same bytes.
  const payload: Mutable<Payload> = { firstName }
  if (lastName !== undefined) payload.lastName = lastName
  if (phone !== undefined) payload.phone = phone
  if (email !== undefined) payload.email = email
  if (language !== undefined) payload.language = language
  if (profilePic !== undefined) payload.profilePic = profilePic
  if (countryCode !== undefined) payload.countryCode = countryCode
  if (customFields !== undefined && customFields.length > 0) payload.custom_fields = customFields
  return payload
}

/**
 * Validates an identifier and a contact, and makes the payload and the body of the request.
 *
 * **Details**
 *
 * Reports all issues at once, each with its path (`["identifier"]`, `["firstName"]`, `["customFields", "Age"]`,
 * `["custom_fields", 0, "value"]`); at most 100, then one `ISSUES_TOO_MANY`. Issues never hold a value.
 * With a catalogue the names of custom fields are checked against it and the values converted by type; without, a value
 * is a string, a finite number or a boolean (which travels as `"true"` or `"false"`).
 * Only own enumerable properties count, and each is read once. A field that is `null` or `undefined` is left out; of a
 * `{ name, value }` pair only the value is (W4, D12). An empty set of custom fields is left out.
 *
 * Names and texts travel as given; only NUL, and halves of surrogate pairs (they have no UTF-8 form), are
 * refused in them. A key that is not a field is named in a path only where it looks like a field's name (a letter, then
 * letters, digits, `_` and `-`, at most 40 characters, at most four digits); of others the position is given.
 *
 * Limits: 100 properties, 200 custom fields, 4,096 bytes a string (2,048 for `profilePic`), 102,400 bytes of JSON.
 * Takes time linear in the input up to these limits; never throws, whatever it is given.
 */
export const validate = (
  identifier: unknown,
  contact: unknown,
  options?: { readonly customFields?: CustomField.Catalogue | undefined },
): Result.Result<Validated, ReadonlyArray<Issue.Issue>> => {
  const reading: Reading = { issues: [], catalogue: options?.customFields, at: [], size: 0 }
  const { issues } = reading
  const id = Identifier.parse(identifier)
  if (Result.isFailure(id)) issues.push(...id.failure)
  let payload: Payload | undefined
  try {
    payload = readContact(reading, contact)
  } catch {
    // a getter or a proxy of the caller's threw
    report(reading, "CONTACT_UNREADABLE", reading.at)
  }
  if (reading.size > MAX_BODY) report(reading, "BODY_TOO_LARGE", [])
  if (issues.length > Issue.MAX_ISSUES) {
    return Result.fail([...issues.slice(0, Issue.MAX_ISSUES), Issue.make("ISSUES_TOO_MANY", [])])
  }
  if (issues.length > 0 || payload === undefined || Result.isFailure(id)) return Result.fail(issues)
  const body = JSON.stringify(payload)
  if (Characters.isLongerThan(body, MAX_BODY))
    return Result.fail([Issue.make("BODY_TOO_LARGE", [])])
  return Result.succeed(new Valid(id.success, payload, body))
}
