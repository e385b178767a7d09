/**
 * From the fields of a form to a contact: by the names that people use for them, and from a contact to its identifier.
 * Remembers which field of the form each part came from, so that an issue can be shown there.
 */
import type { ContactInput, Issue } from "@aelyst/node"
import { matchField } from "@aelyst/node"

import type { ContactField, FieldIssue, IdentifyBy } from "./types.ts"

/** What a request asks for, before it is checked. */
export interface Submission {
  readonly identifier: string
  readonly contact: ContactInput
  /** The field that gave the identifier. */
  readonly identifiedBy: string
  /** The names of the form's fields by the contact's. */
  readonly names: ReadonlyMap<string, string>
}

/** What the default map takes: everything but a picture, whose address a visitor could choose to harm who looks at it. */
export const defaultFields: ReadonlyArray<ContactField> = [
  "firstName",
  "lastName",
  "email",
  "phone",
  "language",
  "countryCode",
]

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "")

// People write numbers with spaces and the like; what has its country code stays what it is without them.
const bare = (phone: string): string =>
  phone.startsWith("+") ? phone.replace(/[\s().-]/g, "") : phone

const clean = (field: string, value: unknown): unknown => {
  if (typeof value !== "string" || field === "firstName" || field === "lastName") return value
  return field === "phone" ? bare(value.trim()) : value.trim()
}

/**
 * Maps the fields of a form by their names (`e-mail`, `Mobile`, `given name`). Of several for one part the best name
 * counts. Empty fields count as absent. Names travel as given; spaces around the rest, and those inside a phone number
 * that begins with `+`, are dropped. A full name alone becomes `firstName`. Nothing else is taken.
 */
export const mapForm = (
  body: Readonly<Record<string, unknown>>,
  fields: ReadonlyArray<ContactField>,
  except: string | undefined,
): { readonly contact: Record<string, unknown>; readonly names: Map<string, string> } => {
  const best = new Map<string, { readonly rank: number; readonly name: string }>()
  for (const name of Object.keys(body)) {
    if (name === except) continue
    const found = matchField(name)
    if (found === undefined) continue
    // a blank field counts only where there is no other
    const rank = found.rank + (isBlank(body[name]) ? 1_000 : 0)
    const before = best.get(found.target)
    if (before === undefined || rank < before.rank) best.set(found.target, { rank, name })
  }
  const first = best.get("firstName")
  const full = best.get("fullName")
  if (full !== undefined && (first === undefined || first.rank >= 1_000))
    best.set("firstName", full)
  const contact: Record<string, unknown> = {}
  const names = new Map<string, string>()
  for (const field of fields) {
    const source = best.get(field)
    if (source === undefined) continue
    names.set(field, source.name)
    const value = body[source.name]
    if (!isBlank(value)) contact[field] = clean(field, value)
  }
  return { contact, names }
}

/** Finds the identifier: the first of `identifyBy` that the contact has. */
export const identify = (
  contact: Readonly<Record<string, unknown>>,
  identifyBy: ReadonlyArray<IdentifyBy>,
): { readonly identifier: string; readonly identifiedBy: string } => {
  const field = identifyBy.find((one) => !isBlank(contact[one]))
  if (field === undefined) return { identifier: "", identifiedBy: identifyBy[0] ?? "identifier" }
  const value = contact[field]
  return {
    identifier: `${field}:${typeof value === "string" ? value : ""}`,
    identifiedBy: field,
  }
}

/** Brings issues to the fields of the form: those of the identifier to the field that gave it. */
export const placeIssues = (
  issues: ReadonlyArray<Issue>,
  submission: Pick<Submission, "identifiedBy" | "names"> | undefined,
): ReadonlyArray<FieldIssue> => {
  const identifiedBy = submission?.identifiedBy ?? "identifier"
  const nameOf = (path: ReadonlyArray<string | number>) => {
    const first = String(path[0] ?? "")
    return path.length === 1 ? (submission?.names.get(first) ?? first) : path.join(".")
  }
  const own = new Set(issues.map((issue) => issue.path[0]))
  const placed: Array<FieldIssue> = []
  for (const { code, path, rule, suggestion } of issues) {
    const isIdentifier = path[0] === "identifier" && path.length === 1
    if (isIdentifier && identifiedBy !== "identifier" && own.has(identifiedBy)) continue
    const at = isIdentifier ? [identifiedBy] : path
    placed.push({
      field: nameOf(at),
      path: at,
      code,
      rule:
        code === "IDENTIFIER_MISSING" && identifiedBy !== "identifier" ? "This is required" : rule,
      ...(suggestion !== undefined && { suggestion }),
    })
  }
  return placed
}
