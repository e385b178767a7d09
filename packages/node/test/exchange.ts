/** One create as bytes over a transport, for the tests: what came back, and what the probe says. */
import { TransportProbe, codeOf, makeTransportProbe } from "@aelyst/core/transport"
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import { HttpBody, HttpClientRequest } from "effect/http"

export const token = "token-for-tests"
export const contact = JSON.stringify({ firstName: "Ana" })

/** What one exchange came to; `code` is that of the failure. */
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
    body: HttpBody.text(contact, "application/json"),
  })

/** Sends one request, reads the answer's text, and gives failures as values. */
export const exchange = (
  http: HttpClient.HttpClient,
  origin: string,
  probe = makeTransportProbe(),
): Effect.Effect<Exchanged> => {
  let status: number | undefined
  return http.execute(requestTo(origin)).pipe(
    Effect.tap((reply) =>
      Effect.sync(() => {
        status = reply.status
      }),
    ),
    Effect.flatMap((reply) =>
      Effect.map(reply.text, (text) => ({
        status: reply.status,
        text,
        headers: { ...reply.headers },
        probe,
      })),
    ),
    Effect.catch((error) =>
      Effect.succeed({ ...(status !== undefined && { status }), code: codeOf(error), probe }),
    ),
    Effect.provideService(TransportProbe, probe),
  )
}

/** Says in one word how far an exchange got. */
export const phase = ({ probe }: Exchanged): string =>
  probe.dispatched ? "dispatched" : probe.unsent ? "unsent" : "unwatched"
