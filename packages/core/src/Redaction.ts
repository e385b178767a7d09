/** Takes everything personal out of a text before any error may carry it. */

const email = /[^\s@<>"'(),;:=]{1,64}@[^\s@<>"'(),;]{1,255}/g
const digits = /\+?\d(?:[ ().-]?\d){4,}/g
const token = /\b(?:Bearer\s+)?[A-Za-z0-9_-]{24,}\b/g

// half of a surrogate pair, which encodeURIComponent and some log sinks refuse
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const wellFormed = (text: string): string => text.replace(loneSurrogate, "\uFFFD")

const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")

const forms = (secret: string): ReadonlyArray<string> => {
  const json = JSON.stringify(secret).slice(1, -1)
  const url = encodeURIComponent(wellFormed(secret))
  return [...new Set([secret, secret.trim(), json, url, escapeHtml(secret)])].map((form) =>
    form.toLowerCase(),
  )
}

const without = (text: string, secret: string): string => {
  let rest = text
  for (const form of forms(secret)) {
    if (form.length < 3) continue
    let lower = rest.toLowerCase()
    // toLowerCase can change a text's length (İ); then positions do not carry over and nothing may stay
    if (lower.length !== rest.length) {
      rest = lower
    }
    let at = lower.indexOf(form)
    while (at !== -1) {
      rest = `${rest.slice(0, at)}…${rest.slice(at + form.length)}`
      lower = rest.toLowerCase()
      at = lower.indexOf(form, at + 1)
    }
  }
  return rest
}

/**
 * Cuts a text to `most` characters and replaces by `…` what may be personal: the given secrets in every spelling a
 * server may echo them in, anything like an email address, a phone number or a token. Control characters and markup
 * become spaces.
 */
export const redact = (text: string, secrets: ReadonlyArray<string>, most: number): string => {
  // a secret cut in half would no longer be recognised, so the cut comes last
  let rest = text.slice(0, most * 20)
  for (const secret of secrets) rest = without(rest, secret)
  const clean = rest
    .replace(email, "…")
    .replace(digits, "…")
    .replace(token, "…")
    .replace(/<[^>]{0,500}>/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .slice(0, most)
  return wellFormed(clean)
}
