/** A tracer that keeps every span, with all that was put on it. */
import { Tracer } from "effect"

/** Makes a tracer and the list that it fills. */
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
