/** Reads the option `custom`, which sends a column as a custom field: `Name=Column`, `Name:type=Column` or `Name:type`. */
import { CustomField } from "@aelyst/core"
import { suggest } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

import type { CustomType, Mapping } from "../types.ts"
import { quote, reference, resolve, shownName } from "./Column.ts"
import type { MappingIssue } from "./MappingError.ts"

type Custom = Mapping["custom"][number]

/** The types of custom fields. */
export const customTypes: readonly CustomType[] = [
  "text",
  "number",
  "email",
  "url",
  "list",
  "date",
  "time",
  "checkbox",
]

const isType = (text: string): text is CustomType => customTypes.some((type) => type === text)

const flag = (columns: readonly string[], { name, type, column }: Custom): string =>
  `--custom ${quote(`${name.replaceAll(":", "\\:")}:${type}=${reference(columns, column)}`)}`

/** Returns why a custom field cannot have a name; undefined if it can. */
const nameIssue = (
  name: string,
  catalogue: CustomField.Catalogue | undefined,
): MappingIssue | undefined => {
  const made = CustomField.make({ [name]: "text" })
  const message = `${shownName(name)} is not a custom field`
  if (Result.isFailure(made)) {
    const fix = made.failure[0]?.suggestion
    return { reason: "custom_field", message, ...(fix !== undefined && { fix }) }
  }
  if (catalogue === undefined || catalogue.get(name) !== undefined) return undefined
  const names = catalogue.fields.map((field) => field.name)
  const meant = suggest(name, names)
  const fix =
    meant === undefined ? `the fields are ${names.join(", ")}` : `did you mean "${meant}"?`
  return { reason: "custom_field", message, fix }
}

/** Creates the custom field of a column; its type is the one given, that of the catalogue, or text. */
export const make = (
  name: string,
  type: string | undefined,
  column: number,
  catalogue: CustomField.Catalogue | undefined,
): Result.Result<Custom, MappingIssue> => {
  const issue = nameIssue(name, catalogue)
  if (issue !== undefined) return Result.fail(issue)
  const known = type ?? catalogue?.get(name)?.type ?? "text"
  if (isType(known)) return Result.succeed({ name, type: known, column })
  const meant = suggest(known, customTypes)
  return Result.fail({
    reason: "custom_field",
    message: `unknown type "${known}" of the custom field ${shownName(name)}`,
    fix:
      meant === undefined
        ? `the types are ${customTypes.join(", ")}; write \\: for a colon of the name`
        : `did you mean ${meant}?`,
  })
}

/** Reads one `custom` option. */
export const read = (
  columns: readonly string[],
  option: string,
  catalogue: CustomField.Catalogue | undefined,
): Result.Result<Custom, MappingIssue> => {
  const equals = option.indexOf("=")
  const left = equals === -1 ? option : option.slice(0, equals)
  // at the last colon that has no backslash before it
  const [, name = left, type] = /^(.+)(?<!\\):(.*)$/s.exec(left) ?? []
  const plain = name.replaceAll("\\:", ":").trim()
  const column = equals === -1 ? plain : option.slice(equals + 1).trim()
  return Result.flatMap(resolve(columns, column), (at) =>
    make(plain, type?.trim().toLowerCase(), at, catalogue),
  )
}

/** Returns the issues of custom fields with the same name. */
export const twice = (
  columns: readonly string[],
  fields: readonly Custom[],
): readonly MappingIssue[] =>
  fields
    .filter(({ name }, at) => fields.findIndex((other) => other.name === name) < at)
    .map((second) => ({
      reason: "custom_field",
      message: `two columns would be sent as the custom field ${shownName(second.name)}`,
      fix: `${flag(columns, { ...second, name: `${second.name} 2` })}, or --ignore ${quote(reference(columns, second.column))}`,
    }))
