/**
 * Custom fields: the value rules of the eight documented types (W4, D9), and
 * catalogues. A catalogue is one value that gives the TypeScript type of a
 * contact's custom fields, their conversion at run time, and a description of them.
 */
import * as Result from "effect/Result"
import * as Characters from "./Characters.ts"
import * as Issue from "./Issue.ts"
import * as Rule from "./TextRules.ts"
import { suggest } from "./Suggest.ts"
import type {
  CustomFieldDefinition as Definition,
  CustomFieldDescription as Field,
  CustomFieldPairs as InputPairs,
  CustomFieldRecord as InputRecord,
  CustomFieldType as FieldType,
  CustomFieldValue as WireValue,
  CustomFieldsOf,
  WireContact,
} from "../types.ts"

type Path = ReadonlyArray<string | number>

export type {
  CustomFieldDeclaration as Declaration,
  CustomFieldDefinition as Definition,
  CustomFieldDescription as Field,
  CustomFieldPairs as InputPairs,
  CustomFieldRecord as InputRecord,
  CustomFieldType as FieldType,
  CustomFieldValue as WireValue,
  CustomFieldValueOf as ValueOf,
} from "../types.ts"

/** A custom field on the wire; a field without a value is legal (W4). */
export type WireField = NonNullable<WireContact["custom_fields"]>[number]

/** Custom fields as callers pass them, without a catalogue. */
export type Input = InputRecord | InputPairs

/** The custom fields of a workspace, made with `define` or `make`. */
export interface Catalogue<out D extends Definition = Definition> {
  readonly definition: D
  /** The fields in the order of their declaration. */
  readonly fields: ReadonlyArray<Field>
  /** Finds a field by its exact name. */
  readonly get: (name: string) => Field | undefined
}

/** The type of the custom fields that a catalogue describes, as callers pass them. */
export type InputOf<C> = C extends Catalogue<infer D> ? CustomFieldsOf<D> : never

/** The most custom fields of a contact. */
export const MAX_FIELDS = 200

const formats: Record<FieldType, { readonly format: string; readonly example: WireValue }> = {
  text: { format: "any text", example: "Any text" },
  number: { format: "a number such as 42 or -1.5, without grouping", example: 42 },
  email: { format: "user@domain.com", example: "user@domain.com" },
  url: {
    format: "a web address, with http://, https:// or no scheme",
    example: "https://www.website.com",
  },
  list: { format: "one of the list's options", example: "" },
  date: { format: "yyyy-mm-dd", example: "2026-01-31" },
  time: { format: "HH:MM, 24 hours", example: "13:00" },
  checkbox: { format: "true or false", example: true },
}

const isFieldType = (type: unknown): type is FieldType =>
  typeof type === "string" && Object.hasOwn(formats, type)

/** Says whether a name would be mistaken for a part of JavaScript objects; such names are refused. */
export const isReserved = (name: string): boolean =>
  name === "__proto__" || name === "constructor" || name === "prototype"

/** Checks a string of a contact, whatever its field: at most 4,096 bytes, no NUL, no half of a surrogate pair. */
export const checkString = (text: string, path: Path): Issue.Issue | undefined => {
  if (Characters.isLongerThan(text, Rule.MAX_STRING)) return Issue.make("STRING_TOO_LONG", path)
  const bad = Characters.LONE_SURROGATE | Characters.NUL
  return (Characters.scan(text) & bad) === 0
    ? undefined
    : Issue.make("STRING_MALFORMED", path, `remove character ${Characters.indexOf(text, bad) + 1}`)
}

type Kind = { readonly type: FieldType; readonly options?: ReadonlyArray<string> }

const listHint = (options: ReadonlyArray<string> | undefined): string | undefined => {
  if (options === undefined || options.length === 0) return undefined
  const shown = options.slice(0, 8).filter((option) => option.length <= 40)
  return `one of: ${shown.join(", ")}${shown.length < options.length ? ", …" : ""}`
}

const checkFormat = (field: Kind, text: string, path: Path): Issue.Issue | undefined => {
  switch (field.type) {
    case "email":
      return Rule.isEmail(text)
        ? undefined
        : Issue.make("EMAIL_INVALID", path, Rule.emailHint(text))
    case "url":
      return Rule.isUrl(text) ? undefined : Issue.make("URL_INVALID", path)
    case "date":
      return Rule.isDate(text) ? undefined : Issue.make("DATE_INVALID", path)
    case "time":
      return Rule.isTime(text) ? undefined : Issue.make("TIME_INVALID", path)
    case "list":
      return field.options === undefined || field.options.includes(text)
        ? undefined
        : Issue.make("LIST_INVALID", path, listHint(field.options))
    default:
      return undefined
  }
}

const typeCodes = {
  text: "TEXT_INVALID",
  number: "NUMBER_INVALID",
  email: "EMAIL_INVALID",
  url: "URL_INVALID",
  list: "LIST_INVALID",
  date: "DATE_INVALID",
  time: "TIME_INVALID",
  checkbox: "CHECKBOX_INVALID",
} as const

/**
 * Checks a value of the wire against a type; returns the issue, or `undefined` where the value fits.
 *
 * **Details**
 *
 * A number is a JSON number; a checkbox is `"true"`, `"false"` or a JSON boolean (D9); everything else is a string in
 * the documented format (W4). A list without options takes any string. Use `convert` for the values of callers.
 */
export const checkValue = (
  field: FieldType | Kind,
  value: unknown,
  path: Path = [],
): Issue.Issue | undefined => {
  const kind: Kind = typeof field === "string" ? { type: field } : field
  const wrong = typeCodes[kind.type]
  switch (kind.type) {
    case "number":
      return typeof value === "number" && Number.isFinite(value)
        ? undefined
        : Issue.make(wrong, path)
    case "checkbox":
      return typeof value === "boolean" || value === "true" || value === "false"
        ? undefined
        : Issue.make(wrong, path)
    default:
      if (typeof value !== "string") return Issue.make(wrong, path)
      return checkString(value, path) ?? checkFormat(kind, value, path)
  }
}

// A decimal of at most 15 significant digits, which a double holds exactly as written.
const parseDecimal = (text: string): number | undefined => {
  if (text.length > 40) return undefined
  let at = text.startsWith("-") ? 1 : 0
  let whole = 0
  let fraction = 0
  let significant = 0
  let point = false
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x2e && !point && whole > 0) point = true
    else if (!Characters.isDigit(unit)) return undefined
    else {
      if (point) fraction++
      else whole++
      if (significant > 0 || unit !== 0x30) significant++
    }
  }
  return whole === 0 || (point && fraction === 0) || significant > 15 ? undefined : Number(text)
}

/**
 * Converts a caller's value to the wire by the type of its field.
 *
 * **Details**
 *
 * A number may also be given as decimal text (`"42"`, `"-1.5"`; no grouping, no exponent, at most 15 significant
 * digits), a checkbox as `"true"` or `"false"`. A checkbox travels as text unless the catalogue asks for the JSON
 * boolean (D9). Everything else is a string in the documented format and travels as given. Fails with one issue at `path`.
 */
export const convert = (
  field: Field,
  value: unknown,
  path: Path = [],
): Result.Result<WireValue, Issue.Issue> => {
  if (field.type === "number") {
    const number = typeof value === "string" ? parseDecimal(value) : value
    return typeof number === "number" && Number.isFinite(number)
      ? Result.succeed(number + 0)
      : Result.fail(
          Issue.make(
            "NUMBER_INVALID",
            path,
            typeof value === "string" ? "write it like 42 or -1.5" : undefined,
          ),
        )
  }
  if (field.type === "checkbox") {
    const checked = value === true || value === "true"
    return checked || value === false || value === "false"
      ? Result.succeed(field.wire === "boolean" ? checked : String(checked))
      : Result.fail(Issue.make("CHECKBOX_INVALID", path))
  }
  const issue = checkValue(field, value, path)
  if (issue !== undefined) return Result.fail(issue)
  // safe: every type but number and checkbox takes strings alone, or there was an issue
  return Result.succeed(value as string)
}

/**
 * Converts a caller's value to the wire without knowing its field: strings and finite numbers as they are, a boolean as
 * `"true"` or `"false"` (D9).
 */
export const convertUntyped = (
  value: unknown,
  path: Path = [],
): Result.Result<WireValue, Issue.Issue> => {
  switch (typeof value) {
    case "string": {
      const issue = checkString(value, path)
      return issue === undefined ? Result.succeed(value) : Result.fail(issue)
    }
    case "boolean":
      return Result.succeed(String(value))
    case "number":
      // + 0 turns -0, which JSON cannot carry, into 0
      if (Number.isFinite(value)) return Result.succeed(value + 0)
      break
    default:
  }
  return Result.fail(Issue.make("CUSTOM_FIELD_VALUE", path))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const describe = (name: string, declared: unknown): Field | Issue.Issue => {
  const invalid = (suggestion: string) => Issue.make("CATALOGUE_INVALID", [name], suggestion)
  if (Characters.isBlank(name) || Characters.isLongerThan(name, Rule.MAX_STRING))
    return invalid("give the field a name")
  if (isReserved(name)) return invalid("choose another name")
  const entry: Readonly<Record<string, unknown>> = isObject(declared)
    ? declared
    : { type: declared }
  const { type, options, wire, help } = entry
  if (!isFieldType(type)) {
    const meant = typeof type === "string" ? suggest(type, Object.keys(formats)) : undefined
    return invalid(
      meant === undefined ? `type is one of: ${Object.keys(formats).join(", ")}` : `write ${meant}`,
    )
  }
  for (const key of Object.keys(entry)) {
    const allowed = [
      "type",
      "help",
      ...(type === "list" ? ["options"] : []),
      ...(type === "checkbox" ? ["wire"] : []),
    ]
    if (!allowed.includes(key)) return invalid(`a ${type} field takes: ${allowed.join(", ")}`)
  }
  if (help !== undefined && typeof help !== "string") return invalid("help is a string")
  const more = help === undefined ? {} : { help }
  if (type === "list") {
    const texts = Array.isArray(options)
      ? options.filter((option) => typeof option === "string")
      : []
    if (
      !Array.isArray(options) ||
      texts.length !== options.length ||
      new Set(texts).size !== texts.length
    ) {
      return invalid("options is an array of different strings")
    }
    const first = texts[0]
    if (first === undefined) return invalid("give the list at least one option")
    return {
      name,
      type,
      options: texts,
      wire: "string",
      format: formats.list.format,
      example: first,
      ...more,
    }
  }
  if (wire !== undefined && wire !== "string" && wire !== "boolean")
    return invalid("wire is string or boolean")
  return {
    name,
    type,
    wire: type === "number" ? "number" : (wire ?? "string"),
    ...formats[type],
    ...more,
  }
}

/**
 * Makes a catalogue from data, such as a parsed file; fails with all issues, each at the name of its field.
 */
export const make = (definition: unknown): Result.Result<Catalogue, ReadonlyArray<Issue.Issue>> => {
  if (!isObject(definition)) {
    return Result.fail([Issue.make("CATALOGUE_INVALID", [], "give an object of names and types")])
  }
  const names = Object.keys(definition)
  if (names.length > MAX_FIELDS) return Result.fail([Issue.make("CUSTOM_FIELDS_TOO_MANY", [])])
  const byName = new Map<string, Field>()
  const issues: Array<Issue.Issue> = []
  for (const name of names) {
    const field = describe(name, definition[name])
    if ("code" in field) issues.push(field)
    else byName.set(name, field)
  }
  if (issues.length > 0) return Result.fail(issues)
  return Result.succeed({
    // safe: `describe` has checked every entry
    definition: definition as Definition,
    fields: [...byName.values()],
    get: (name) => byName.get(name),
  })
}

/**
 * Defines the custom fields of a workspace. Names are spelled as in Aelyst.
 *
 * **Details**
 *
 * The type of the catalogue carries the names and types (`InputOf`); passed to `validate` or to a client it refuses names
 * that it does not know and converts the others (`convert`).
 *
 * Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for a catalogue that cannot be: meant for values written in
 * code. Use `make` for data.
 *
 * **Example**
 *
 * ```ts
 * import { CustomField } from "@aelyst/core"
 *
 * const catalogue = CustomField.define({
 *   "Company Website": "url",
 *   Age: "number",
 *   Tier: { type: "list", options: ["Gold", "Silver"] },
 *   Vip: { type: "checkbox", wire: "boolean" },
 * })
 * const fields: CustomField.InputOf<typeof catalogue> = { Age: 42, Tier: "Gold" }
 * console.log(catalogue.get("Tier")?.options) // => [ 'Gold', 'Silver' ]
 * ```
 */
export const define = <const D extends Definition>(definition: D): Catalogue<D> => {
  const made = make(definition)
  if (Result.isFailure(made)) {
    const message = `Custom fields: ${made.failure.map(Issue.format).join("; ")}`
    throw Object.assign(new TypeError(message), { code: "ERR_AELYST_CONFIG" })
  }
  return { ...made.success, definition }
}
