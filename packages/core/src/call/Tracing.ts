/**
 * Spans, if a tracer is installed: one per create, a child per attempt. They carry the template of the path, never a URL,
 * an identifier, a value or an error of the caller's; without a tracer they cost next to nothing.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Fiber } from "effect/Fiber"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"

/** The attributes of each span: of the request, only what is the same for all contacts. */
export const requestAttributes = {
  "http.request.method": "POST",
  "url.template": "/contact/{identifier}",
}

/** Returns whether a tracer is installed: the native one only makes spans up. */
export const isInstalled = (fiber: Pick<Fiber<unknown, unknown>, "getRef">): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/** A failure as a span shows it: without the members of an error that may quote the contact, and without its cause. */
export class SpanFailure extends Error {
  /** The value of `error.type`: a status, a code, or the name of an error. */
  readonly type: string

  constructor({ name, message, type }: { name: string; message: string; type: string }) {
    super(message)
    this.name = name
    this.type = type
    // its frames would be those of this module
    this.stack = `${name}: ${message}`
  }
}

/** Returns what a span shows of a cause; undefined if it was only interrupted. */
const failureOf = (cause: Cause.Cause<Error>): SpanFailure | undefined => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some") {
    const { message, name } = error.value
    return new SpanFailure({ name, message, type: name })
  }
  if (Cause.hasInterruptsOnly(cause)) return undefined
  // a defect may hold anything; `_OTHER` is the convention for errors without a type
  return new SpanFailure({ name: "Defect", message: "The call died of a defect", type: "_OTHER" })
}

/**
 * Runs an effect in a span if a tracer is installed, else without one. The tracer sees whether it failed and how, but
 * neither its value, which names the contact, nor its error, which may quote it.
 *
 * `failed` returns the failure that a value stands for, if it does. The failure is the end of the span, not of the effect.
 */
export const spanned = <A, E extends Error, R>(
  name: string,
  options: () => Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span | undefined, fiber: Fiber<unknown, unknown>) => Effect.Effect<A, E, R>,
  failed: (value: A) => SpanFailure | undefined = () => undefined,
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    if (!isInstalled(fiber)) return use(undefined, fiber)
    const clock = fiber.getRef(Clock.Clock)
    const isTimed = fiber.getRef(References.TracerTimingEnabled)
    return Effect.acquireUseRelease(
      Effect.makeSpan(name, options()),
      (span) => Effect.withParentSpan(use(span, fiber), span, { captureStackTrace: false }),
      (span, exit) => {
        const end = Effect.sync(() => {
          const failure = Exit.isSuccess(exit) ? failed(exit.value) : failureOf(exit.cause)
          const at = isTimed ? clock.currentTimeNanosUnsafe() : 0n
          if (failure !== undefined) {
            span.attribute("error.type", failure.type)
            span.end(at, Exit.fail(failure))
          } else span.end(at, Exit.isSuccess(exit) ? Exit.void : Exit.interrupt())
        })
        // a tracer that throws does not change how the call ends
        return Effect.catchDefect(end, () => Effect.void)
      },
    )
  })

/** Returns the `traceparent` header of the current span; undefined without a span. */
export const traceparent: Effect.Effect<string | undefined> = Effect.withFiber((fiber) => {
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  return Effect.succeed(
    span === undefined
      ? undefined
      : `00-${span.traceId.padStart(32, "0")}-${span.spanId}-${span.sampled ? "01" : "00"}`,
  )
})
