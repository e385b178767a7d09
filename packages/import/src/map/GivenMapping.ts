/** Reads the mapping file, and the options about columns, which win over it. */
import type { CustomField } from "@aelyst/core"
import * as Result from "effect/Result"

import type { FieldName, Mapping } from "../types.ts"
import { quote, resolve, resolveAll } from "./Column.ts"
import * as CustomOption from "./CustomOption.ts"
import { isFieldName, unknownField } from "./FieldNames.ts"
import type { MappingFile } from "./MappingFile.ts"
import type { MappingIssue } from "./MappingError.ts"

/** The options that name columns. */
export interface GivenOptions {
  /** `field=Column` or `field=Column|Column2`: the first that is not empty counts. */
  readonly map?: readonly string[] | undefined
  /** Columns that are not sent, on purpose. */
  readonly ignore?: readonly string[] | undefined
  /** `Name=Column`, `Name:type=Column` or `Name:type` for a column of that name. */
  readonly custom?: readonly string[] | undefined
  /** `field=value`, for rows without a value. */
  readonly set?: readonly string[] | undefined
  /** The custom fields of the workspace: their names and types. */
  readonly customFields?: CustomField.Catalogue | undefined
  /** A saved mapping; every other option wins over it. */
  readonly file?: MappingFile | undefined
}

/** The fields, custom fields and constants that were given, and the columns to ignore. */
export interface GivenMapping {
  readonly fields: Partial<Record<FieldName, readonly number[]>>
  readonly custom: Mapping["custom"]
  readonly constants: Partial<Record<FieldName, string>>
  readonly ignored: ReadonlySet<number>
  readonly issues: readonly MappingIssue[]
}

// the same value in every row would make all rows one contact
const oneContact: readonly FieldName[] = ["identifier", "email", "phone"]

/** Splits `field=text`. */
const assignment = (
  option: string,
  flag: string,
  right: string,
): Result.Result<readonly [FieldName, string], MappingIssue> => {
  const equals = option.indexOf("=")
  const name = option.slice(0, Math.max(equals, 0)).trim()
  const text = option.slice(equals + 1)
  if (equals < 1 || text.trim() === "") {
    const fix = `write ${flag} ${quote(`field=${right}`)}`
    return Result.fail({
      reason: "syntax",
      message: `cannot read ${flag}: expected field=${right}`,
      fix,
    })
  }
  return isFieldName(name) ? Result.succeed([name, text]) : Result.fail(unknownField(name, flag))
}

const constant = (field: FieldName, text: string): Result.Result<string, MappingIssue> =>
  oneContact.includes(field)
    ? Result.fail({
        reason: "constant",
        message: `${field} cannot be the same for every row`,
        fix: `--map ${quote(`${field}=Column`)} takes it from a column`,
      })
    : Result.succeed(text)

/** Reads the file and the options. */
export const read = (columns: readonly string[], options: GivenOptions): GivenMapping => {
  const { file, customFields } = options
  const issues: MappingIssue[] = []
  const take = <A>(result: Result.Result<A, MappingIssue>): A | undefined => {
    if (Result.isSuccess(result)) return result.success
    issues.push(result.failure)
    return undefined
  }
  const fields: Partial<Record<FieldName, readonly number[]>> = {}
  const constants: Partial<Record<FieldName, string>> = {}
  const put = (field: FieldName, result: Result.Result<readonly number[], MappingIssue>) => {
    const found = take(result)
    if (found !== undefined) fields[field] = found
  }
  const given = (options.map ?? []).flatMap(
    (option) => take(Result.map(assignment(option, "--map", "Column"), (pair) => [pair])) ?? [],
  )
  for (const [name, from] of Object.entries(file?.fields ?? {})) {
    if (!isFieldName(name) || given.some(([field]) => field === name)) continue
    put(name, Result.all(from.map((column) => resolve(columns, column))))
  }
  for (const [field, text] of given) put(field, resolveAll(columns, text.trim()))
  const sets = (options.set ?? []).flatMap(
    (option) => take(Result.map(assignment(option, "--set", "value"), (pair) => [pair])) ?? [],
  )
  for (const [field, text] of [...Object.entries(file?.set ?? {}), ...sets]) {
    const value = isFieldName(field) ? take(constant(field, text)) : undefined
    if (isFieldName(field) && value !== undefined) constants[field] = value
  }
  const saved = (file?.custom ?? []).map(({ name, type, column }) =>
    Result.flatMap(resolve(columns, column), (at) =>
      CustomOption.make(name, type, at, customFields),
    ),
  )
  const asked = (options.custom ?? []).map((option) =>
    CustomOption.read(columns, option, customFields),
  )
  const custom = [...saved, ...asked].flatMap((field) => take(field) ?? [])
  const ignored = [...(file?.ignore ?? []), ...(options.ignore ?? [])].flatMap(
    (name) => take(resolve(columns, name)) ?? [],
  )
  return { fields, custom, constants, ignored: new Set(ignored), issues }
}
