/** Reads `--field`: a custom field as `Name=value` or `Name:type=value`. */
import type { IssueCode } from "@aelyst/core"
import { CustomField } from "@aelyst/core"
import { issueRules } from "@aelyst/core/adapter"
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
    return Result.fail(usage(`invalid ${flag}: expected 'Name=value' or 'Name:type=value'`))
  }
  const left = input.slice(0, equals)
  const value = input.slice(equals + 1)
  const colon = left.lastIndexOf(":")
  const type = left.slice(colon + 1)
  const isTyped = colon > 0 && types.includes(type)
  const name = isTyped ? left.slice(0, colon) : left
  // only the catalogue or Aelyst knows the options of a list
  if (!isTyped || type === "list" || catalogue?.get(name) !== undefined) {
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
        hints: [...(suggestion === undefined ? [] : [suggestion]), "nothing was sent"],
      }),
  })
}
