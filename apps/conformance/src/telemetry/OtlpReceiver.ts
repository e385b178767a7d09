/** A small receiver for OTLP over HTTP with JSON, which accepts and stores everything. */
import type { AddressInfo } from "node:net"
import * as Http from "node:http"

/** A value as OTLP writes it; integers may be quoted. */
interface AnyValue {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly boolValue?: boolean
}

interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

/** A received span; its attributes by name. */
export interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** 1 is internal, 3 is client. */
  readonly kind: number
  /** 1 is ok, 2 is an error. */
  readonly status: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** The newest point of a metric; counts are cumulative. */
export interface Point {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** The count of a counter, or the number of values in a histogram. */
  readonly count: number
}

/** A running receiver. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly origin: string
  /** Every payload as text, with its path and headers. */
  readonly payloads: ReadonlyArray<string>
  readonly spans: () => ReadonlyArray<Span>
  readonly points: () => ReadonlyArray<Point>
}

interface WireSpan extends Omit<Span, "status" | "attributes"> {
  readonly status: { readonly code: number }
  readonly attributes: ReadonlyArray<KeyValue>
}

interface WirePoint {
  readonly attributes: ReadonlyArray<KeyValue>
  readonly asInt?: string | number
  readonly asDouble?: number
  readonly count?: string | number
}

interface Body {
  readonly resourceSpans?: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<WireSpan> }>
  }>
  readonly resourceMetrics?: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly sum?: { readonly dataPoints: ReadonlyArray<WirePoint> }
        readonly histogram?: { readonly dataPoints: ReadonlyArray<WirePoint> }
      }>
    }>
  }>
}

const valueOf = ({ boolValue, doubleValue, intValue, stringValue }: AnyValue): unknown =>
  stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue))

const attributesOf = (list: ReadonlyArray<KeyValue>) =>
  Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]))

/** Starts a receiver on 127.0.0.1. */
export const start = async (): Promise<OtlpReceiver> => {
  const payloads: Array<string> = []
  const bodies: Array<Body> = []
  const server = Http.createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString()
      payloads.push(`${request.url}\n${JSON.stringify(request.headers)}\n${text}`)
      // safe: a payload that is not OTLP has no such members
      bodies.push(JSON.parse(text) as Body)
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  // safe: a server that listens on a port has an address
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    payloads,
    spans: () =>
      bodies.flatMap(({ resourceSpans = [] }) =>
        resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map(({ attributes, status, ...span }) => ({
              ...span,
              status: status.code,
              attributes: attributesOf(attributes),
            })),
          ),
        ),
      ),
    points: () => {
      const newest = bodies.findLast(({ resourceMetrics }) => resourceMetrics !== undefined)
      return (newest?.resourceMetrics ?? []).flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.flatMap(({ histogram, name, sum }) =>
            (sum ?? histogram ?? { dataPoints: [] }).dataPoints.map((point) => ({
              name,
              attributes: attributesOf(point.attributes),
              count: Number(point.asInt ?? point.asDouble ?? point.count),
            })),
          ),
        ),
      )
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
