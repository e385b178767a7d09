/**
 * One attempt: sends the request once, reads the response within its deadlines, and reports how far it got. A failure is
 * classified by phase, never by its error code; `TransportProbe` is how a transport reports the phase.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { RequestInit } from "effect/http/FetchHttpClient"
import type { Headers } from "effect/http/Headers"
import type * as HttpClient from "effect/http/HttpClient"
import { TracerDisabledWhen } from "effect/http/HttpClient"
import { isHttpClientError } from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"

import { ConnectionError, OutcomeUnknownError } from "../errors/AelystError.ts"
import type { DeadlineTimer } from "./DeadlineTimer.ts"
import { isFollowed } from "./Redirect.ts"
import { isSmall, readCapped } from "./ResponseBody.ts"
import type { Failure } from "./ResponseVerdict.ts"
import { TransportProbe, isAbortable } from "./TransportProbe.ts"

/** The deadlines of one attempt up to the head of its response, in milliseconds from its start. */
export interface AttemptLimits {
  readonly connectMs: number
  readonly firstByteMs: number
}

/** The code of an attempt that was not dispatched since it was too late: its gate's time or its run was over. */
export const tooLate = "TOO_LATE"

const codePattern = /^[A-Z][A-Z0-9_]{1,63}$/
const maxCauses = 8

/**
 * Returns the error code of the system or the transport along the chain of causes; `TRANSPORT` if there is none.
 *
 * **Example** (The code of a failed fetch)
 *
 * ```ts
 * import { codeOf } from "@aelyst/core/transport"
 *
 * const cause = Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" })
 *
 * console.log(codeOf(new TypeError("fetch failed", { cause }))) // => ENOTFOUND
 * ```
 */
export const codeOf = (error: unknown): string => {
  let current = error
  for (let depth = 0; depth < maxCauses; depth++) {
    if (typeof current !== "object" || current === null) break
    const code: unknown = Reflect.get(current, "code")
    if (typeof code === "string" && codePattern.test(code)) return code
    const reason: unknown = Reflect.get(current, "reason")
    current = Reflect.get(current, "cause") ?? (typeof reason === "object" ? reason : undefined)
  }
  return "TRANSPORT"
}

const kindOf = (code: string): ConnectionError["kind"] => {
  if (code === "ENOTFOUND" || code.startsWith("EAI_")) return "dns"
  if (["TIMEOUT", tooLate, "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"].includes(code)) return "timeout"
  if (code === "PROXY_AUTHENTICATION_REQUIRED") return "proxy_auth"
  // the target's certificate, or that of a proxy that is itself reached by TLS
  if (/CERT|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|CRL_/.test(code)) {
    return "certificate"
  }
  if (code.startsWith("PROXY_")) return "proxy"
  if (/^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code)) return "tls"
  return "connect"
}

/** Classifies a failure before any response by the phase that the probe reports. */
export const failureOf = ({ unsent }: TransportProbe, code: string): Failure => ({
  _tag: "Failure",
  outcome: unsent ? "not_sent" : "unknown",
  code,
  toError: (attempts) =>
    unsent
      ? new ConnectionError({ attempts, kind: kindOf(code), code })
      : new OutcomeUnknownError({ attempts, code }),
})

/** Ends the reading of a body after so many milliseconds; it then fails, or returns undefined. */
type Within = <E>(
  ms: number,
  body: Effect.Effect<string | undefined, E>,
) => Effect.Effect<string | undefined, E>

const raceBody: Within = (ms, body) =>
  Effect.timeoutOrElse(body, { duration: ms, orElse: () => Effect.undefined })

/** A response whose head has arrived. */
export class Arrived {
  readonly _tag = "Arrived"
  readonly status: number
  readonly headers: Headers
  readonly #response: HttpClientResponse.HttpClientResponse
  readonly #within: Within

  constructor(
    response: HttpClientResponse.HttpClientResponse,
    sent: HttpClientRequest.HttpClientRequest,
    within: Within,
  ) {
    this.#within = within
    // the transport may be any client, and may report anything
    const isValid = Number.isInteger(response.status) && !isFollowed(response, sent)
    this.status = isValid ? response.status : 0
    this.headers = response.headers
    this.#response = response
  }

  /** Reads the body within so many milliseconds; undefined if it stalled, broke or was too large. */
  body(withinMs: number): Effect.Effect<string | undefined> {
    // a small body whose length is declared is read in one piece: the stream costs more than the rest of the call
    const isInOnePiece = isSmall(this.headers)
    const text: Effect.Effect<string | undefined, unknown> = isInOnePiece
      ? this.#response.text
      : readCapped(this.#response)
    // a body that has arrived needs no deadline
    const isReady: boolean = Exit.isExit(text)
    if (isReady) return Effect.orElseSucceed(text, () => undefined)
    const within = isInOnePiece ? this.#within : raceBody
    return within(
      withinMs,
      Effect.catchDefect(text, () => Effect.undefined),
    ).pipe(Effect.orElseSucceed(() => undefined))
  }
}

/** Ends an attempt at its deadlines by a race: for transports that can only be interrupted. */
const raced = <A, E>(
  execute: Effect.Effect<A, E>,
  probe: TransportProbe,
  { connectMs, firstByteMs }: AttemptLimits,
): Effect.Effect<A, E | "TIMEOUT"> => {
  const clock = Effect.gen(function* () {
    yield* Effect.sleep(Math.min(connectMs, firstByteMs))
    if (!probe.unsent) yield* Effect.sleep(Math.max(0, firstByteMs - connectMs))
    return yield* Effect.fail("TIMEOUT" as const)
  })
  return Effect.raceFirst(execute, clock)
}

/** Ends an attempt at its deadlines by the timer that all attempts share. */
const timed = <A, E>(
  execute: Effect.Effect<A, E>,
  probe: TransportProbe,
  { connectMs, firstByteMs }: AttemptLimits,
  timer: DeadlineTimer,
): Effect.Effect<A, E> => {
  let isLast = connectMs >= firstByteMs
  return timer.within(Math.min(connectMs, firstByteMs), execute, () => {
    if (probe.unsent || isLast) {
      probe.expired = true
      probe.abort?.()
      return undefined
    }
    isLast = true
    return firstByteMs - connectMs
  })
}

// what `@effect/platform-node` gives to undici with each request; core may not import it
const UndiciOptions = Context.Reference<Readonly<Record<string, unknown>>>(
  "@effect/platform-node/NodeHttpClient/UndiciOptions",
  { defaultValue: () => ({}) },
)

/** Returns the context of a transport: no span, no redirect followed, and the probe of the attempt. */
const contextOf = (outer: Context.Context<never>, probe: TransportProbe) =>
  outer.pipe(
    Context.add(TransportProbe, probe),
    // the client's own span would carry the URL, and with it the identifier
    Context.add(TracerDisabledWhen, () => true),
    // a followed redirect turns the POST into a GET whose 200 looks like "created", or hands the contact to another origin
    Context.add(RequestInit, {
      ...Context.getOrUndefined(outer, RequestInit),
      redirect: "manual" as const,
    }),
    Context.add(UndiciOptions, { ...Context.get(outer, UndiciOptions), maxRedirections: 0 }),
  )

/**
 * Sends the request once; returns the head of the response, or the failure that came before it.
 *
 * The connect deadline holds only if the transport reports its phase; otherwise there is one deadline to the first byte.
 * A redirect that the client followed has status 0, as one that a browser's fetch did not follow.
 */
export const send = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  probe: TransportProbe,
  limits: AttemptLimits,
  timer: DeadlineTimer,
): Effect.Effect<Arrived | Failure> => {
  if (probe.overdue) {
    // nothing is dispatched, whether the transport reports its phase or not
    probe.watch()
    return Effect.succeed(failureOf(probe, tooLate))
  }
  // what is sent is what the client made of the request: a base URL or a header may have been added
  let sent = request
  const prepared = Effect.mapEager(client.preprocess(request), (last) => {
    sent = last
    return last
  })
  const execute = Effect.updateContext(
    client.postprocess(prepared),
    (outer: Context.Context<never>) => contextOf(outer, probe),
  )
  const abortBody: Within = (ms, body) =>
    timer.within(ms, body, () => {
      probe.abort?.()
      return undefined
    })
  const [ended, within] = isAbortable(client)
    ? [timed(execute, probe, limits, timer), abortBody]
    : [raced(execute, probe, limits), raceBody]
  return Effect.matchCauseEffect(ended, {
    // the probe is read when the transport has ended, even if it timed out: until then bytes may still leave
    onFailure: (cause): Effect.Effect<Arrived | Failure> => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
      // a transport that throws has failed
      const error = Cause.squash(cause)
      // a client such as `filterStatusOk` fails with a response that has arrived
      const response = isHttpClientError(error) ? error.response : undefined
      if (response !== undefined) return Effect.succeed(new Arrived(response, sent, within))
      const code = probe.expired || error === "TIMEOUT" ? "TIMEOUT" : codeOf(error)
      return Effect.succeed(failureOf(probe, code))
    },
    onSuccess: (response) => Effect.succeed(new Arrived(response, sent, within)),
  })
}
