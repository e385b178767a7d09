/**
 * Says which texts the fields of a contact and the identifier take (W4, D2,
 * D10): pure predicates in linear time, and hints at how to mend a text that
 * was refused, which never quote it.
 */
import * as Characters from "./Characters.ts"

/** The most characters of an email address. */
export const MAX_EMAIL = 254
/** The most bytes of a string in a contact. */
export const MAX_STRING = 4096
/** The most bytes of `profilePic`. */
export const MAX_PROFILE_PIC = 2048

// An identifier, or a link, where an address or a number is wanted.
const hasPrefix = (text: string): boolean =>
  text.includes(":") && /^(?:email|phone|mailto|tel):/i.test(text)

/**
 * Says whether a text is an email address: one `@` with text on both sides, no spaces, control or invisible
 * characters, at most 254 characters (D2). An address that still has the prefix `email:` is none.
 */
export const isEmail = (text: string): boolean => {
  if (text.length > MAX_EMAIL) return false
  const at = text.indexOf("@")
  return (
    at > 0 &&
    at < text.length - 1 &&
    text.indexOf("@", at + 1) === -1 &&
    Characters.scan(text) === 0 &&
    !hasPrefix(text)
  )
}

/** Says whether a text is a phone number in E.164 form: `+` and 8 to 15 digits, the first not 0 (D2). */
export const isPhone = (text: string): boolean =>
  text.length >= 9 &&
  text.length <= 16 &&
  text.charCodeAt(0) === 0x2b &&
  text.charCodeAt(1) !== 0x30 &&
  Characters.digits(text, 1, text.length) >= 0

/** Suggests how to write an email address that was refused, without quoting it. */
export const emailHint = (text: string): string | undefined => {
  if (text.length > MAX_EMAIL) return undefined
  if (hasPrefix(text)) return "leave the prefix out"
  const kinds = Characters.scan(text)
  if (kinds !== 0) return `remove character ${Characters.indexOf(text, kinds) + 1}`
  const at = text.indexOf("@")
  return at !== -1 && text.indexOf("@", at + 1) !== -1 ? "give one address" : undefined
}

// What people put between the digits of a phone number: space - . ( ) /
const isPunctuation = (unit: number): boolean =>
  unit === 0x20 || unit === 0x2d || unit === 0x2e || unit === 0x28 || unit === 0x29 || unit === 0x2f

/** Counts the digits of a text that has nothing but digits and phone punctuation after an optional `+`; else -1. */
export const phoneDigits = (text: string): number => {
  if (text.length > 40) return -1
  let count = 0
  for (let i = text.startsWith("+") ? 1 : 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (Characters.isDigit(unit)) count++
    else if (!isPunctuation(unit)) return -1
  }
  return count
}

/** Suggests how to write a phone number that was refused, without quoting it. */
export const phoneHint = (text: string): string | undefined => {
  if (hasPrefix(text)) return "leave the prefix out"
  const count = phoneDigits(text)
  if (count < 7) return undefined
  if (!text.startsWith("+")) {
    return text.startsWith("00")
      ? "write + in place of the leading 00"
      : "begin with + and the country code, such as +60"
  }
  if (count !== text.length - 1) return "remove spaces and punctuation"
  return text.startsWith("+0") ? "write the country code after +, without a leading 0" : undefined
}

/** Says whether a text is a day that exists, written `yyyy-mm-dd`, of the years 0001 to 9999. */
export const isDate = (text: string): boolean => {
  if (text.length !== 10 || text[4] !== "-" || text[7] !== "-") return false
  const year = Characters.digits(text, 0, 4)
  const month = Characters.digits(text, 5, 7)
  const day = Characters.digits(text, 8, 10)
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days =
    month === 2
      ? leap
        ? 29
        : 28
      : month === 4 || month === 6 || month === 9 || month === 11
        ? 30
        : 31
  return day <= days
}

/** Says whether a text is a time of day from `00:00` to `23:59`. */
export const isTime = (text: string): boolean => {
  if (text.length !== 5 || text[2] !== ":") return false
  const hour = Characters.digits(text, 0, 2)
  const minute = Characters.digits(text, 3, 5)
  return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59
}

const isHost = (host: string, singleLabel: boolean): boolean => {
  if (host.length > 253) return false
  let label = 0
  let dots = 0
  for (let i = 0; i < host.length; i++) {
    const unit = host.charCodeAt(i)
    if (unit === 0x2e) {
      if (label === 0 || host[i - 1] === "-") return false
      label = 0
      dots++
    } else {
      const legal =
        Characters.isLetter(unit) ||
        Characters.isDigit(unit) ||
        unit > 0x7f ||
        (unit === 0x2d && label > 0)
      if (!legal || ++label > 63) return false
    }
  }
  return label > 0 && !host.endsWith("-") && (dots > 0 || singleLabel)
}

const hasScheme = (text: string): boolean =>
  text.startsWith("https://") || /^https?:\/\//i.test(text)

/**
 * Says whether a text is a web address: `http://`, `https://` or no scheme, a host, perhaps a port, a path, a query and
 * a fragment (W4). Other schemes, user names and spaces are refused; without a scheme the host has a dot.
 */
export const isUrl = (text: string): boolean => {
  if (Characters.isLongerThan(text, MAX_STRING) || Characters.scan(text) !== 0) return false
  const scheme = hasScheme(text)
  const rest = scheme ? text.slice(text.indexOf("//") + 2) : text
  let end = 0
  while (end < rest.length && rest[end] !== "/" && rest[end] !== "?" && rest[end] !== "#") end++
  const colon = rest.indexOf(":")
  const hostEnd = colon === -1 || colon > end ? end : colon
  if (hostEnd < end) {
    const port = Characters.digits(rest, hostEnd + 1, end)
    if (end - hostEnd < 2 || end - hostEnd > 6 || port < 0 || port > 65_535) return false
  }
  return isHost(rest.slice(0, hostEnd), scheme)
}

/** Says whether a text is a web address that begins with its scheme. */
export const isAbsoluteUrl = (text: string): boolean => hasScheme(text) && isUrl(text)

/**
 * Says whether a text has the shape of a BCP 47 language tag: two or three letters, then subtags of one to eight letters
 * or digits, at most 35 characters (D10).
 */
export const isLanguage = (text: string): boolean => {
  if (text.length > 35) return false
  let length = 0
  let first = true
  for (let i = 0; i <= text.length; i++) {
    const unit = i === text.length ? 0x2d : text.charCodeAt(i)
    if (unit === 0x2d) {
      if (first ? length < 2 || length > 3 : length < 1 || length > 8) return false
      // a single letter only introduces what follows it
      if (i === text.length && !first && length === 1) return false
      first = false
      length = 0
    } else if (Characters.isLetter(unit) || (!first && Characters.isDigit(unit))) {
      length++
    } else {
      return false
    }
  }
  return true
}

/** Says whether a text is two ASCII letters (D10). */
export const isCountryCode = (text: string): boolean =>
  text.length === 2 &&
  Characters.isLetter(text.charCodeAt(0)) &&
  Characters.isLetter(text.charCodeAt(1))

/** Says whether a text is a profile picture's address: a URL with its scheme, at most 2,048 bytes. */
export const isProfilePic = (text: string): boolean =>
  !Characters.isLongerThan(text, MAX_PROFILE_PIC) && isAbsoluteUrl(text)
