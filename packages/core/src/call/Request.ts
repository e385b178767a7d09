/** The one request that there is (W1, W2, W3): what is sent for a valid contact, and what of it no text may show. */
import * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

import type { Validated } from "../contact/Contact.ts"
import * as Identifier from "../contact/Identifier.ts"

const headersOf = (token: Redacted.Redacted, more: Readonly<Record<string, string>>) =>
  Headers.fromRecordUnsafe({
    ...more,
    accept: "application/json",
    authorization: `Bearer ${Redacted.value(token)}`,
    "content-type": "application/json",
  })

/** The headers of requests that add none, by their token: the same object each time. */
const commonHeaders = new WeakMap<Redacted.Redacted, Headers.Headers>()

const commonHeadersOf = (token: Redacted.Redacted): Headers.Headers => {
  const known = commonHeaders.get(token)
  if (known !== undefined) return known
  const headers = headersOf(token, {})
  commonHeaders.set(token, headers)
  return headers
}

/** Makes the request; `more` are further headers by lower-case name, which never replace its own. */
export const make = (
  baseUrl: string,
  valid: Validated,
  token: Redacted.Redacted,
  more: Readonly<Record<string, string>> | undefined,
): HttpClientRequest.HttpClientRequest =>
  // made at one go: the combinators would copy the headers once for each of them
  HttpClientRequest.makeWith(
    "POST",
    `${baseUrl}/contact/${Identifier.toPathSegment(valid.identifier)}`,
    UrlParams.empty,
    Option.none(),
    more === undefined ? commonHeadersOf(token) : headersOf(token, more),
    HttpBody.text(valid.body, "application/json"),
  )

/** Lists the strings that no excerpt of an answer may show: identifier, values, token. */
export const secretsOf = (valid: Validated, token: Redacted.Redacted): ReadonlyArray<string> => {
  const { custom_fields: fields = [], ...texts } = valid.payload
  return [
    valid.identifier,
    Identifier.value(valid.identifier),
    ...Object.values(texts),
    ...fields.map((field) => String(field.value ?? "")),
    Redacted.value(token),
  ]
}
