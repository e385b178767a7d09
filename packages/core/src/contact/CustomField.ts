/**
 * Custom fields (W4, D9) and catalogues of them. A catalogue is one value that gives the TypeScript type of a contact's
 * custom fields, their conversion at run time, and a description of them. Public as the namespace `CustomField`.
 */
import { isReadonlyObject } from "effect/Predicate"
import * as Result from "effect/Result"

import type * as Types from "../types.ts"
import type { Catalogue } from "../types.ts"
import * as Characters from "./Characters.ts"
import type { Field, FieldType } from "./CustomFieldValue.ts"
import { MAX_FIELDS } from "./CustomFieldValue.ts"
import * as Issue from "./Issue.ts"
import * as Suggest from "./Suggest.ts"
import * as Rule from "./TextRules.ts"

export type { Catalogue } from "../types.ts"
export type { Field, FieldType, WireField, WireValue } from "./CustomFieldValue.ts"
export { checkValue, convert, convertUntyped } from "./CustomFieldValue.ts"

/** The declaration of one custom field: only its type, or an object with more about it. */
export type Declaration = Types.CustomFieldDeclaration

/** The declarations of a workspace's custom fields by their names, spelled as in Aelyst. */
export type Definition = Types.CustomFieldDefinition

/** Custom fields by name; `null` and `undefined` leave a field out (D12). */
export type InputRecord = Types.CustomFieldRecord

/** Custom fields in the documented array form; `null` and `undefined` leave the value out, the name travels (W4, D12). */
export type InputPairs = Types.CustomFieldPairs

/** The type of a value that a declared field takes. */
export type ValueOf<F> = Types.CustomFieldValueOf<F>

/** Custom fields as callers pass them, without a catalogue. */
export type Input = InputRecord | InputPairs

/** The type of the custom fields that a catalogue describes, as callers pass them. */
export type InputOf<C> = C extends Catalogue<infer D> ? Types.CustomFieldsOf<D> : never

/** Holds for each type how its values are written, and one that callers may pass. */
const fieldTypes = {
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
} as const satisfies Readonly<Record<FieldType, object>>

const isFieldType = (type: unknown): type is FieldType =>
  typeof type === "string" && Object.hasOwn(fieldTypes, type)

const isStrings = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((one) => typeof one === "string")

/** Returns a declared field, or how to fix its declaration. */
const describe = (name: string, declared: unknown): Field | string => {
  if (Characters.isBlank(name) || Characters.isLongerThan(name, Rule.MAX_STRING))
    return "give the field a name"
  if (Rule.isReserved(name)) return "choose another name"
  const entry = isReadonlyObject(declared) ? declared : { type: declared }
  const { type, options, wire = "string", help } = entry
  if (!isFieldType(type)) {
    const types = Object.keys(fieldTypes)
    const hint = typeof type === "string" ? Suggest.hint(type, types) : undefined
    return hint ?? `type must be one of: ${types.join(", ")}`
  }
  const more = type === "list" ? ["options"] : type === "checkbox" ? ["wire"] : []
  const allowed = ["type", "help", ...more]
  if (!Object.keys(entry).every((key) => allowed.includes(key)))
    return `a ${type} field takes: ${allowed.join(", ")}`
  if (help !== undefined && typeof help !== "string") return "help must be a string"
  if (wire !== "string" && wire !== "boolean") return "wire must be string or boolean"
  const { format, example } = fieldTypes[type]
  const field: Field = {
    name,
    type,
    wire: type === "number" ? "number" : wire,
    format,
    example,
    ...(help !== undefined && { help }),
  }
  if (type !== "list") return field
  if (!isStrings(options) || new Set(options).size !== options.length)
    return "options must be an array of different strings"
  const [first] = options
  if (first === undefined) return "give the list at least one option"
  return { ...field, options: [...options], example: first }
}

const invalid = (path: Issue.Path, hint: string): Issue.Issue =>
  Issue.make("CATALOGUE_INVALID", path, hint)

/**
 * Creates a catalogue from data, such as a parsed file; fails with all issues, each at the name of its field.
 *
 * **Example**
 *
 * ```ts
 * import { CustomField } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * const made = CustomField.make(JSON.parse('{ "Age": "nubmer" }'))
 * if (Result.isFailure(made)) console.log(made.failure[0]?.suggestion) // => write number
 * ```
 */
export const make = (definition: unknown): Result.Result<Catalogue, ReadonlyArray<Issue.Issue>> => {
  if (!isReadonlyObject(definition))
    return Result.fail([invalid([], "give an object of names and types")])
  const names = Object.keys(definition)
  if (names.length > MAX_FIELDS) return Result.fail([Issue.make("CUSTOM_FIELDS_TOO_MANY", [])])
  const byName = new Map<string, Field>()
  const issues: Array<Issue.Issue> = []
  for (const name of names) {
    const field = describe(name, definition[name])
    if (typeof field === "string") issues.push(invalid([name], field))
    else byName.set(name, field)
  }
  if (issues.length > 0) return Result.fail(issues)
  return Result.succeed({
    // safe: `describe` has checked every entry
    definition: definition as unknown as Definition,
    fields: [...byName.values()],
    get: (name) => byName.get(name),
  })
}

/**
 * Creates the catalogue of a workspace's custom fields. Names are spelled as in Aelyst.
 *
 * **Details**
 *
 * The type of the catalogue carries the names and types (`InputOf`). Given to `validate` or to a client, it rejects names
 * that it does not have and converts the values of the others (`convert`).
 *
 * Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for an invalid definition: meant for values written in code. Use
 * `make` for data.
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
