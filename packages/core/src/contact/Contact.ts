/**
 * Checks a contact as callers pass it and turns it into the body of the request (W3, D10, D12, D13): all issues at once,
 * limits before work, and only the known fields are copied.
 */
import { isReadonlyObject } from "effect/Predicate"
import * as Result from "effect/Result"
import type { Mutable } from "effect/Types"

import * as Characters from "./Characters.ts"
import type * as CustomField from "./CustomField.ts"
import { readCustomFields } from "./CustomFieldReading.ts"
import * as Identifier from "./Identifier.ts"
import * as Issue from "./Issue.ts"
import type { Payload } from "./Payload.ts"
import { MAX_BODY, MAX_KEYS, Reading, shownKey } from "./Reading.ts"
import * as Suggest from "./Suggest.ts"
import * as Rule from "./TextRules.ts"

export { Payload } from "./Payload.ts"

export type { ContactInput } from "../types.ts"

class Valid {
  readonly identifier: Identifier.Identifier
  readonly payload: Payload
  // only a value that was made here has it
  #body: string | undefined

  constructor(identifier: Identifier.Identifier, payload: Payload) {
    this.identifier = identifier
    this.payload = payload
  }

  /** The payload as JSON text, made once: many contacts are only checked. */
  get body(): string {
    this.#body ??= JSON.stringify(this.payload)
    return this.#body
  }

  /** The kind of the identifier; an opaque contact ID counts as `id`. */
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

  /** The identifier and every value of the contact, which no message, log or excerpt may show. */
  get secrets(): ReadonlyArray<string> {
    const { custom_fields: fields = [], ...texts } = this.payload
    const values = fields.map((field) => String(field.value ?? ""))
    return [this.identifier, this.value, ...Object.values(texts), ...values]
  }

  static is(u: unknown): u is Valid {
    return typeof u === "object" && u !== null && #body in u
  }
}

/** A valid contact. Only `validate` creates one. */
export type Validated = Valid

/**
 * Returns whether `validate` made a value; one that was put together by hand is not recognised, whatever its members.
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

const isTextField = (key: string): key is Rule.FieldName => Object.hasOwn(Rule.fields, key)

const isCustomFields = (key: string): key is "customFields" | "custom_fields" =>
  key === "customFields" || key === "custom_fields"

// in the order of the documentation, so that the same contact always gives the same bytes
const textFields = Object.keys(Rule.fields).filter(isTextField)
const fieldNames = [...textFields, "customFields"]

// a copy of it has a place for each field, so that none needs to be added
const noTexts: Partial<Record<Rule.FieldName, string | null>> = Object.fromEntries(
  textFields.map((name) => [name, undefined]),
)

/** Reads a text field; a value that is not valid becomes an issue. */
const readText = (reading: Reading, key: Rule.FieldName, value: unknown): string | undefined => {
  if (typeof value !== "string") return reading.report("STRING_EXPECTED", reading.at)
  const text = reading.text(Rule.fields[key], value, reading.at)
  return key === "countryCode" ? text?.toUpperCase() : text
}

/** Reads a contact; one without the address or the number of its identifier gets it, if that is given (D14). */
const readContact = (
  reading: Reading,
  input: unknown,
  filling: Identifier.Identifier | undefined,
): Payload | undefined => {
  if (!isReadonlyObject(input)) return reading.report("CONTACT_TYPE", [])
  const keys = Object.keys(input)
  if (keys.length > MAX_KEYS) return reading.report("TOO_MANY_FIELDS", [])
  // null is a field that was given without a valid value
  const texts = { ...noTexts }
  let customFields: Payload["custom_fields"]
  let hasCustomFields = false
  let position = -1
  for (const key of keys) {
    position++
    if (reading.isFull) break
    const isText = isTextField(key)
    if (!isText && !isCustomFields(key)) {
      const path = [shownKey(key, position)]
      reading.report("UNKNOWN_FIELD", path, Suggest.hint(key, fieldNames))
      continue
    }
    reading.at = [key]
    const value = input[key]
    if (value === undefined || value === null) continue
    if (isText) texts[key] = readText(reading, key, value) ?? null
    else {
      if (hasCustomFields) reading.report("CUSTOM_FIELDS_TWICE", [key])
      hasCustomFields = true
      customFields = readCustomFields(reading, key, value)
    }
  }
  if (reading.isFull) return undefined
  const { firstName } = texts
  if (firstName === undefined) return reading.report("FIRST_NAME_MISSING", ["firstName"])
  if (firstName === null) return undefined
  const kind = filling === undefined ? "id" : Identifier.kind(filling)
  if (filling !== undefined && kind !== "id" && texts[kind] === undefined) {
    texts[kind] = Identifier.value(filling)
  }
  const payload: Mutable<Payload> = { firstName }
  // with a loop over the names a validation takes half as long again
  const { lastName, phone, email, language, profilePic, countryCode } = texts
  if (lastName != null) payload.lastName = lastName
  if (phone != null) payload.phone = phone
  if (email != null) payload.email = email
  if (language != null) payload.language = language
  if (profilePic != null) payload.profilePic = profilePic
  if (countryCode != null) payload.countryCode = countryCode
  if (customFields !== undefined && customFields.length > 0) payload.custom_fields = customFields
  return payload
}

/** The options of a validation, as the client's of the same names. */
export interface ValidateOptions {
  readonly customFields?: CustomField.Catalogue | undefined
  readonly fill?: boolean | undefined
}

/**
 * Validates an identifier and a contact, and creates the payload and the body of the request.
 *
 * **Details**
 *
 * Reports all issues at once, each with its path (`["identifier"]`, `["firstName"]`, `["customFields", "Age"]`,
 * `["custom_fields", 0, "value"]`); at most 100, then one `ISSUES_TOO_MANY`. Issues never hold a value.
 * With a catalogue the names of custom fields are checked against it and the values converted by type; without, a value
 * must be a string, a finite number or a boolean (which travels as `"true"` or `"false"`).
 * Only own enumerable properties count, and each is read once. A field that is `null` or `undefined` is left out; of a
 * `{ name, value }` pair only the value is (W4, D12). An empty set of custom fields is left out.
 *
 * A contact without `email` (or `phone`) gets that of an `email:` (or `phone:`) identifier, unless `fill` is false (D14).
 * Names and texts travel as given; they must not have NUL or halves of surrogate pairs, which have no UTF-8 form. A key
 * that is not a field is shown in a path only if it looks like a field's name (a letter, then letters, digits, `_` and
 * `-`, at most 40 characters, at most four digits); otherwise the path has its position.
 *
 * Limits: 100 properties, 200 custom fields, 4,096 bytes a string (2,048 for `profilePic`), 102,400 bytes of JSON.
 * Takes time linear in the input up to these limits; never throws, whatever it is given.
 *
 * **Example**
 *
 * ```ts
 * import { validate } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * const valid = validate("email:ada@example.com", { firstName: "Ada", countryCode: "my" })
 * if (Result.isSuccess(valid)) console.log(valid.success.body) // => {"firstName":"Ada","email":"ada@example.com","countryCode":"MY"}
 *
 * // data from outside may be of any shape
 * const invalid = validate("ada@example.com", JSON.parse('{ "first_name": "Ada" }'))
 * if (Result.isFailure(invalid)) {
 *   for (const { code, suggestion } of invalid.failure) console.log(code, suggestion)
 *   // => PREFIX_MISSING write email: before the address
 *   // => UNKNOWN_FIELD write firstName
 *   // => FIRST_NAME_MISSING undefined
 * }
 * ```
 */
export const validate = (
  identifier: unknown,
  contact: unknown,
  options?: ValidateOptions,
): Result.Result<Validated, ReadonlyArray<Issue.Issue>> => {
  const reading = new Reading(options?.customFields)
  const { issues } = reading
  const id = Identifier.parse(identifier)
  if (Result.isFailure(id)) issues.push(...id.failure)
  let payload: Payload | undefined
  try {
    const filling = options?.fill === false ? undefined : Result.getOrUndefined(id)
    payload = readContact(reading, contact, filling)
  } catch {
    // a getter or a proxy of the caller's threw
    reading.report("CONTACT_UNREADABLE", reading.at)
  }
  if (reading.size > MAX_BODY) reading.report("BODY_TOO_LARGE", [])
  if (issues.length > Issue.MAX_ISSUES) {
    return Result.fail([...issues.slice(0, Issue.MAX_ISSUES), Issue.make("ISSUES_TOO_MANY", [])])
  }
  if (issues.length > 0 || payload === undefined || Result.isFailure(id)) return Result.fail(issues)
  const valid = new Valid(id.success, payload)
  // a character takes at most six bytes of JSON, and all that is around the values less than the rest
  return reading.size > MAX_BODY / 8 && Characters.isLongerThan(valid.body, MAX_BODY)
    ? Result.fail([Issue.make("BODY_TOO_LARGE", [])])
    : Result.succeed(valid)
}
