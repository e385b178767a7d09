/** A mapping as a JSON file, by the names of columns, so that the next file of the same kind needs no flags. */
import { suggest } from "@aelyst/core/adapter"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { Mapping } from "../types.ts"
import { reference } from "./Column.ts"
import { customTypes } from "./CustomOption.ts"
import { fieldNames, isFieldName } from "./FieldNames.ts"
import { MappingError } from "./MappingError.ts"
import { isPreset, presets } from "./Preset.ts"

const names = Schema.Array(Schema.String)

const Saved = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  version: Schema.Literal(1),
  preset: Schema.optionalKey(Schema.String),
  auto: Schema.optionalKey(Schema.Boolean),
  fields: Schema.optionalKey(Schema.Record(Schema.String, names)),
  custom: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        name: Schema.String,
        type: Schema.Literals(customTypes),
        column: Schema.String,
      }),
    ),
  ),
  set: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  ignore: Schema.optionalKey(names),
  identifyBy: Schema.optionalKey(
    Schema.Array(Schema.Literals(["identifier", "email", "phone"] as const)),
  ),
  splitName: Schema.optionalKey(Schema.Boolean),
})

/**
 * A mapping as it is saved. Columns are given by name, as in flags. `auto: false`, which is what is saved, leaves columns
 * alone that the file does not name; without it they are mapped by their names.
 */
export interface MappingFile extends Schema.Schema.Type<typeof Saved> {}

const keys = Object.keys(Saved.fields)

const fail = (message: string, fix?: string) =>
  Result.fail(
    new MappingError({ issues: [{ reason: "file", message, ...(fix !== undefined && { fix }) }] }),
  )

const unknown = (kind: string, name: string, known: readonly string[]) => {
  const meant = suggest(name, known)
  return fail(
    `the mapping file has an unknown ${kind} "${name.slice(0, 40)}"`,
    meant === undefined ? `it can have ${known.join(", ")}` : `did you mean ${meant}?`,
  )
}

const decode = Schema.decodeUnknownResult(Saved)

/**
 * Reads a mapping file. Fails with `MappingError` for text that is not JSON, and for unknown keys, fields and types.
 *
 * **Example**
 *
 * ```ts
 * import { parseMappingFile } from "@aelyst/import"
 * import { Result } from "effect"
 *
 * const file = parseMappingFile('{ "version": 1, "feilds": {} }')
 * if (Result.isFailure(file)) console.log(file.failure.message)
 * // => the mapping file has an unknown key "feilds" (did you mean fields?)
 * ```
 */
export const parseMappingFile = (text: string): Result.Result<MappingFile, MappingError> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail("the mapping file is not JSON", "save one with --save-map")
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("the mapping file must be an object", "save one with --save-map")
  }
  const key = Object.keys(value).find((name) => !keys.includes(name))
  if (key !== undefined) return unknown("key", key, keys)
  const file = decode(value, { onExcessProperty: "error" })
  if (Result.isFailure(file)) {
    return fail(`the mapping file does not have the right shape: ${String(file.failure)}`)
  }
  const { fields = {}, set = {}, preset } = file.success
  const field = [...Object.keys(fields), ...Object.keys(set)].find((name) => !isFieldName(name))
  if (field !== undefined) return unknown("field", field, fieldNames)
  if (preset !== undefined && !isPreset(preset))
    return unknown("preset", preset, Object.keys(presets))
  return Result.succeed(file.success)
}

/**
 * Returns a mapping as it is saved, to be written as JSON.
 *
 * **Example**
 *
 * ```ts
 * import { map, toMappingFile } from "@aelyst/import"
 * import { Result } from "effect"
 *
 * const table = Result.getOrThrow(map({ format: "csv", columns: ["Vorname", "Handy"] }))
 * console.log(JSON.stringify(toMappingFile(table.mapping).fields)) // => {"firstName":["Vorname"],"phone":["Handy"]}
 * ```
 */
export const toMappingFile = (mapping: Mapping): MappingFile => {
  const { columns, preset, fields, custom, constants, identifyBy, splitName } = mapping
  const name = (at: number) => reference(columns, at)
  return {
    version: 1,
    ...(preset !== undefined && { preset }),
    auto: false,
    fields: Object.fromEntries(
      Object.entries(fields).map(([field, from]) => [field, from.map(name)]),
    ),
    custom: custom.map(({ column, ...field }) => ({ ...field, column: name(column) })),
    set: { ...constants },
    identifyBy: [...identifyBy],
    splitName,
  }
}
