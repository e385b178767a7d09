/** Sends one create over a transport to a scripted server, for the tests, and reports the response and the phase. */
import { TransportProbe, codeOf, makeTransportProbe } from "@aelyst/core/transport"
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import { HttpBody, HttpClientRequest } from "effect/http"

import type { Script } from "../../../apps/conformance/src/network/RawServer.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import * as Transport from "../src/transport/Transport.ts"

export const token = "token-for-tests"
export const contactJson = JSON.stringify({ firstName: "Ana" })

/** The outcome of one exchange; `code` is that of the failure. */
export interface Exchanged {
  readonly status?: number
  readonly text?: string
  readonly headers?: { readonly [name: string]: string | undefined }
  readonly code?: string
  readonly probe: TransportProbe
}

export const requestTo = (origin: string, headers: Record<string, string> = {}) =>
  HttpClientRequest.post(`${origin}/v1/contact/email:ana@example.com`, {
    headers: { authorization: `Bearer ${token}`, accept: "application/json", ...headers },
    body: HttpBody.text(contactJson, "application/json"),
  })

/** Sends one request, reads the text of the response, and returns failures as values. */
export const exchange = (
  http: HttpClient.HttpClient,
  origin: string,
  probe = makeTransportProbe(),
): Effect.Effect<Exchanged> => {
  let status: number | undefined
  return http.execute(requestTo(origin)).pipe(
    Effect.tap((response) =>
      Effect.sync(() => {
        status = response.status
      }),
    ),
    Effect.flatMap((response) =>
      Effect.map(response.text, (text) => ({
        status: response.status,
        text,
        headers: { ...response.headers },
        probe,
      })),
    ),
    Effect.catch((error) =>
      Effect.succeed({ ...(status !== undefined && { status }), code: codeOf(error), probe }),
    ),
    Effect.provideService(TransportProbe, probe),
  )
}

/** Returns in one word how far an exchange got. */
export const phase = ({ probe }: Exchanged): string =>
  probe.dispatched ? "dispatched" : probe.unsent ? "unsent" : "unwatched"

/** Starts a scripted server, with TLS if a certificate is given; it ends with the test. */
export const serve = (script: Script, tls?: Parameters<typeof RawServer.start>[1], onPort = 0) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script, tls, onPort)),
    (server) => Effect.promise(() => server.close()),
  )

/** Starts a scripted server and a transport to it; both end with the test. */
export const setUp = Effect.fnUntraced(function* (
  script: Script,
  options: Omit<Transport.TransportOptions, "baseUrl"> = {},
) {
  const server = yield* serve(script)
  const http = yield* Transport.make({ baseUrl: server.origin, ...options })
  return { server, http, send: (probe?: TransportProbe) => exchange(http, server.origin, probe) }
})
