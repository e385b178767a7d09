/** The one request of the API (W1, W2, W3), and the strings of it that no text may show. */
import * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

import type { Validated } from "../contact/Contact.ts"
import * as Identifier from "../contact/Identifier.ts"
import type { ClientConfig } from "../types.ts"

const headersOf = (token: Redacted.Redacted, more?: Readonly<Record<string, string>>) =>
  Headers.fromRecordUnsafe({
    ...more,
    accept: "application/json",
    authorization: `Bearer ${Redacted.value(token)}`,
    "content-type": "application/json",
  })

// one object for all requests with one token: a transport can prepare it once
const commonHeaders = new WeakMap<Redacted.Redacted, Headers.Headers>()

const commonHeadersOf = (token: Redacted.Redacted): Headers.Headers => {
  const headers = commonHeaders.get(token) ?? headersOf(token)
  commonHeaders.set(token, headers)
  return headers
}

const segmentOf = ({ identifier }: Validated, encodePlus: boolean): string => {
  const segment = Identifier.toPathSegment(identifier)
  return encodePlus ? segment.replaceAll("+", "%2B") : segment
}

/** Creates the request; `more` are further headers by lower-case name, which never replace its own. */
export const make = (
  { baseUrl, encodePlus }: Pick<ClientConfig, "baseUrl" | "encodePlus">,
  valid: Validated,
  token: Redacted.Redacted,
  more: Readonly<Record<string, string>> | undefined,
): HttpClientRequest.HttpClientRequest =>
  // made in one step: each combinator would copy the headers once
  HttpClientRequest.makeWith(
    "POST",
    `${baseUrl}/contact/${segmentOf(valid, encodePlus)}`,
    UrlParams.empty,
    Option.none(),
    more === undefined ? commonHeadersOf(token) : headersOf(token, more),
    HttpBody.text(valid.body, "application/json"),
  )

/** Returns the strings that no excerpt of a response may show: identifier, values, token. */
export const secretsOf = (valid: Validated, token: Redacted.Redacted): ReadonlyArray<string> => [
  ...valid.secrets,
  Redacted.value(token),
]
