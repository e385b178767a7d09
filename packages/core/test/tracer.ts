/** A tracer that keeps every span with its attributes and events. */
import { Tracer } from "effect"

/** Creates a tracer and the list that it fills. */
export const make = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    },
  })
  return { spans, tracer }
}
