/**
 * The name of a contact in the path of the request: `email:…`, `phone:+…`, `id:…` or an opaque contact ID (W2, D1, D2).
 * Public as the namespace `Identifier`.
 */
import * as Result from "effect/Result"

import type { Identifier, IdentifierKind } from "../types.ts"
import * as Characters from "./Characters.ts"
import * as Issue from "./Issue.ts"
import * as Rule from "./TextRules.ts"

export type { Identifier, IdentifierKind } from "../types.ts"

type Parsed = Result.Result<Identifier, ReadonlyArray<Issue.Issue>>

const here: Issue.Path = ["identifier"]
// the longest email address (254) and its prefix; contact IDs have the same limit
const MAX_LENGTH = 260

// they keep every rule below, and most rows of a file have one
const plain = /^(?:phone:\+[1-9]\d{7,14}|email:[\w.%+-]{1,127}@[\w.-]{1,126})$/

// safe: called on strings that keep every rule of this module
const succeed = (text: string): Parsed => Result.succeed(text as Identifier)

/** Returns the prefix that a text begins with, in lower case, in whatever case and with whatever spaces it is written. */
const prefixOf = (text: string): string | undefined => {
  const [, name] = /^ *(email|phone|id) *:/i.exec(text.slice(0, 13)) ?? []
  return name === undefined ? undefined : `${name.toLowerCase()}:`
}

/** Applies a function to the domain of an address; the local part stays as written. */
const mapDomain = (address: string, f: (domain: string) => string): string => {
  const at = address.lastIndexOf("@") + 1
  return address.slice(0, at) + f(address.slice(at))
}

/**
 * Parses an identifier.
 *
 * **Details**
 *
 * Accepts `email:` and an address, `phone:` and an E.164 number, `id:` and a contact ID, and any other text as an
 * opaque contact ID that travels as it is (D1). The domain of an email is brought to Unicode's NFC; nothing else changes.
 * Rejects what D2 rejects, and also invisible and direction-changing characters, spaces at either end, and more than
 * 260 characters. A bare email, and bare digits that could be a phone number, are rejected with a hint at the prefix.
 *
 * Fails with one issue, at `path` (default `["identifier"]`). Takes linear time, never throws.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Result.isSuccess(Identifier.parse("phone:+60123456789"))) // => true
 * const bare = Identifier.parse("ada@example.com")
 * if (Result.isFailure(bare)) console.log(bare.failure[0]?.suggestion) // => write email: before the address
 * ```
 */
export const parse = (input: unknown, path: Issue.Path = here): Parsed => {
  const fail = (code: Issue.IssueCode, suggestion?: string): Parsed =>
    Result.fail([Issue.make(code, path, suggestion)])
  const checked = (rules: ReadonlyArray<Rule.TextRule>, text: string, id: string): Parsed => {
    const issue = Rule.check(rules, text, path)
    return issue === undefined ? succeed(id) : Result.fail([issue])
  }
  if (typeof input === "string" && plain.test(input)) return succeed(input)
  if (input === undefined || input === null || input === "") return fail("IDENTIFIER_MISSING")
  if (typeof input !== "string") return fail("IDENTIFIER_TYPE")
  if (input.length > MAX_LENGTH) return fail("IDENTIFIER_TOO_LONG")
  const unseen = input.search(Characters.unseenButSpace)
  if (unseen !== -1) {
    const suggestion = `remove character ${unseen + 1}`
    if (Characters.loneSurrogate.test(input)) return fail("STRING_MALFORMED", suggestion)
    const isControl = Characters.control.test(input)
    return fail(isControl ? "IDENTIFIER_CONTROL" : "IDENTIFIER_INVISIBLE", suggestion)
  }
  const trimmed = input.trim()
  if (trimmed === "") return fail("IDENTIFIER_MISSING")
  if (trimmed !== input) return fail("IDENTIFIER_SPACES", "remove the spaces at the ends")
  if (input === "." || input === "..") return fail("IDENTIFIER_DOTS")

  const prefix = prefixOf(input)
  if (prefix === undefined) {
    if (/^[^@]+@./.test(input)) return fail("PREFIX_MISSING", "write email: before the address")
    const digits = Rule.phoneDigits(input)
    if (digits < 8 || digits > 15) return succeed(input)
    return fail(
      "PREFIX_MISSING",
      input.startsWith("+")
        ? "write phone: before the number"
        : "write phone:+ before the number with its country code, or id: before a contact ID",
    )
  }
  if (!input.startsWith(prefix)) return fail("PREFIX_CASE", `write ${prefix}`)
  const rest = input.slice(prefix.length)
  const second = prefixOf(rest)
  if (second !== undefined) return fail("PREFIX_DOUBLE", `write ${second} once, at the beginning`)
  if (rest === "") return fail("IDENTIFIER_MISSING", `write something after ${prefix}`)
  if (prefix === "phone:") return checked(Rule.fields.phone, rest, input)
  if (prefix === "email:") {
    const composed = mapDomain(input, (domain) => domain.normalize("NFC"))
    return composed.length > MAX_LENGTH
      ? fail("IDENTIFIER_TOO_LONG")
      : checked(Rule.fields.email, rest, composed)
  }
  return rest.startsWith(" ")
    ? fail("IDENTIFIER_SPACES", "remove the space after id:")
    : succeed(input)
}

const withPrefix =
  (prefix: "email:" | "phone:" | "id:") =>
  (bare: string, path: Issue.Path = here): Parsed =>
    parse(typeof bare === "string" ? prefix + bare : bare, path)

/**
 * Creates `email:…` from a bare address; fails as `parse` does, `PREFIX_DOUBLE` included.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrThrow(Identifier.email("ada@example.com"))) // => email:ada@example.com
 * ```
 */
export const email = withPrefix("email:")

/**
 * Creates `phone:+…` from a bare E.164 number; fails as `parse` does, `PREFIX_DOUBLE` included.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrThrow(Identifier.phone("+60123456789"))) // => phone:+60123456789
 * ```
 */
export const phone = withPrefix("phone:")

/**
 * Creates `id:…` from a bare contact ID; fails as `parse` does, `PREFIX_DOUBLE` included.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrThrow(Identifier.contactId("5"))) // => id:5
 * ```
 */
export const contactId = withPrefix("id:")

/**
 * Returns the kind of an identifier; an opaque contact ID counts as `id`.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Identifier.kind(Result.getOrThrow(Identifier.parse("phone:+60123456789")))) // => phone
 * ```
 */
export const kind = (id: Identifier): IdentifierKind =>
  id.startsWith("email:") ? "email" : id.startsWith("phone:") ? "phone" : "id"

/**
 * Returns the identifier without its prefix: the address, the number or the contact ID.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Identifier.value(Result.getOrThrow(Identifier.parse("id:5")))) // => 5
 * ```
 */
export const value = (id: Identifier): string => id.replace(/^(?:email|phone|id):/, "")

/**
 * Returns the key under which requests for one contact are kept apart: the identifier as written, an email's domain in
 * lower case. `id:5` and `5` have different keys.
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Identifier.key(Result.getOrThrow(Identifier.email("Ada@Example.COM")))) // => email:Ada@example.com
 * ```
 */
export const key = (id: Identifier): string =>
  // lower case can leave a letter and a mark that NFC joins
  kind(id) === "email" ? mapDomain(id, (domain) => domain.toLowerCase().normalize("NFC")) : id

// most identifiers need no encoding at all
const plainSegment = /^[A-Za-z0-9\-._~:@+]*$/
const encodeByte = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/**
 * Returns the identifier as one segment of a URL's path: `:`, `@` and `+` stay, everything else outside RFC 3986's
 * unreserved characters is percent-encoded (D2).
 *
 * **Example**
 *
 * ```ts
 * import { Identifier } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * console.log(Identifier.toPathSegment(Result.getOrThrow(Identifier.parse("id:a/b")))) // => id:a%2Fb
 * ```
 */
export const toPathSegment = (id: Identifier): string =>
  plainSegment.test(id)
    ? id
    : encodeURIComponent(id)
        .replace(/[!'()*]/g, encodeByte)
        .replace(/%(?:3A|40|2B)/g, decodeURIComponent)
