/** A transport in memory that responds from a script in virtual time and records the requests it received. */
import { Clock, Effect } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"

import { TransportProbe } from "../src/call/TransportProbe.ts"

/** How the server handles one request. */
export type Step =
  | {
      readonly status: number
      readonly body?: unknown
      readonly text?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly afterMs?: number
      /** The body never ends. */
      readonly stallBody?: boolean
    }
  /** The transport fails with this code, before or after bytes could leave. */
  | { readonly fails: string; readonly dispatched: boolean; readonly afterMs?: number }
  /** No response ever comes. */
  | { readonly hangs: true; readonly dispatched: boolean }

export const ok: Step = {
  status: 200,
  body: { code: "200", message: "Contact added successfully!" },
}
export const rateLimited = (
  retryAfter?: string,
  extra: Readonly<Record<string, string>> = {},
): Step => ({
  status: 429,
  body: { code: 429, message: "Too Many Requests" },
  headers: { ...(retryAfter !== undefined && { "retry-after": retryAfter }), ...extra },
})
export const status = (code: number, message = "no"): Step => ({
  status: code,
  body: { code, message },
})
/** A failure of the server that names a wait. */
export const failing = (code: number, retryAfter: string): Step => ({
  status: code,
  body: { code, message: "no" },
  headers: { "retry-after": retryAfter },
})
export const lost: Step = { fails: "ECONNRESET", dispatched: true }
export const unreachable: Step = { fails: "ECONNREFUSED", dispatched: false }

/** One request as the server saw it: its time, its headers and body, and whether its bytes arrived. */
export interface Received {
  readonly atMs: number
  readonly path: string
  readonly authorization: string | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  readonly arrived: boolean
}

/** Creates a transport that follows the script, one step per request; the last step repeats. */
export const make = (script: ReadonlyArray<Step>, options: { readonly reports?: boolean } = {}) => {
  const received: Array<Received> = []
  const client = HttpClient.make((request, url, _signal, fiber) =>
    Effect.gen(function* () {
      const step = script[Math.min(received.length, script.length - 1)] ?? ok
      const probe = fiber.getRef(TransportProbe)
      if (options.reports !== false) probe.watch()
      const dispatched = "status" in step || step.dispatched
      if (dispatched && options.reports !== false) probe.dispatch()
      const body =
        request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
      received.push({
        atMs: yield* Clock.currentTimeMillis,
        path: url.pathname,
        authorization: request.headers["authorization"],
        headers: request.headers,
        body,
        arrived: dispatched,
      })
      if ("hangs" in step) return yield* Effect.never
      if (step.afterMs !== undefined) yield* Effect.sleep(step.afterMs)
      if ("fails" in step) {
        return yield* Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({
              request,
              cause: Object.assign(new Error("the socket broke"), { code: step.fails }),
            }),
          }),
        )
      }
      const text = step.text ?? (step.body === undefined ? "" : JSON.stringify(step.body))
      const stream = step.stallBody
        ? new ReadableStream<Uint8Array>({
            start: (c) => c.enqueue(new TextEncoder().encode(text)),
          })
        : text
      // a Response takes 200 to 599 only, and no body for some of them
      const bare = step.status < 200 || [204, 205, 304].includes(step.status)
      const web = new Response(bare ? null : stream, {
        status: bare ? 200 : step.status,
        headers: { ...step.headers },
      })
      const response = HttpClientResponse.fromWeb(request, web)
      if (!bare) return response
      return Object.create(response, { status: { value: step.status } })
    }),
  )
  return { client, received }
}
