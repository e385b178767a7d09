/**
 * The sandbox for Effect programs: a service, with an `HttpClient` or a client that reaches it without a port, on the
 * caller's clock, so that `TestClock` moves its windows and delays.
 */
import type { LayerOptions } from "@aelyst/core"
import { AelystClient, make } from "@aelyst/core"
import { TransportProbe } from "@aelyst/core/transport"
import { Sandbox } from "@aelyst/sandbox"
import type { SandboxOptions } from "@aelyst/sandbox"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"

/** The sandbox of a layer. */
export class SandboxService extends Context.Service<SandboxService, Sandbox>()(
  "@aelyst/sandbox/SandboxService",
) {}

const failed = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause }),
  })

const decoder = new TextDecoder()

const bodyText = (request: HttpClientRequest.HttpClientRequest): string | undefined => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return ""
    case "Uint8Array":
      return decoder.decode(body.body)
    case "Raw":
      return typeof body.body === "string" ? body.body : undefined
    default:
      return undefined
  }
}

/**
 * Creates an `HttpClient` that reaches only this sandbox, whatever the host of a request.
 *
 * **Details**
 *
 * Waits on the caller's clock. A connection that a fault cuts fails with a `TransportError` whose cause has the code that
 * a socket would have. Tells core's `TransportProbe` when a request has been sent. Bodies must be text or bytes in memory;
 * a stream fails.
 */
export const makeHttpClient = (sandbox: Sandbox): HttpClient.HttpClient =>
  HttpClient.make((request, url, _signal, fiber) => {
    const body = bodyText(request)
    if (body === undefined)
      return Effect.fail(
        failed(
          request,
          new TypeError("The body must be text or bytes in memory, not a stream or form data"),
        ),
      )
    return Effect.suspend(() => {
      const probe = fiber.getRef(TransportProbe)
      probe.watch()
      probe.dispatch()
      const { headers, method } = request
      const exchange = sandbox.exchange({ method, url: url.href, headers, body })
      const respond = Effect.try({
        try: () => HttpClientResponse.fromWeb(request, exchange.respond()),
        catch: (cause) => failed(request, cause),
      })
      return Effect.sleep(exchange.delayMs).pipe(
        Effect.andThen(exchange.stalls ? Effect.never : respond),
        Effect.onInterrupt(() => Effect.sync(exchange.abandon)),
      )
    })
  })

type InProcessOptions = Omit<SandboxOptions, "clock">

/** Creates a sandbox without a port, on the clock of the program. */
const makeInProcess = (options: InProcessOptions = {}): Effect.Effect<Sandbox> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const context = yield* Effect.context()
    return Sandbox.inProcess({
      ...options,
      clock: {
        now: () => clock.currentTimeMillisUnsafe(),
        sleep: (ms, signal) =>
          Effect.runPromiseWith(context)(
            Effect.ignore(Effect.exit(Effect.sleep(ms))),
            signal === undefined ? undefined : { signal },
          ).catch(() => undefined),
      },
    })
  })

/**
 * Provides a sandbox without a port, on the clock of the program that builds the layer, and the `HttpClient` that reaches
 * it.
 *
 * **Details**
 *
 * Invalid options are a defect, because they are written in code.
 */
export const layerInProcess = (
  options?: InProcessOptions,
): Layer.Layer<SandboxService | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(makeInProcess(options), (sandbox) =>
      Context.make(SandboxService, sandbox).pipe(
        Context.add(HttpClient.HttpClient, makeHttpClient(sandbox)),
      ),
    ),
  )

/** The options of a client and of the sandbox that it reaches. */
export interface LayerClientOptions {
  /** The token is the sandbox's `tokens.ok` if none is given. */
  readonly client?: Partial<Omit<LayerOptions, "baseUrl">>
  readonly sandbox?: InProcessOptions
}

/**
 * Provides the client of `@aelyst/core` and a new sandbox, without a port, on the clock of the program that builds
 * the layer.
 *
 * **Details**
 *
 * It is the real client: what it resends, waits for and reports is what your program will see. Under `TestClock` its waits
 * take no time. Invalid options are a defect, because they are written in code.
 */
export const layerClient = (
  options: LayerClientOptions = {},
): Layer.Layer<AelystClient | SandboxService> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const sandbox = yield* makeInProcess(options.sandbox)
      const token = Redacted.make(sandbox.tokens.ok)
      // any loopback host: the `HttpClient` reaches only this sandbox
      const baseUrl = "http://127.0.0.1/v1"
      const client = yield* Effect.orDie(make({ token, ...options.client, baseUrl })).pipe(
        Effect.provideService(HttpClient.HttpClient, makeHttpClient(sandbox)),
      )
      return Context.make(SandboxService, sandbox).pipe(Context.add(AelystClient, client))
    }),
  )

/** Provides a sandbox that listens on a port and closes with the layer. A port in use is a defect. */
export const layerServer = (options: SandboxOptions = {}): Layer.Layer<SandboxService> =>
  Layer.effect(
    SandboxService,
    Effect.acquireRelease(
      Effect.promise(() => Sandbox.start(options)),
      (sandbox) => Effect.promise(() => sandbox.close()),
    ),
  )
