/**
 * The request of a create without sending it: the real client makes it, and a transport that sends nothing captures it.
 * Printed as an HTTP message, or as a curl command that works when pasted.
 */
import type { AelystError, ClientOptions, Validated } from "@aelyst/core"
import { make } from "@aelyst/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"

import { quietJson, shellQuote } from "./Text.ts"

/** Holds a request as it would be sent, with the name of a variable instead of the token. */
export interface Preview {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// as long as a token must be, and never sent
const placeholder = "$AELYST_TOKEN"

const textOf = ({ body }: HttpClientRequest): string =>
  body._tag === "Uint8Array"
    ? new TextDecoder().decode(body.body)
    : body._tag === "Raw" && typeof body.body === "string"
      ? body.body
      : ""

/** Returns the request of a create; fails as the create would before it sends. */
export const preview = (
  valid: Validated,
  options: ClientOptions,
): Effect.Effect<Preview, AelystError> =>
  Effect.gen(function* () {
    const captured = yield* Deferred.make<HttpClientRequest>()
    const transport = HttpClient.make((request) =>
      Effect.andThen(Deferred.succeed(captured, request), Effect.never),
    )
    // the options are checked already
    const client = yield* Effect.orDie(
      make({ ...options, token: Redacted.make(placeholder) }).pipe(
        Effect.provideService(HttpClient.HttpClient, transport),
      ),
    )
    const request = yield* Effect.raceFirst(
      Deferred.await(captured),
      Effect.andThen(client.create(valid), Effect.never),
    )
    // the program that sends the bytes counts them
    const { "content-length": _, ...headers } = request.headers
    return {
      method: request.method,
      url: request.url,
      headers: { ...headers, "content-type": "application/json" },
      body: quietJson(textOf(request)),
    }
  }).pipe(Effect.scoped)

const titled = (name: string): string =>
  name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

/** Renders a request as an HTTP message. */
export const asMessage = ({ method, url, headers, body }: Preview): string =>
  [
    `${method} ${url} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${titled(name)}: ${value}`),
    "",
    body,
  ].join("\n")

/**
 * Renders a request as a shell command.
 *
 * The token reaches curl through a pipe: an argument would be visible in the process list.
 */
export const asCurl = ({ method, url, headers, body }: Preview): string => {
  const others = Object.entries(headers).filter(([name]) => name !== "authorization")
  return [
    `printf 'Authorization: Bearer %s\\n' "$AELYST_TOKEN" | curl --request ${method} --header @-`,
    ...(url.includes("[") ? ["--globoff"] : []),
    ...others.map(([name, value]) => `--header ${shellQuote(`${titled(name)}: ${value}`)}`),
    `--data-raw ${shellQuote(body)}`,
    shellQuote(url),
  ].join(" \\\n  ")
}
