/**
 * The name of a contact in the path of the request: `email:…`, `phone:+…`,
 * `id:…` or an opaque contact id. Parses and builds identifiers, gives the key
 * under which two of them are the same contact, and the one URL segment (W2, D1, D2).
 */
import * as Result from "effect/Result"
import * as Characters from "./Characters.ts"
import * as Issue from "./Issue.ts"
import * as Rule from "./TextRules.ts"
import type { Identifier, IdentifierKind } from "../types.ts"

export type { Identifier, IdentifierKind } from "../types.ts"

type Path = ReadonlyArray<string | number>
type Parsed = Result.Result<Identifier, ReadonlyArray<Issue.Issue>>

const here: Path = ["identifier"]
// The longest email address (254) and its prefix. Contact ids are held to the same length.
const MAX_LENGTH = 260
const prefixes = ["email:", "phone:", "id:"] as const

const fail = (path: Path, code: Issue.IssueCode, suggestion?: string): Parsed =>
  Result.fail([Issue.make(code, path, suggestion)])

// safe: called on strings that have passed every rule of this module
const brand = (text: string): Identifier => text as Identifier

const looksLikeEmail = (text: string): boolean => {
  const at = text.indexOf("@")
  return at > 0 && at < text.length - 1
}

const looksLikePhone = (text: string): boolean => {
  const count = Rule.phoneDigits(text)
  return count >= 8 && count <= 15
}

// The prefix of ours that a text begins with, in any case and with spaces around the name.
const loosePrefix = (text: string): string | undefined => {
  for (const prefix of prefixes) if (text.startsWith(prefix)) return prefix
  const colon = text.indexOf(":")
  if (colon === -1 || colon > 12) return undefined
  const name = `${text.slice(0, colon).trim().toLowerCase()}:`
  return prefixes.find((prefix) => prefix === name)
}

/** Brings the domain to NFC, so that one address is spelled in one way; the local part stays as written. */
const composeDomain = (identifier: string): string => {
  const at = identifier.lastIndexOf("@") + 1
  if (Characters.isAscii(identifier, at)) return identifier
  return identifier.slice(0, at) + identifier.slice(at).normalize("NFC")
}

/**
 * Parses an identifier.
 *
 * **Details**
 *
 * Accepts `email:` and an address, `phone:` and an E.164 number, `id:` and a contact id, and any other text as an
 * opaque contact id that travels as it is (D1). The domain of an email is brought to Unicode's NFC; nothing else changes.
 * Refuses what D2 refuses, and also invisible and direction-changing characters, spaces at either end, and more than
 * 260 characters. A bare email, and bare digits that could be a phone number, are refused with a hint at the prefix.
 *
 * Fails with one issue, at `path` (default `["identifier"]`). Takes linear time, never throws.
 */
export const parse = (input: unknown, path: Path = here): Parsed => {
  if (input === undefined || input === null || input === "") return fail(path, "IDENTIFIER_MISSING")
  if (typeof input !== "string") return fail(path, "IDENTIFIER_TYPE")
  if (input.length > MAX_LENGTH) return fail(path, "IDENTIFIER_TOO_LONG")
  const kinds = Characters.scan(input)
  if (kinds > Characters.SPACE) {
    const bad = kinds & ~Characters.SPACE
    const suggestion = `remove character ${Characters.indexOf(input, bad) + 1}`
    if ((kinds & Characters.LONE_SURROGATE) !== 0) return fail(path, "STRING_MALFORMED", suggestion)
    return fail(
      path,
      (kinds & Characters.CONTROL) !== 0 ? "IDENTIFIER_CONTROL" : "IDENTIFIER_INVISIBLE",
      suggestion,
    )
  }
  if (input.trim() === "") return fail(path, "IDENTIFIER_MISSING")
  if (input.startsWith(" ") || input.endsWith(" ")) {
    return fail(path, "IDENTIFIER_SPACES", "remove the spaces at the ends")
  }
  if (input === "." || input === "..") return fail(path, "IDENTIFIER_DOTS")

  const prefix = loosePrefix(input)
  if (prefix === undefined) {
    if (looksLikeEmail(input))
      return fail(path, "PREFIX_MISSING", "write email: before the address")
    if (looksLikePhone(input)) {
      return fail(
        path,
        "PREFIX_MISSING",
        input.startsWith("+")
          ? "write phone: before the number"
          : "write phone:+ before the number with its country code, or id: before a contact id",
      )
    }
    return Result.succeed(brand(input))
  }
  if (!input.startsWith(prefix)) return fail(path, "PREFIX_CASE", `write ${prefix}`)
  const rest = input.slice(prefix.length)
  const second = loosePrefix(rest)
  if (second !== undefined)
    return fail(path, "PREFIX_DOUBLE", `write ${second} once, at the beginning`)
  if (rest === "") return fail(path, "IDENTIFIER_MISSING", `write something after ${prefix}`)
  switch (prefix) {
    case "email:": {
      if (!Rule.isEmail(rest)) return fail(path, "EMAIL_INVALID", Rule.emailHint(rest))
      const composed = composeDomain(input)
      return composed.length > MAX_LENGTH
        ? fail(path, "IDENTIFIER_TOO_LONG")
        : Result.succeed(brand(composed))
    }
    case "phone:":
      return Rule.isPhone(rest)
        ? Result.succeed(brand(input))
        : fail(path, "PHONE_INVALID", Rule.phoneHint(rest))
    default:
      return rest.startsWith(" ")
        ? fail(path, "IDENTIFIER_SPACES", "remove the space after id:")
        : Result.succeed(brand(input))
  }
}

const withPrefix =
  (prefix: (typeof prefixes)[number]) =>
  (bare: string, path: Path = here): Parsed =>
    parse(typeof bare === "string" ? prefix + bare : bare, path)

/** Makes `email:…` from a bare address; fails as `parse` does, `PREFIX_DOUBLE` included. */
export const email = withPrefix("email:")

/** Makes `phone:+…` from a bare E.164 number; fails as `parse` does, `PREFIX_DOUBLE` included. */
export const phone = withPrefix("phone:")

/** Makes `id:…` from a bare contact id; fails as `parse` does, `PREFIX_DOUBLE` included. */
export const contactId = withPrefix("id:")

/** Returns what the identifier names the contact by; an opaque contact id counts as `id`. */
export const kind = (id: Identifier): IdentifierKind =>
  id.startsWith("email:") ? "email" : id.startsWith("phone:") ? "phone" : "id"

/** Returns the identifier without its prefix: the address, the number or the contact id. */
export const value = (id: Identifier): string => {
  const prefix = prefixes.find((known) => id.startsWith(known))
  return prefix === undefined ? id : id.slice(prefix.length)
}

/**
 * Returns the key under which requests for one contact are kept apart: the identifier as written, an email's domain in
 * lower case. `id:5` and `5` have different keys.
 */
export const key = (id: Identifier): string => {
  if (!id.startsWith("email:")) return id
  const at = id.lastIndexOf("@") + 1
  if (Characters.isAscii(id, at)) return id.slice(0, at) + id.slice(at).toLowerCase()
  // Lower case can leave a letter and a mark that NFC joins.
  return id.slice(0, at) + id.slice(at).toLowerCase().normalize("NFC")
}

// most identifiers need no encoding at all
const plainSegment = /^[A-Za-z0-9\-._~:@+]*$/
const encodeByte = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`
const decodeKept = (escape: string): string =>
  String.fromCharCode(Number.parseInt(escape.slice(1), 16))

/**
 * Returns the identifier as one segment of a URL's path: `:`, `@` and `+` stay, everything else outside RFC 3986's
 * unreserved characters is percent-encoded (D2).
 */
export const toPathSegment = (id: Identifier): string =>
  plainSegment.test(id)
    ? id
    : encodeURIComponent(id)
        .replace(/[!'()*]/g, encodeByte)
        .replace(/%(?:3A|40|2B)/g, decodeKept)
