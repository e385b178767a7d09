/** Maps the columns of a table to the fields of a contact, or says what is missing before any row is looked at. */
import { FieldAlias } from "@aelyst/core"
import * as Array from "effect/Array"
import * as Result from "effect/Result"

import type { Mapping, PresetName, SourceRow, TableHead } from "../types.ts"
import * as AutoMapping from "./AutoMapping.ts"
import { isOwn, quote, reference, shownName } from "./Column.ts"
import * as CustomOption from "./CustomOption.ts"
import type { GivenMapping, GivenOptions } from "./GivenMapping.ts"
import * as Given from "./GivenMapping.ts"
import type { MappingWarning } from "./HeaderWarning.ts"
import { holdsDialingCodes, warningsOf } from "./HeaderWarning.ts"
import type { MappingIssue } from "./MappingError.ts"
import { MappingError } from "./MappingError.ts"
import { missingFields } from "./MissingFields.ts"
import { isPreset, presets, recognise } from "./Preset.ts"
import type { MappingSuggestion } from "./Suggestion.ts"
import { suggestions } from "./Suggestion.ts"

/** How columns are mapped. */
export interface MapOptions extends GivenOptions {
  /** The program that wrote the file. Default: recognised by its columns. */
  readonly preset?: PresetName | undefined
  /** Whether every column that is not mapped is sent as a custom field of its name. Default: false. */
  readonly customRest?: boolean | undefined
  /** The fields that identify a contact: the first that a row has. Default: `identifier`, `phone`, `email`, as far as there are columns. */
  readonly identifyBy?: Mapping["identifyBy"] | undefined
  /** Whether a full name is split at its last space. Default: false, it is the first name. */
  readonly splitName?: boolean | undefined
  /** Some rows, to see whether a column of countries holds calling codes. */
  readonly sample?: readonly SourceRow[] | undefined
}

/** A mapping, and what a person should see of it before contacts are created. */
export interface MappedTable {
  readonly mapping: Mapping
  readonly warnings: readonly MappingWarning[]
  /** How columns that are not sent could be sent. */
  readonly suggestions: readonly MappingSuggestion[]
}

const identifiers: Mapping["identifyBy"] = ["identifier", "phone", "email"]

/** Returns the columns that are ignored and used at once. */
const conflicts = (columns: readonly string[], given: GivenMapping): readonly MappingIssue[] =>
  [...given.ignored]
    .filter(
      (at) =>
        given.custom.some(({ column }) => column === at) ||
        Object.values(given.fields).some((from) => from.includes(at)),
    )
    .map((at) => ({
      reason: "used_twice",
      message: `the column ${shownName(columns[at] ?? "")} is both used and ignored`,
      fix: `leave out --ignore ${quote(reference(columns, at))}`,
    }))

/** Returns the program that wrote the file: as given, as saved, or as recognised. */
const presetOf = (
  columns: readonly string[],
  { preset, file }: MapOptions,
): PresetName | undefined => {
  if (preset !== undefined) return preset
  return file?.preset !== undefined && isPreset(file.preset) ? file.preset : recognise(columns)
}

/** Returns the columns that do not mean what their names say elsewhere. */
const otherMeanings = (
  columns: readonly string[],
  preset: PresetName | undefined,
): ReadonlySet<number> => {
  const others = preset === undefined ? [] : (presets[preset].others ?? [])
  const names = new Set(others.map(FieldAlias.normalise))
  return new Set(
    [...columns.keys()].filter((at) => names.has(FieldAlias.normalise(columns[at] ?? ""))),
  )
}

/** Returns the columns of JSON records that hold custom fields as the API takes them. */
const apiColumns = ({ format, columns }: Pick<TableHead, "format" | "columns">) =>
  format === "json" || format === "ndjson"
    ? [...columns.keys()].filter((at) =>
        ["customFields", "custom_fields"].includes(columns[at] ?? ""),
      )
    : []

const apiConflict = (api: readonly number[], custom: Mapping["custom"]): readonly MappingIssue[] =>
  api.length > 1 || (api.length > 0 && custom.length > 0)
    ? [
        {
          reason: "custom_field",
          message:
            "custom fields come from customFields or custom_fields of the records, and from elsewhere",
          fix: "leave out all but one of them, such as by --ignore customFields",
        },
      ]
    : []

const notIdentifying = (
  asked: Mapping["identifyBy"],
  fields: Mapping["fields"],
): readonly MappingIssue[] =>
  asked
    .filter((field) => fields[field] === undefined)
    .map((field) => ({
      reason: "identify_by",
      message: `contacts cannot be identified by ${field}: no column holds it`,
      fix: `--map ${quote(`${field}=Column`)}`,
    }))

/**
 * Maps the columns of a table to fields.
 *
 * **Details**
 *
 * Options and the file are obeyed first. Then a column whose whole name, without case, accents and punctuation, is an
 * alias of a field fills it; never one whose name only contains an alias. Of several columns for one field the first
 * that is not empty counts, the best names first; two names of equal rank are an error. A column of full names is used
 * only if no column holds first names. Names of companies are never those of persons. Columns that begin with
 * `_aelyst_`, as in a file of rejects, are left out.
 *
 * Fails with `MappingError`, which lists everything that is wrong: unknown columns and fields, ambiguous columns, no
 * first name, nothing that identifies a contact.
 *
 * **Example**
 *
 * ```ts
 * import { map } from "@aelyst/import"
 * import { Result } from "effect"
 *
 * const head = { format: "csv", columns: ["Vorname", "Handy", "Telefon", "Firma"] } as const
 * const { mapping } = Result.getOrThrow(map(head))
 * console.log(mapping.fields) // => { firstName: [ 0 ], phone: [ 1, 2 ] }
 * console.log(mapping.unmapped) // => [ 3 ]
 *
 * const failed = map({ ...head, columns: ["Name of pet", "Handy"] })
 * if (Result.isFailure(failed)) console.log(failed.failure.issues[0]?.message)
 * // => no column holds the first name, which every contact needs
 * ```
 */
export const map = (
  head: Pick<TableHead, "format" | "columns">,
  options: MapOptions = {},
): Result.Result<MappedTable, MappingError> => {
  const { columns } = head
  const { file, sample = [], customFields } = options
  const given = Given.read(columns, options)
  const preset = presetOf(columns, options)
  const api = apiColumns(head).filter((at) => !given.ignored.has(at))
  const used = new Set([
    ...Object.values(given.fields).flat(),
    ...given.custom.map(({ column }) => column),
    ...api,
  ])
  const isOpen = (at: number) =>
    !used.has(at) && !given.ignored.has(at) && !isOwn(columns[at] ?? "")
  const isDialing = (at: number) =>
    FieldAlias.match(columns[at] ?? "")?.target === "countryCode" && holdsDialingCodes(sample, at)
  const hasOtherMeaning = otherMeanings(columns, preset)
  const auto =
    file?.auto === false
      ? { fields: {}, issues: [] }
      : AutoMapping.find(
          columns,
          (at) => isOpen(at) && !isDialing(at) && !hasOtherMeaning.has(at),
          (field) => given.fields[field] !== undefined,
        )
  const fields = { ...auto.fields, ...given.fields }
  const mapped = new Set(Object.values(fields).flat())
  const left = [...columns.keys()].filter((at) => isOpen(at) && !mapped.has(at))

  const isRest = (at: number) => options.customRest === true && columns[at]?.trim() !== ""
  const rest = left
    .filter(isRest)
    .map((at) => CustomOption.make((columns[at] ?? "").trim(), undefined, at, customFields))
  const custom = [...given.custom, ...Array.getSuccesses(rest)]
  const asked = options.identifyBy ?? file?.identifyBy
  const mapping: Mapping = {
    columns,
    ...(preset !== undefined && { preset }),
    fields,
    custom,
    ...(api[0] !== undefined && { apiFields: api[0] }),
    splitName: options.splitName ?? file?.splitName ?? false,
    constants: given.constants,
    identifyBy: (asked ?? identifiers).filter((field) => fields[field] !== undefined),
    unmapped: left.filter((at) => !isRest(at)),
  }
  const nearest = suggestions(mapping)
  const mistakes = [
    ...given.issues,
    ...conflicts(columns, given),
    ...auto.issues,
    ...Array.getFailures(rest),
    ...CustomOption.twice(columns, custom),
    ...apiConflict(api, custom),
    ...notIdentifying(asked ?? [], fields),
  ]
  // an option with a mistake may be what is missing
  const issues = mistakes.length > 0 ? mistakes : missingFields(mapping, nearest)
  if (issues.length > 0) return Result.fail(new MappingError({ issues }))
  const warnings = warningsOf(columns, isOpen, isDialing, fields.dialingCode !== undefined)
  return Result.succeed({ mapping, warnings, suggestions: nearest })
}
