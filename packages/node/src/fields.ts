/** Serves forms and proxies: the names that people use for fields, and the kinds of identifiers. */
import * as Core from "@aelyst/core"

import type { IdentifierKind } from "./types.ts"

/** Holds the meaning of the name of a form's field or a file's column. */
export interface FieldMatch {
  /** `fullName` and `identifier` are not fields of a contact. */
  readonly target:
    | "firstName"
    | "lastName"
    | "fullName"
    | "email"
    | "phone"
    | "language"
    | "countryCode"
    | "profilePic"
    | "identifier"
  /** 0 is the best name; of several fields for one target the lowest rank comes first. */
  readonly rank: number
}

/**
 * Returns the meaning of a name such as `e-mail`, `Mobile` or `given name`; undefined if it is not known. Case, accents,
 * spaces and punctuation do not count, and only whole names match.
 *
 * **Example**
 *
 * ```ts
 * import { matchField } from "@aelyst/node"
 *
 * console.log(matchField("E-Mail")?.target) // => email
 * console.log(matchField("Email consent")) // => undefined
 * ```
 */
export const matchField = (name: string): FieldMatch | undefined => Core.FieldAlias.match(name)

/**
 * Returns the kind of an identifier; a text without a known prefix is an opaque contact ID and counts as `id`.
 *
 * **Example**
 *
 * ```ts
 * import { identifierKind } from "@aelyst/node"
 *
 * console.log(identifierKind("phone:+60123456789")) // => phone
 * ```
 */
export const identifierKind = (identifier: string): IdentifierKind =>
  // safe: only the prefix is looked at; whether the rest is valid is for the client to say
  Core.Identifier.kind(identifier as Core.Identifier.Identifier)
