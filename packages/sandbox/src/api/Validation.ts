/**
 * Validates a request with the decoders of the contract (W2 to W4): the identifier in the path, the payload in the body,
 * and custom fields against their declarations.
 */
import { CustomField, Identifier, validate } from "@aelyst/core"
import { createContact, Payload } from "@aelyst/core/contract"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

import type { RequestIssue } from "./types.ts"
import type { SandboxOptions } from "../types.ts"

/** The path below which the API is mounted. */
const MOUNT = "/v1"
/** The most bytes of a body. */
export const MAX_BODY = 102_400

// "/contact/:identifier" of the contract, up to its parameter
const prefix = MOUNT + createContact.path.slice(0, createContact.path.indexOf(":"))
const method: string = createContact.method

/**
 * Finds the identifier of a request to the endpoint; `undefined` for any other request, `null` if it cannot be decoded.
 * With `decodePlus`, as behind a gateway that decodes paths like forms.
 */
export const route = (
  requestMethod: string,
  target: string,
  decodePlus = false,
): string | null | undefined => {
  if (requestMethod !== method || !target.startsWith(prefix)) return undefined
  const query = target.indexOf("?")
  const written = target.slice(prefix.length, query === -1 ? target.length : query)
  const segment = decodePlus ? written.replaceAll("+", " ") : written
  if (segment === "" || segment.includes("/")) return undefined
  if (!segment.includes("%")) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

/** Checks whether a content type is JSON. */
export const isJson = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/json(?:$|[ ;])/i.test(contentType.trim())

const decode = Schema.decodeUnknownResult(Payload)
const format = SchemaIssue.makeFormatterStandardSchemaV1()

const toIssues = (error: Schema.SchemaError): ReadonlyArray<RequestIssue> =>
  format(error.issue).issues.map(({ message, path }) => ({
    path: (path ?? []).map((part) => {
      const key = typeof part === "object" ? part.key : part
      return typeof key === "number" ? key : String(key)
    }),
    code: "PAYLOAD_INVALID",
    rule: message,
  }))

/** Explains an invalid payload as the client would; what the client accepts is explained by the contract. */
const explain = (parsed: unknown, error: Schema.SchemaError): ReadonlyArray<RequestIssue> => {
  const checked = validate("explained", parsed)
  return Result.isFailure(checked) ? checked.failure : toIssues(error)
}

/** Validates a body; fails with every broken rule. */
export type Reader = (
  body: string,
) => Result.Result<typeof Payload.Type, ReadonlyArray<RequestIssue>>

const notJson: ReadonlyArray<RequestIssue> = [
  { path: [], code: "JSON_INVALID", rule: "The body must be JSON" },
]

/** Creates the validator of bodies. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for invalid declarations. */
export const makeReader = (fields: SandboxOptions["fields"]): Reader => {
  const catalogue = fields === undefined ? undefined : CustomField.define({ ...fields })
  const checkFields = (payload: typeof Payload.Type): ReadonlyArray<RequestIssue> => {
    if (catalogue === undefined) return []
    const issues: Array<RequestIssue> = []
    for (const [index, given] of (payload.custom_fields ?? []).entries()) {
      const field = catalogue.get(given.name)
      const path = ["custom_fields", index]
      const issue =
        field === undefined
          ? {
              path: [...path, "name"],
              code: "CUSTOM_FIELD_UNKNOWN",
              rule: "The custom field must be declared",
            }
          : given.value === undefined
            ? undefined
            : CustomField.checkValue(field, given.value, [...path, "value"])
      if (issue !== undefined) issues.push(issue)
    }
    return issues
  }
  return (body) => {
    let parsed: unknown
    try {
      parsed = JSON.parse(body)
    } catch {
      return Result.fail(notJson)
    }
    const decoded = decode(parsed)
    if (Result.isFailure(decoded)) return Result.fail(explain(parsed, decoded.failure))
    const issues = checkFields(decoded.success)
    return issues.length === 0 ? Result.succeed(decoded.success) : Result.fail(issues)
  }
}

/** An identifier with the key of its contact, or what is wrong with it. */
export type Named = Result.Result<
  { readonly identifier: string; readonly key: string },
  ReadonlyArray<RequestIssue>
>

/** Validates an identifier and returns the key of its contact. */
export const readIdentifier = (identifier: string): Named =>
  Result.map(Identifier.parse(identifier), (id) => ({ identifier: id, key: Identifier.key(id) }))
