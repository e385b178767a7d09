/**
 * The values of custom fields: the eight documented types (W4, D9), and how a caller's value becomes the one that travels.
 */
import * as Result from "effect/Result"

import type * as Types from "../types.ts"
import * as Issue from "./Issue.ts"
import * as Rule from "./TextRules.ts"

/** Names the types of custom fields (W4). */
export type FieldType = Types.CustomFieldType

/** A custom field's value as it travels. */
export type WireValue = Types.CustomFieldValue

/** One custom field as a catalogue describes it, for help texts, column mapping and documents. */
export type Field = Types.CustomFieldDescription

/** A custom field on the wire; a field without a value is legal (W4). */
export type WireField = NonNullable<Types.WireContact["custom_fields"]>[number]

/** The most custom fields of a contact. */
export const MAX_FIELDS = 200

/** Holds for each type the code of the issue for values that it does not take. */
const issueCodes = {
  text: "TEXT_INVALID",
  number: "NUMBER_INVALID",
  email: "EMAIL_INVALID",
  url: "URL_INVALID",
  list: "LIST_INVALID",
  date: "DATE_INVALID",
  time: "TIME_INVALID",
  checkbox: "CHECKBOX_INVALID",
} as const satisfies Readonly<Record<FieldType, Issue.IssueCode>>

/**
 * Returns whether a number can be sent: a finite one, but no integer that a double does not hold exactly (D16), such as an
 * ID of 17 digits, which has other digits by the time it is here.
 */
export const isExact = (value: unknown): value is number =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

const inexact = "send it as text: a number of this size loses digits"

type Kind = { readonly type: FieldType; readonly options?: ReadonlyArray<string> }

const isChecked = (value: unknown): boolean | undefined => {
  if (value === true || value === "true") return true
  return value === false || value === "false" ? false : undefined
}

const listHint = (options: ReadonlyArray<string>): string => {
  const shown = options.slice(0, 8).filter((option) => option.length <= 40)
  return `one of: ${shown.join(", ")}${shown.length < options.length ? ", …" : ""}`
}

/**
 * Checks a value of the wire against a type; returns the issue, or undefined if the value fits.
 *
 * **Details**
 *
 * A number is a JSON number; a checkbox is `"true"`, `"false"` or a JSON boolean (D9); everything else is a string in
 * the documented format (W4). A list without options takes any string. Use `convert` for the values of callers.
 *
 * **Example**
 *
 * ```ts
 * import { CustomField } from "@aelyst/core"
 *
 * console.log(CustomField.checkValue("date", "2024-02-29")) // => undefined
 * console.log(CustomField.checkValue("date", "29/02/2024")?.code) // => DATE_INVALID
 * ```
 */
export const checkValue = (
  field: FieldType | Kind,
  value: unknown,
  path: Issue.Path = [],
): Issue.Issue | undefined => {
  const { type, options }: Kind = typeof field === "string" ? { type: field } : field
  const invalid = (hint?: string) => Issue.make(issueCodes[type], path, hint)
  if (type === "number") {
    if (isExact(value)) return undefined
    return invalid(Number.isFinite(value) ? inexact : undefined)
  }
  if (type === "checkbox") return isChecked(value) === undefined ? invalid() : undefined
  if (typeof value !== "string") return invalid()
  const broken = Rule.check(Rule.values[type], value, path)
  if (broken !== undefined || type !== "list" || options === undefined) return broken
  return options.includes(value) ? undefined : invalid(listHint(options))
}

// a decimal of at most 15 significant digits, which a double holds exactly as written
const parseDecimal = (text: string): number =>
  text.length <= 40 &&
  /^-?\d+(?:\.\d+)?$/.test(text) &&
  text.replace(/^[-0.]+|\./g, "").length <= 15
    ? Number(text)
    : Number.NaN

/**
 * Converts a caller's value to the one that travels, by the type of its field.
 *
 * **Details**
 *
 * A number may also be given as decimal text (`"42"`, `"-1.5"`; no grouping, no exponent, at most 15 significant
 * digits), a checkbox as `"true"` or `"false"`. A checkbox travels as text unless the catalogue asks for the JSON
 * boolean (D9). Everything else is a string in the documented format and travels as given. Fails with one issue at `path`.
 *
 * **Example**
 *
 * ```ts
 * import { CustomField } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * const age = CustomField.define({ Age: "number" }).get("Age")
 * if (age !== undefined) {
 *   console.log(Result.getOrThrow(CustomField.convert(age, "42"))) // => 42
 *   console.log(Result.isFailure(CustomField.convert(age, "old"))) // => true
 * }
 * ```
 */
export const convert = (
  field: Field,
  value: unknown,
  path: Issue.Path = [],
): Result.Result<WireValue, Issue.Issue> => {
  if (field.type === "number") {
    const isText = typeof value === "string"
    const number = isText ? parseDecimal(value) : value
    // + 0 turns -0, which JSON does not have, into 0
    if (isExact(number)) return Result.succeed(number + 0)
    const hint = Number.isFinite(number) ? inexact : undefined
    const suggestion = isText ? "write it like 42 or -1.5" : hint
    return Result.fail(Issue.make("NUMBER_INVALID", path, suggestion))
  }
  const issue = checkValue(field, value, path)
  if (issue !== undefined) return Result.fail(issue)
  if (field.type === "checkbox") {
    const checked = isChecked(value) === true
    return Result.succeed(field.wire === "boolean" ? checked : String(checked))
  }
  // safe: every type but number and checkbox takes only strings, or there was an issue
  return Result.succeed(value as string)
}

/**
 * Converts a caller's value to the one that travels without knowing its field: strings and finite numbers as they are, a
 * boolean as `"true"` or `"false"` (D9). An integer beyond 2^53 is refused: its digits have changed already (D16). Fails with one issue at `path`.
 *
 * **Example**
 *
 * ```ts
 * import { CustomField } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrThrow(CustomField.convertUntyped(true))) // => true
 * console.log(typeof Result.getOrThrow(CustomField.convertUntyped(true))) // => string
 * ```
 */
export const convertUntyped = (
  value: unknown,
  path: Issue.Path = [],
): Result.Result<WireValue, Issue.Issue> => {
  if (typeof value === "boolean") return Result.succeed(String(value))
  if (isExact(value)) return Result.succeed(value + 0)
  if (typeof value !== "string") {
    const suggestion = Number.isFinite(value) ? inexact : undefined
    return Result.fail(Issue.make("CUSTOM_FIELD_VALUE", path, suggestion))
  }
  const issue = Rule.check(Rule.values.text, value, path)
  return issue === undefined ? Result.succeed(value) : Result.fail(issue)
}
