/**
 * One attempt: send the request once, read the answer within its deadlines, and say how far it got.
 * A failure is classified by phase, never by its error code; the probe is how a transport tells the phase.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { RequestInit } from "effect/http/FetchHttpClient"
import type { Headers } from "effect/http/Headers"
import type * as HttpClient from "effect/http/HttpClient"
import { TracerDisabledWhen } from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

import { ConnectionError, OutcomeUnknownError } from "../errors/AelystError.ts"
import type { Failure } from "./ResponseVerdict.ts"
import { TransportProbe, isAbortable } from "./TransportProbe.ts"
import type { DeadlineTimer } from "./DeadlineTimer.ts"
import type { HeaderRecord } from "../errors/RateLimitHeaders.ts"

/** Holds the deadlines of one attempt up to the head of its answer, in milliseconds from the start. */
export interface AttemptLimits {
  readonly connectMs: number
  readonly firstByteMs: number
}

/** The most bytes of a body that are read, after decoding. */
export const maxBodyBytes = 65_536

const codePattern = /^[A-Z][A-Z0-9_]{1,63}$/

/** Finds the system's or the transport's error code along the chain of causes; `TRANSPORT` where there is none. */
export const codeOf = (error: unknown): string => {
  let current = error
  for (let depth = 0; depth < 8; depth++) {
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
  if (code === "TIMEOUT" || code === "ETIMEDOUT" || code === "UND_ERR_CONNECT_TIMEOUT") {
    return "timeout"
  }
  if (code === "PROXY_AUTHENTICATION_REQUIRED") return "proxy_auth"
  // the target's, or that of a proxy that is itself reached by TLS
  if (/CERT|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|CRL_/.test(code)) {
    return "certificate"
  }
  if (code.startsWith("PROXY_")) return "proxy"
  if (/^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code)) return "tls"
  return "connect"
}

/** Tells what a failure before any answer means, by the phase that the probe reports. */
export const failureOf = (probe: TransportProbe, code: string): Failure => {
  if (!probe.unsent) {
    return {
      _tag: "Failure",
      outcome: "unknown",
      kind: "in_doubt",
      resendable: true,
      code,
      toError: (attempts) => new OutcomeUnknownError({ attempts, code }),
    }
  }
  const kind = kindOf(code)
  return {
    _tag: "Failure",
    outcome: "not_sent",
    kind: "connection",
    resendable: kind !== "certificate" && kind !== "proxy_auth",
    code,
    toError: (attempts) => new ConnectionError({ attempts, kind, code }),
  }
}

/** Holds the head of an answer, and the effect that reads its body within the deadline and the cap. */
export interface ResponseHead {
  readonly _tag: "Head"
  readonly status: number
  readonly headers: Headers
  /** Reads the text within so many milliseconds; undefined where it stalled, broke or was too large. */
  readonly body: (withinMs: number) => Effect.Effect<string | undefined>
}

const declaredLength = (headers: HeaderRecord): number => {
  const { "content-encoding": encoding, "content-length": length } = headers
  return length !== undefined &&
    /^\d{1,15}$/.test(length) &&
    (encoding === undefined || encoding === "identity")
    ? Number(length)
    : Number.NaN
}

const readCapped = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let size = 0
    let text = ""
    return response.stream.pipe(
      Stream.takeWhile((chunk) => {
        size += chunk.byteLength
        return size <= maxBodyBytes
      }),
      Stream.runForEach((chunk) =>
        Effect.sync(() => {
          text += decoder.decode(chunk, { stream: true })
        }),
      ),
      Effect.map(() => (size > maxBodyBytes ? undefined : text + decoder.decode())),
    )
  })

/** Gives the exit that an effect is already, if it is one. */
const exitOf = <A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> | undefined =>
  // safe: an effect that is an exit ends as that exit
  Exit.isExit(effect) ? (effect as Exit.Exit<A, E>) : undefined

const readBody = (response: HttpClientResponse.HttpClientResponse, withinMs: number) => {
  // a body whose length is declared and small is read in one piece: the stream costs more than the rest of the call
  const text: Effect.Effect<string | undefined, HttpClientError.HttpClientError> =
    declaredLength(response.headers) <= maxBodyBytes ? response.text : readCapped(response)
  // what is there already needs no deadline
  const ready = exitOf(text)
  if (ready !== undefined) {
    return Exit.isSuccess(ready) ? Effect.succeed(ready.value) : Effect.undefined
  }
  return text.pipe(
    Effect.catchDefect(() => Effect.undefined),
    Effect.timeoutOrElse({ duration: withinMs, orElse: () => Effect.undefined }),
    Effect.catch(() => Effect.undefined),
  )
}

const statusOf = (response: HttpClientResponse.HttpClientResponse): number => {
  const { status } = response
  // a transport of somebody's own may say anything
  if (!Number.isInteger(status)) return 0
  // fetch tells of a redirect that it followed; the answer then is not one to our request
  const source: unknown = Reflect.get(response, "source")
  const followed =
    typeof source === "object" && source !== null && Reflect.get(source, "redirected") === true
  return followed ? 0 : status
}

class LazyHead implements ResponseHead {
  readonly _tag = "Head"
  readonly status: number
  readonly headers: Headers
  private readonly response: HttpClientResponse.HttpClientResponse
  constructor(response: HttpClientResponse.HttpClientResponse) {
    this.status = statusOf(response)
    this.headers = response.headers
    this.response = response
  }
  body(withinMs: number): Effect.Effect<string | undefined> {
    return readBody(this.response, withinMs)
  }
}

/** Ends an attempt at its deadlines by a race: for transports that can only be interrupted. */
const raced = <A, E>(
  execute: Effect.Effect<A, E>,
  probe: TransportProbe,
  { connectMs, firstByteMs }: AttemptLimits,
): Effect.Effect<A, E | "TIMEOUT"> => {
  const expired = Effect.fail("TIMEOUT" as const)
  const clock = Effect.andThen(
    Effect.sleep(Math.min(connectMs, firstByteMs)),
    Effect.suspend(() =>
      probe.unsent
        ? expired
        : Effect.andThen(Effect.sleep(Math.max(0, firstByteMs - connectMs)), expired),
    ),
  )
  return Effect.raceFirst(execute, clock)
}

/** Ends an attempt at its deadlines by the timer that all attempts share. */
const timed = <A, E>(
  execute: Effect.Effect<A, E>,
  probe: TransportProbe,
  { connectMs, firstByteMs }: AttemptLimits,
  deadlines: DeadlineTimer,
): Effect.Effect<A, E> =>
  deadlines.within(Math.min(connectMs, firstByteMs), execute, () => {
    if (probe.unsent || connectMs >= firstByteMs || probe.late) {
      probe.expired = true
      probe.abort?.()
      return undefined
    }
    probe.late = true
    return firstByteMs - connectMs
  })

const always = () => true

/** What a transport finds in its context: no span of its own, no redirect followed, and the probe of the attempt. */
const contextOf = (outer: Context.Context<never>, probe: TransportProbe) =>
  // three additions: merging contexts would copy them
  outer.pipe(
    Context.add(TransportProbe, probe),
    // the client's own span would carry the URL, and with it the identifier
    Context.add(TracerDisabledWhen, always),
    // a followed redirect turns the POST into a GET whose 200 looks like "created", or hands the contact to another origin
    Context.add(RequestInit, {
      ...Context.getOrUndefined(outer, RequestInit),
      redirect: "manual" as const,
    }),
  )

/**
 * Sends the request once and gives the head of the answer, or the failure that came before it.
 *
 * The connect deadline holds only where the transport reports its phase; without a report there is the first-byte
 * deadline alone. A redirect that the transport followed has status 0, as one that it was told not to follow.
 */
export const send = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  probe: TransportProbe,
  limits: AttemptLimits,
  deadlines: DeadlineTimer,
): Effect.Effect<ResponseHead | Failure> => {
  const execute = Effect.updateContext(client.execute(request), (outer: Context.Context<never>) =>
    contextOf(outer, probe),
  )
  const ended = isAbortable(client)
    ? timed(execute, probe, limits, deadlines)
    : raced(execute, probe, limits)
  return Effect.matchCauseEffect(ended, {
    // asked when the transport has ended, a timed-out one too: until then bytes may still leave
    onFailure: (cause) => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
      // a transport of somebody's own that throws is one that failed
      const error = Cause.squash(cause)
      const code = probe.expired || error === "TIMEOUT" ? "TIMEOUT" : codeOf(error)
      return Effect.succeed(failureOf(probe, code))
    },
    onSuccess: (response) => Effect.succeed(new LazyHead(response)),
  })
}
