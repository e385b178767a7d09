/** Checks how the API is reached: base URL, token and headers. No message shows their values, which may hold secrets. */
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { ClientConfig } from "../types.ts"
import { ConfigurationError, show } from "./ConfigurationError.ts"
import { optionTable } from "./OptionTable.ts"

/** The bearer token (W1): fixed, or an effect that runs before each attempt. */
export type TokenSource<R = never> =
  | Redacted.Redacted
  | Effect.Effect<Redacted.Redacted, unknown, R>

/** Holds a checked value, or what is wrong with the option. */
export type Checked<A> = Result.Result<A, ConfigurationError>

/**
 * Fails with the rule that an option breaks, and with the value if it may be shown.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const failed = ClientOptions.fail("ordered", "must be true or false", 5)
 * console.log(Result.isFailure(failed) && failed.failure.message)
 * // => `ordered` must be true or false (got 5)
 * ```
 */
export const fail = (option: string, rule: string, ...given: [value?: unknown]): Checked<never> =>
  Result.fail(
    new ConfigurationError(option, given.length === 0 ? rule : `${rule} (got ${show(given[0])})`),
  )

/**
 * Returns whether a host name of a URL is this machine's: `localhost`, `127.0.0.0/8` or `[::1]`.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 *
 * console.log(ClientOptions.isLoopback(new URL("http://127.1:4242/v1").hostname)) // => true
 * console.log(ClientOptions.isLoopback("localhost.example.com")) // => false
 * ```
 */
export const isLoopback = (hostname: string): boolean => {
  const host = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)
}

const sandboxToken = /^sandbox_/

/**
 * Checks a base URL: https, or http on a loopback host, or http anywhere with a token of the sandbox (`sandbox_…`), which is
 * no secret; without user, query and fragment. Returns it without a final
 * slash, together with its origin. The error does not show the URL, which may hold a password.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const checked = ClientOptions.checkBaseUrl("http://localhost:4242/v1/")
 * console.log(Result.getOrThrow(checked).baseUrl) // => http://localhost:4242/v1
 * ```
 */
export const checkBaseUrl = (
  input: string,
  token?: unknown,
): Checked<Pick<ClientConfig, "baseUrl" | "origin">> => {
  if (typeof input !== "string" || !URL.canParse(input)) {
    return fail("baseUrl", `must be a URL, such as ${optionTable.baseUrl.default}`)
  }
  const url = new URL(input)
  const text = Redacted.isRedacted(token) ? Redacted.value(token) : token
  const isLocal = isLoopback(url.hostname) || (typeof text === "string" && sandboxToken.test(text))
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal)) {
    const exceptions = token === undefined ? "loopback hosts" : "loopback hosts and sandbox tokens"
    const rule = `must begin with https:// (http:// only for ${exceptions})`
    return fail("baseUrl", rule)
  }
  if (url.username !== "" || url.password !== "") {
    return fail("baseUrl", "must not contain a user or a password")
  }
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(input)) {
    return fail("baseUrl", "must not contain a query or a fragment")
  }
  const { origin, pathname } = url
  return Result.succeed({ baseUrl: origin + pathname.replace(/\/+$/, ""), origin })
}

/**
 * Checks a token: 8 to 4,096 visible ASCII characters, after one trailing line break is removed. The error does not show
 * it.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * console.log(Result.isSuccess(ClientOptions.checkToken("sandbox_ok\n"))) // => true
 * console.log(Result.isSuccess(ClientOptions.checkToken("two words"))) // => false
 * ```
 */
export const checkToken = (input: string): Checked<Redacted.Redacted> => {
  const text = typeof input === "string" ? input.replace(/\r?\n$/, "") : ""
  return /^[\x21-\x7e]{8,4096}$/.test(text)
    ? Result.succeed(Redacted.make(text, { label: "token" }))
    : fail("token", "must be 8 to 4,096 visible ASCII characters, without spaces or line breaks")
}

// set by the client, the transport or HTTP
const reservedHeader =
  /^(?:authorization|accept|accept-encoding|content-.*|transfer-encoding|host|connection|keep-alive|te|trailer|upgrade|expect|user-agent|cookie|proxy-.*)$/

/**
 * Checks the headers that a caller adds to a request; returns them by lower-case name.
 *
 * **Details**
 *
 * Rejects headers that the client, the transport or HTTP sets, and names or values that a header cannot hold. The error
 * shows no value.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const checked = ClientOptions.checkHeaders({ "X-Request-Id": "7" })
 * console.log(Result.getOrThrow(checked)) // => { 'x-request-id': '7' }
 * ```
 */
export const checkHeaders = (headers: unknown): Checked<Readonly<Record<string, string>>> => {
  if (typeof headers !== "object" || headers === null) {
    return fail("headers", "must be an object of strings by name", headers)
  }
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(lower)) {
      return fail("headers", "must not contain an invalid header name")
    }
    if (reservedHeader.test(lower)) {
      return fail("headers", `must not contain \`${lower}\`, which the client or HTTP sets`)
    }
    if (typeof value !== "string" || !/^[\x20-\x7e\t]*$/.test(value)) {
      return fail("headers", "must not contain a value other than visible ASCII")
    }
    checked[lower] = value
  }
  return Result.succeed(checked)
}
