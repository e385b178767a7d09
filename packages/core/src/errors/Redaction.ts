/** Removes everything personal from a text before an error may carry it. */
import type { HeaderRecord } from "./RateLimitHeaders.ts"

const email = /[^\s@<>"'(),;:=]{1,64}@[^\s@<>"'(),;]{1,255}/g
const digits = /\+?\d(?:[ ().-]?\d){4,}/g
const token = /\b(?:Bearer\s+)?[A-Za-z0-9_-]{24,}\b/g
const markup = /<[^<>]{0,500}>/g
const blanks = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu

// half of a surrogate pair, which encodeURIComponent and some log sinks reject
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const wellFormed = (text: string): string => text.replace(loneSurrogate, "\uFFFD")

const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
}

const fromCode = (code: number): string =>
  Number.isInteger(code) && code <= 0x10ffff ? String.fromCodePoint(code) : " "

const fromPercent = (bytes: string): string =>
  new TextDecoder().decode(
    Uint8Array.from(bytes.slice(1).split("%"), (byte) => Number.parseInt(byte, 16)),
  )

/** Undoes one layer of the escapes in which a server may echo a value: JSON, HTML, URL. */
const unescape = (text: string): string =>
  /[\\&%]/.test(text)
    ? text
        .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
        .replace(/\\[nrtbf]/g, " ")
        .replace(/\\(["'/\\])/g, "$1")
        .replace(/&#(\d{1,7});/g, (_, code: string) => fromCode(Number(code)))
        .replace(/&#x([0-9a-f]{1,6});/gi, (_, hex: string) => fromCode(Number.parseInt(hex, 16)))
        .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name: string) => named[name] ?? " ")
        .replace(/(?:%[0-9a-f]{2})+/gi, fromPercent)
    : text

/** Brings a text and the secrets to one spelling: escapes undone (twice, for JSON in JSON), NFC, single spaces. */
const plain = (text: string): string =>
  unescape(unescape(text)).normalize("NFC").replace(blanks, " ").trim()

// upper case first: it is what brings ı and I, ſ and s together
const fold = (text: string): string => text.toUpperCase().toLowerCase()

/** Lists the spellings in which a secret is looked for; one of fewer than three characters identifies no person. */
const forms = (secret: string): ReadonlyArray<string> => {
  const text = secret.normalize("NFC").replace(blanks, " ").trim()
  return [
    ...new Set([
      text,
      plain(secret),
      text.replaceAll(" ", "+"),
      // a number may come back without its plus
      text.replace(/^\+(?=\d)/, ""),
    ]),
  ]
    .map(fold)
    .filter((form) => form.length >= 3)
}

const without = (text: string, secrets: ReadonlyArray<string>): string => {
  let rest = text
  let lower = fold(rest)
  // folding can change a text's length (İ, ß); then positions do not carry over, and the folded text is kept
  if (lower.length !== rest.length) rest = lower
  // the longest first: the rest of one must not hide another
  const all = [...new Set(secrets.flatMap(forms))].toSorted((a, b) => b.length - a.length)
  for (const form of all) {
    if (!lower.includes(form)) continue
    let kept = ""
    let from = 0
    for (let at = lower.indexOf(form); at !== -1; at = lower.indexOf(form, from)) {
      kept += `${rest.slice(from, at)}…`
      from = at + form.length
    }
    rest = kept + rest.slice(from)
    lower = fold(rest)
    if (lower.length !== rest.length) rest = lower
  }
  return rest
}

// three parts of Base64url, of which the first begins with the start of a JSON object
const webToken = /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g
const bearer = /\b(Bearer\s+)[\w.~+/=-]{8,}/gi

const withoutTokens = (text: string): string => text.replace(bearer, "$1…").replace(webToken, "…")

/**
 * Replaces tokens by `…`: the given one in every spelling, what follows `Bearer`, and JSON web tokens. Everything else
 * stays as it is.
 */
export const maskTokens = (text: string, secret: string): string => {
  const written = withoutTokens(text).replaceAll(secret, "…")
  const spelled = plain(written)
  return fold(spelled).includes(fold(secret)) ? without(spelled, [secret]) : written
}

/** Replaces tokens in the values of headers. */
export const maskHeaders = (
  headers: HeaderRecord,
  secret: string,
): Readonly<Record<string, string>> => {
  const hasToken = (value = "") => value.includes(secret) || /bearer|eyJ/i.test(value)
  const all: Record<string, string> = {}
  for (const [name, value = ""] of Object.entries(headers)) {
    all[name] = hasToken(value) ? maskTokens(value, secret) : value
  }
  return all
}

/** Removes only the given secrets, in every spelling, and cuts the text to `most` characters; for header values. */
export const conceal = (text: string, secrets: ReadonlyArray<string>, most: number): string =>
  wellFormed(without(withoutTokens(plain(text)), secrets).slice(0, most))

/**
 * Replaces by `…` everything in a text that may be personal, and cuts the text to `most` characters.
 *
 * Replaced are the given secrets in every spelling in which a server may echo them, and anything like an email address, a
 * phone number or a token. Control characters and markup become spaces.
 *
 * **Example**
 *
 * ```ts
 * import { redact } from "@aelyst/core/transport"
 *
 * const text = "<b>Ada Lovelace</b> (ada@example.com) exists"
 * console.log(redact(text, ["Ada Lovelace"], 200)) // => … (…) exists
 * ```
 */
export const redact = (text: string, secrets: ReadonlyArray<string>, most: number): string => {
  // markup would split a value, and a value cut in half would not be recognised: the secrets go first, the cuts last
  const withoutMarkup = without(withoutTokens(plain(text)), secrets)
    .replace(markup, " ")
    .replace(blanks, " ")
  const bare = without(withoutMarkup, secrets)
  // a word that the bound of the search cuts in half is removed too
  const head = bare.length > most * 20 ? bare.slice(0, most * 20).replace(/\S*$/, "") : bare
  const clean = head
    .replace(email, "…")
    .replace(token, "…")
    .replace(digits, "…")
    .trim()
    .slice(0, most)
  return wellFormed(clean)
}
