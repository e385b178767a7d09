/** Maps the columns of a table to the fields of a contact, or says what is missing before any row is looked at. */
import { FieldAlias } from "@aelyst/core"
import * as Result from "effect/Result"

import type { FieldName, Mapping, PresetName, SourceRow, TableHead } from "../types.ts"
import * as AutoMapping from "./AutoMapping.ts"
import { isOwn, quote } from "./Column.ts"
import * as CustomOption from "./CustomOption.ts"
import type { GivenMapping, GivenOptions } from "./GivenMapping.ts"
import * as Given from "./GivenMapping.ts"
import type { MappingWarning } from "./HeaderWarning.ts"
import { holdsDialingCodes, isOptOut, namesDialingCode } from "./HeaderWarning.ts"
import type { MappingIssue } from "./MappingError.ts"
import { MappingError } from "./MappingError.ts"
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

/** Returns the issues of a mapping without which no row can be sent. */
const missing = (
  fields: Mapping["fields"],
  constants: Mapping["constants"],
  identifyBy: Mapping["identifyBy"],
  nearest: readonly MappingSuggestion[],
): readonly MappingIssue[] => {
  const issues: MappingIssue[] = []
  const flagFor = (names: readonly FieldName[], orElse: string) =>
    nearest.find(({ flag }) => names.some((name) => /^--map '?(\w+)=/.exec(flag)?.[1] === name))
      ?.flag ?? orElse
  const has = (field: FieldName) => fields[field] !== undefined || constants[field] !== undefined
  if (!has("firstName") && !has("fullName")) {
    issues.push({
      reason: "first_name_missing",
      message: "no column holds the first name, which every contact needs",
      fix: flagFor(
        ["firstName", "fullName"],
        `--map 'firstName=Column', or --set firstName=Friend`,
      ),
    })
  }
  if (identifyBy.length === 0) {
    issues.push({
      reason: "identifier_missing",
      message:
        "no column identifies a contact: there is no email address, phone number or identifier",
      fix: flagFor(
        ["email", "phone", "identifier"],
        `--map 'email=Column' or --map 'phone=Column'`,
      ),
    })
  }
  return issues
}

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
      message: `the column "${columns[at] ?? ""}" is both used and ignored`,
      fix: `leave out --ignore ${quote(columns[at] ?? "")}`,
    }))

const warningsOf = (
  columns: readonly string[],
  isOpen: (column: number) => boolean,
  isDialing: (column: number) => boolean,
  fields: Mapping["fields"],
): readonly MappingWarning[] =>
  columns.flatMap((column, at): readonly MappingWarning[] => {
    if (!isOpen(at)) return []
    if (isOptOut(column)) {
      const message = `the column "${column}" marks people that have unsubscribed: remove their rows before you import, unless you may contact them`
      return [{ code: "opted_out", column, message }]
    }
    if (fields.dialingCode !== undefined || !(isDialing(at) || namesDialingCode(column))) return []
    const flag = `--map ${quote(`dialingCode=${column}`)}`
    const message = `the column "${column}" holds calling codes, not countries: ${flag} puts them before the phone numbers`
    return [{ code: "dialing_code", column, message }]
  })

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
 * const head = {
 *   format: "csv",
 *   encoding: "utf-8",
 *   bom: false,
 *   delimiter: ";",
 *   columns: ["Vorname", "Handy", "Telefon", "Firma"],
 *   headerLine: 1,
 *   notes: [],
 * } as const
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
  head: TableHead,
  options: MapOptions = {},
): Result.Result<MappedTable, MappingError> => {
  const { columns } = head
  const { file, sample = [], customFields } = options
  const given = Given.read(columns, options)
  const saved = file?.preset !== undefined && isPreset(file.preset) ? file.preset : undefined
  const preset = options.preset ?? saved ?? recognise(columns)
  const others = (preset === undefined ? [] : (presets[preset].others ?? [])).map(
    FieldAlias.normalise,
  )
  const isJson = head.format === "json" || head.format === "ndjson"
  const apiFields = columns.flatMap((name, at) =>
    isJson && (name === "customFields" || name === "custom_fields") && !given.ignored.has(at)
      ? [at]
      : [],
  )

  const used = new Set([
    ...Object.values(given.fields).flat(),
    ...given.custom.map(({ column }) => column),
    ...apiFields,
  ])
  const isOpen = (at: number) =>
    !used.has(at) && !given.ignored.has(at) && !isOwn(columns[at] ?? "")
  const isDialing = (at: number) =>
    FieldAlias.match(columns[at] ?? "")?.target === "countryCode" && holdsDialingCodes(sample, at)
  const auto =
    file?.auto === false
      ? { fields: {}, issues: [] }
      : AutoMapping.find(
          columns,
          (at) =>
            isOpen(at) &&
            !isDialing(at) &&
            !others.includes(FieldAlias.normalise(columns[at] ?? "")),
          (field) => given.fields[field] !== undefined,
        )
  const fields = { ...auto.fields, ...given.fields }
  const mapped = new Set([...used, ...Object.values(fields).flat()])
  const rest = columns.flatMap((name, at) =>
    mapped.has(at) || given.ignored.has(at) || isOwn(name) ? [] : [at],
  )

  const issues = [...given.issues, ...conflicts(columns, given), ...auto.issues]
  const isRest = (at: number) => options.customRest === true && columns[at]?.trim() !== ""
  const more = rest.filter(isRest).flatMap((at) => {
    const made = CustomOption.make((columns[at] ?? "").trim(), undefined, at, customFields)
    if (Result.isSuccess(made)) return [made.success]
    issues.push(made.failure)
    return []
  })
  const custom = [...given.custom, ...more]
  const same = CustomOption.twice(columns, custom)
  if (same !== undefined) issues.push(same)
  if (apiFields.length > 1 || (apiFields.length > 0 && custom.length > 0)) {
    issues.push({
      reason: "custom_field",
      message:
        "custom fields come from customFields or custom_fields of the records, and from elsewhere",
      fix: "leave out all but one of them; --ignore customFields",
    })
  }

  const asked = options.identifyBy ?? file?.identifyBy
  const identifyBy = (asked ?? identifiers).filter((field) => fields[field] !== undefined)
  const without = asked?.find((field) => fields[field] === undefined)
  if (without !== undefined) {
    issues.push({
      reason: "identify_by",
      message: `contacts cannot be identified by ${without}: no column holds it`,
      fix: `--map ${quote(`${without}=Column`)}`,
    })
  }
  const mapping: Mapping = {
    columns,
    ...(preset !== undefined && { preset }),
    fields,
    custom,
    ...(apiFields[0] !== undefined && { apiFields: apiFields[0] }),
    splitName: options.splitName ?? file?.splitName ?? false,
    constants: given.constants,
    identifyBy,
    unmapped: rest.filter((at) => !isRest(at)),
  }
  const nearest = suggestions(mapping)
  // an option with a mistake may be what is missing
  if (issues.length === 0) issues.push(...missing(fields, given.constants, identifyBy, nearest))
  if (issues.length > 0) return Result.fail(new MappingError({ issues }))
  const warnings = warningsOf(columns, isOpen, isDialing, fields)
  return Result.succeed({ mapping, warnings, suggestions: nearest })
}
