/** The names of the fields that a column can fill. */
import { suggest } from "@aelyst/core/adapter"

import type { FieldName } from "../types.ts"
import type { MappingIssue } from "./MappingError.ts"

/** The fields, in the order in which they are shown. */
export const fieldNames = [
  "identifier",
  "firstName",
  "lastName",
  "fullName",
  "email",
  "phone",
  "dialingCode",
  "language",
  "countryCode",
  "profilePic",
] as const satisfies readonly FieldName[]

/** Returns whether a text is the name of a field. */
export const isFieldName = (name: string): name is FieldName =>
  fieldNames.some((field) => field === name)

/** Returns the issue of a field that there is not. */
export const unknownField = (name: string, flag: string): MappingIssue => {
  const meant = suggest(name, fieldNames)
  return {
    reason: "unknown_field",
    message: `unknown field "${name}" in ${flag}`,
    fix: meant === undefined ? `the fields are ${fieldNames.join(", ")}` : `did you mean ${meant}?`,
  }
}
