/**
 * Spans for whoever has installed a tracer: one per create, a child per attempt. They carry the template of the path
 * and never a URL, an identifier or a value; without a tracer they cost next to nothing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

/**
 * Runs an effect in a span of its own where a tracer is installed; else it just runs, without a span. The tracer sees
 * how it ended, but not with what: a result names the contact.
 */
export const spanned = <A, E, R>(
  name: string,
  options: () => Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span | undefined) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    // the native tracer only makes spans up, nobody sees them
    if (fiber.getRef(Tracer.Tracer) === Tracer.nativeTracer) return use(undefined)
    let result: Effect.Effect<A> = Effect.never
    return Effect.andThen(
      Effect.useSpan(name, options(), (span) =>
        use(span).pipe(
          Effect.withParentSpan(span, { captureStackTrace: false }),
          Effect.map((value) => {
            result = Effect.succeed(value)
          }),
        ),
      ),
      Effect.suspend(() => result),
    )
  })

/** Gives the `traceparent` header of the span at hand; none without a span. */
export const traceparent: Effect.Effect<string | undefined> = Effect.withFiber((fiber) => {
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  return Effect.succeed(
    span === undefined
      ? undefined
      : `00-${span.traceId.padStart(32, "0")}-${span.spanId}-${span.sampled ? "01" : "00"}`,
  )
})
