/** Reads `--field`: a custom field as `Name=value` or `Name:type=value`. */
import type { IssueCode } from "@aelyst/core"
import { CustomField } from "@aelyst/core"
import { issueRules, suggest } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

import { Failure, usage } from "./Failure.ts"
import { clause } from "./Text.ts"

/** Holds a custom field as core takes it. */
export type Pair = CustomField.InputPairs[number]

const isIssueCode = (code: string): code is IssueCode => Object.hasOwn(issueRules, code)

const types: ReadonlyArray<string> = [
  "text",
  "number",
  "email",
  "url",
  "list",
  "date",
  "time",
  "checkbox",
]

/** Splits at the last colon that has no backslash before it; `\\:` is a colon of the name. */
const split = (left: string): { readonly name: string; readonly type: string | undefined } => {
  const [, name = left, type] = /^(.+)(?<!\\):(.*)$/s.exec(left) ?? []
  return { name: name.replaceAll("\\:", ":"), type: type?.trim().toLowerCase() }
}

const unknownType = (flag: string, type: string): Failure => {
  const nearest = suggest(type, types)
  // anything else may be part of the name, which belongs to the contact
  const shown = /^[a-z]{1,12}$/.test(type) ? ` "${type}"` : ""
  return usage(
    `unknown type${shown} in ${flag}${nearest === undefined ? "" : `. Did you mean ${nearest}?`}`,
    `types: ${types.join(", ")}`,
    String.raw`fix:   change the type; if the colon belongs to the name, write \: instead`,
  )
}

/**
 * Reads the `--field` at a position, counted from 1.
 *
 * The value is converted to the type in the flag, or left to the project's catalogue. Messages name the position, since
 * name and value are the contact's.
 */
export const read = (
  input: string,
  position: number,
  catalogue: CustomField.Catalogue | undefined,
): Result.Result<Pair, Failure> => {
  const equals = input.indexOf("=")
  const flag = `--field (number ${position})`
  if (equals < 1) {
    return Result.fail(
      usage(
        `invalid ${flag}: expected 'Name=value' or 'Name:type=value'`,
        `types: ${types.join(", ")}`,
        "fix:   put the whole of it in single quotes, with an equals sign after the name",
      ),
    )
  }
  const value = input.slice(equals + 1)
  const { name, type } = split(input.slice(0, equals))
  if (type !== undefined && !types.includes(type)) return Result.fail(unknownType(flag, type))
  // only the catalogue or Aelyst knows the options of a list
  if (type === undefined || type === "list" || catalogue?.get(name) !== undefined) {
    return Result.succeed({ name, value })
  }
  const made = CustomField.make({ [name]: type })
  const field = Result.isSuccess(made) ? made.success.get(name) : undefined
  if (field === undefined) return Result.succeed({ name, value })
  return Result.mapBoth(CustomField.convert(field, value), {
    onSuccess: (converted) => ({ name, value: converted }),
    onFailure: ({ code, rule, suggestion }) =>
      new Failure({
        exit: "invalid",
        code: isIssueCode(code) ? code : "CONTACT_INVALID",
        message: `invalid ${flag}: ${clause(rule)}`,
        hints: [...(suggestion === undefined ? [] : [`fix:   ${suggestion}`]), "nothing was sent"],
      }),
  })
}
