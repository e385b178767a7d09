/**
 * Maps a form to a contact by the names of its fields, and a contact to its identifier. Keeps which field of the form
 * each part came from, so that an issue can be shown there.
 */
import type { Aelyst, ContactInput, Issue } from "@aelyst/node"
import { InvalidContactError, matchField, parsePhone } from "@aelyst/node"
import type { Request } from "express"

import { isRecord } from "./Body.ts"
import { reportField } from "./Diagnostics.ts"
import type {
  ContactField,
  CreateContactOptions,
  FieldIssue,
  IdentifyBy,
  SetupOptions,
} from "./types.ts"

/** Maps the contact's fields to the form's fields that gave them. */
export interface FieldNames {
  /** The contact's field that gave the identifier. */
  readonly identifiedBy: string
  /** The names of the form's fields by the contact's. */
  readonly names: ReadonlyMap<string, string>
}

/** A visitor's submission, before it is checked. */
export interface Submission extends FieldNames {
  readonly identifier: string
  readonly contact: ContactInput
  /** The issues of a phone number that cannot be read. */
  readonly issues: ReadonlyArray<Issue>
}

/** Lists the documented fields of a contact (W3). */
export const contactFields: ReadonlyArray<ContactField> = [
  "firstName",
  "lastName",
  "email",
  "phone",
  "language",
  "countryCode",
  "profilePic",
]

// a visitor could choose a picture's address to harm the people who look at it
const defaultFields = contactFields.filter((field) => field !== "profilePic")

/** Checks whether a field of a form counts as not filled in. */
export const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "")

const clean = (field: string, value: unknown): unknown =>
  typeof value !== "string" || field === "firstName" || field === "lastName" ? value : value.trim()

const plain = (name: string): string => name.toLowerCase().replace(/[\s_.-]+/g, "")

/** Returns the custom field by the plain name of the form's field that gives it. */
const customNames = (
  option: NonNullable<CreateContactOptions["customFields"]>,
): ReadonlyMap<string, string> => {
  // safe: an array is the only other choice
  const pairs = Array.isArray(option)
    ? (option as ReadonlyArray<string>).map((name) => [name, name] as const)
    : Object.entries(option as Readonly<Record<string, string>>)
  return new Map(pairs.map(([form, custom]) => [plain(form), custom]))
}

/** Returns the custom fields that JSON has below `customFields` or `custom_fields`, as an object or as pairs. */
const nestedFields = (value: unknown): ReadonlyArray<readonly [string, unknown]> => {
  if (isRecord(value)) return Object.entries(value)
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).map((pair) => [String(pair["name"]), pair["value"]] as const)
}

/** A part of a contact, and the names of the form's fields that gave it. */
interface Mapped {
  readonly contact: Record<string, unknown>
  /** The names by the path in the contact, joined by dots. */
  readonly names: ReadonlyMap<string, string>
}

/** Maps the fields of a form that are custom fields. */
const mapCustomFields = (
  body: Readonly<Record<string, unknown>>,
  option: CreateContactOptions["customFields"] = [],
): Mapped & { readonly ignored: ReadonlyArray<string> } => {
  const known = customNames(option)
  const customFields: Record<string, unknown> = {}
  const names = new Map<string, string>()
  const nested = ["customFields", "custom_fields"].flatMap((key) => nestedFields(body[key]))
  for (const [name, value] of [...nested, ...Object.entries(body)]) {
    const custom = known.get(plain(name))
    if (custom === undefined || isBlank(value)) continue
    customFields[custom] = value
    names.set(`customFields.${custom}`, name)
  }
  const contact = names.size === 0 ? {} : { customFields }
  const ignored = nested.map(([name]) => name).filter((name) => !known.has(plain(name)))
  return { contact, names, ignored }
}

/**
 * Maps the fields of a form by their names (`e-mail`, `Mobile`, `given name`), except for those that are something else.
 * If several fields match one part, the best name that is filled in counts. Names are kept as given; other values are
 * trimmed. A full name becomes `firstName` if there is no first
 * name.
 */
const mapForm = (
  body: Readonly<Record<string, unknown>>,
  fields: ReadonlyArray<ContactField>,
  except: ReadonlySet<string | undefined>,
): Mapped => {
  const best = new Map<string, { readonly rank: number; readonly name: string }>()
  for (const name of Object.keys(body)) {
    if (except.has(name)) continue
    const found = matchField(name)
    if (found === undefined) continue
    // a blank field counts only if there is no other
    const rank = found.rank + (isBlank(body[name]) ? 1_000 : 0)
    const previous = best.get(found.target)
    if (previous === undefined || rank < previous.rank) best.set(found.target, { rank, name })
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

/** Maps a form, and reports the fields that were filled in and left out. */
const mapDefault = (
  req: Request,
  body: Readonly<Record<string, unknown>>,
  { customFields, fields = defaultFields, honeypot }: CreateContactOptions,
  setup: SetupOptions,
): Mapped => {
  const custom = mapCustomFields(body, customFields)
  const mapped = mapForm(body, fields, new Set([honeypot, ...custom.names.values()]))
  const names = new Map([...mapped.names, ...custom.names])
  const read = new Set([...names.values(), honeypot, "customFields", "custom_fields"])
  const leftOut = Object.keys(body).filter((name) => !read.has(name) && !isBlank(body[name]))
  for (const name of [...leftOut, ...custom.ignored]) reportField(req.app, name, setup)
  return { contact: { ...mapped.contact, ...custom.contact }, names }
}

/** Reads the phone number of a form as people write it; one that cannot be read stays, and its issues are returned. */
const readPhone = async (
  contact: Record<string, unknown>,
  { defaultCountry }: Aelyst,
): Promise<ReadonlyArray<Issue>> => {
  if (typeof contact["phone"] !== "string") return []
  try {
    contact["phone"] = await parsePhone(contact["phone"], { defaultCountry })
    return []
  } catch (error) {
    if (error instanceof InvalidContactError) return error.issues
    throw error
  }
}

/** Returns the identifier: the first of `identifyBy` that the contact has. */
const identify = (
  contact: Readonly<Record<string, unknown>>,
  identifyBy: ReadonlyArray<IdentifyBy>,
): { readonly identifier: string; readonly identifiedBy: string } => {
  const field = identifyBy.find((name) => !isBlank(contact[name]))
  if (field === undefined) return { identifier: "", identifiedBy: identifyBy[0] ?? "identifier" }
  const value = contact[field]
  return {
    identifier: `${field}:${typeof value === "string" ? value : ""}`,
    identifiedBy: field,
  }
}

/** Returns what a visitor submitted: the default map's contact or that of the app's `map`, and its identifier. */
export const submissionOf = async (
  req: Request,
  body: Readonly<Record<string, unknown>>,
  options: CreateContactOptions,
  setup: SetupOptions,
  client: Aelyst,
): Promise<Submission> => {
  const { identifyBy = ["email", "phone"], map } = options
  let names: ReadonlyMap<string, string> = new Map()
  let issues: ReadonlyArray<Issue> = []
  let contact: ContactInput
  if (map === undefined || map === "default") {
    const mapped = mapDefault(req, body, options, setup)
    names = mapped.names
    issues = await readPhone(mapped.contact, client)
    // safe: the client checks every field and says what is wrong
    contact = mapped.contact as unknown as ContactInput
  } else contact = await map(req)
  if (typeof identifyBy === "function") {
    const identifier = await identifyBy(contact, req)
    return { identifier, contact, issues, identifiedBy: "identifier", names }
  }
  const record: unknown = contact
  return { ...identify(isRecord(record) ? record : {}, identifyBy), contact, issues, names }
}

/** Throws the issues of a submission whose phone number cannot be read, together with all others. */
export const checkPhone = (submission: Submission, client: Aelyst): void => {
  const { contact, identifiedBy, identifier, issues } = submission
  if (issues.length === 0) return
  const rest = client.contacts.validate(identifier, { ...contact, phone: undefined })
  // the same number as the identifier has the same issue
  const isCovered = ({ path }: Issue) => identifiedBy === "phone" && path[0] === "identifier"
  const others = rest.ok ? [] : rest.error.issues.filter((issue) => !isCovered(issue))
  throw new InvalidContactError({ attempts: [], issues: [...issues, ...others] })
}

/** Returns a rule in a visitor's words; undefined if core's words do. */
const ruleFor = (code: string, identifiedBy: string): string | undefined => {
  if (code.startsWith("PHONE_")) {
    return "Enter a phone number with its country code, such as +60 12 345 6789"
  }
  return code === "IDENTIFIER_MISSING" && identifiedBy !== "identifier"
    ? "This is required"
    : undefined
}

/** Returns issues by the fields of the form: an issue of the identifier belongs to the field that gave it. */
export const fieldIssues = (
  issues: ReadonlyArray<Issue>,
  fieldNames: FieldNames | undefined,
): ReadonlyArray<FieldIssue> => {
  const identifiedBy = fieldNames?.identifiedBy ?? "identifier"
  const nameOf = (path: ReadonlyArray<string | number>) => {
    const joined = path.join(".")
    return fieldNames?.names.get(joined) ?? joined
  }
  const own = new Set(issues.map((issue) => issue.path[0]))
  const result: Array<FieldIssue> = []
  for (const { code, path, rule, suggestion } of issues) {
    const isIdentifier = path[0] === "identifier" && path.length === 1
    if (isIdentifier && identifiedBy !== "identifier" && own.has(identifiedBy)) continue
    const at = isIdentifier ? [identifiedBy] : path
    result.push({
      field: nameOf(at),
      path: at,
      code,
      rule: ruleFor(code, identifiedBy) ?? rule,
      ...(suggestion !== undefined && { suggestion }),
    })
  }
  return result
}
