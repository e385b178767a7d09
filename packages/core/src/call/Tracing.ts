/**
 * Spans, if a tracer is installed: one per create, a child per attempt. They carry the template of the path, never a URL,
 * an identifier or a value; without a tracer they cost next to nothing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Fiber } from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** Returns whether a tracer is installed: the native one only makes spans up. */
export const isInstalled = (fiber: Pick<Fiber<unknown, unknown>, "getRef">): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/**
 * Runs an effect in a span if a tracer is installed, else without one. The tracer sees how it ended, but not its value: a
 * result names the contact.
 */
export const spanned = <A, E, R>(
  name: string,
  options: () => Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span | undefined, fiber: Fiber<unknown, unknown>) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    if (!isInstalled(fiber)) return use(undefined, fiber)
    let result: Effect.Effect<A> = Effect.never
    return Effect.andThen(
      Effect.useSpan(name, options(), (span) =>
        use(span, fiber).pipe(
          Effect.withParentSpan(span, { captureStackTrace: false }),
          Effect.map((value) => {
            result = Effect.succeed(value)
          }),
        ),
      ),
      Effect.suspend(() => result),
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
