/** What forms and proxies need to know of core: the names that people use for fields, and what an identifier names by. */
import * as Core from "@aelyst/core"

import type { IdentifierKind } from "./types.ts"

/** What the name of a form's field or a file's column stands for. */
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
 * Says what a name stands for: `e-mail`, `Mobile`, `given name`. Case, accents, spaces and punctuation do not count; a
 * whole name is known, or it matches nothing.
 */
export const matchField = (name: string): FieldMatch | undefined => Core.FieldAlias.match(name)

/** Says what an identifier names a contact by; a text without a known prefix is an opaque contact ID and counts as `id`. */
export const identifierKind = (identifier: string): IdentifierKind =>
  // safe: only the prefix is looked at; whether the rest is valid is for the client to say
  Core.Identifier.kind(identifier as Core.Identifier.Identifier)
