/**
 * A program that creates a contact with instrumentation of undici loaded, run by `Child`: the subscriptions of such tools
 * last as long as their process. Sends the spans, breadcrumbs and headers that the instrumentation wrote or changed.
 */
import { subscribe } from "node:diagnostics_channel"

import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { propagation } from "@opentelemetry/api"
import { W3CTraceContextPropagator } from "@opentelemetry/core"
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base"
import * as Sentry from "@sentry/node-core/light"

import { input } from "../network/Child.ts"

/** The input of the process; `setUp` is an expression from the README. */
export interface Input {
  readonly setUp: string
  readonly identifier: `email:${string}`
}

/** The message of the process: everything that the tools saw. */
export interface Seen {
  /** The attributes of OpenTelemetry's spans, and the data of Sentry's breadcrumbs. */
  readonly recorded: ReadonlyArray<object>
  /** Whether the request on the channel had the token. */
  readonly isTokenPublished: boolean
  /** The names of the headers that the sandbox received. */
  readonly received: ReadonlyArray<string>
}

const { setUp, identifier } = input<Input>()
const token = "sandbox_ok"
const recorded: Array<object> = []
const sandbox = await Sandbox.start()

let isTokenPublished = false
subscribe("undici:request:create", (message) => {
  isTokenPublished ||= JSON.stringify(message).includes(token)
})

const exporter = new InMemorySpanExporter()
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(exporter)],
})
propagation.setGlobalPropagator(new W3CTraceContextPropagator())

// the expression is code of the README, for the host of the sandbox
const create = new Function("UndiciInstrumentation", "Sentry", `return ${setUp}`)
const tool: unknown = create(UndiciInstrumentation, Sentry)
if (tool instanceof UndiciInstrumentation) tool.setTracerProvider(tracerProvider)
else {
  Sentry.init({
    dsn: "http://key@127.0.0.1:9/1",
    tracesSampleRate: 1,
    defaultIntegrations: false,
    // safe: the README shows an integration
    integrations: [tool as ReturnType<typeof Sentry.nativeNodeFetchIntegration>],
    beforeBreadcrumb: (breadcrumb) => {
      recorded.push(breadcrumb.data ?? {})
      return breadcrumb
    },
  })
}

const aelyst = new Aelyst({ baseUrl: sandbox.baseUrl, token })
await aelyst.contacts.create(identifier, { firstName: "Ana" })
await aelyst.close()

recorded.push(...exporter.getFinishedSpans().map(({ attributes }) => attributes))
const seen: Seen = {
  recorded,
  isTokenPublished,
  received: Object.keys(sandbox.requests()[0]?.headers ?? {}),
}
await sandbox.close()
process.send?.(seen, () => process.disconnect())
