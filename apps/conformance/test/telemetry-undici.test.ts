/** Tests what instrumentation of undici sees of a create, and that the README's settings leave it out. */
import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { start } from "../src/network/Child.ts"
import type { Input, Seen } from "../src/telemetry/instrumented-run.ts"

const readme = readFileSync(new URL("../../../packages/node/README.md", import.meta.url), "utf8")
const identifier = "email:canary-7c31@example.com"

const tools = [
  { name: "OpenTelemetry", constructor: "new UndiciInstrumentation" },
  { name: "Sentry", constructor: "Sentry.nativeNodeFetchIntegration" },
]

const traceHeaders = ["traceparent", "sentry-trace", "baggage"]

/** Returns the expression of the README that sets a tool up, for any host. */
const settingOf = (constructor: string): string => {
  const line = readme.split("\n").find((text) => text.startsWith(`${constructor}(`)) ?? ""
  assert.include(line, "https://api.aelyst.ai", `the README shows no ${constructor}`)
  return line
    .replace('origin === "https://api.aelyst.ai"', 'origin.startsWith("http://127.0.0.1:")')
    .replace("https://api.aelyst.ai/", "http://127.0.0.1:")
}

const run = (setUp: string) =>
  Effect.gen(function* () {
    const module = new URL("../src/telemetry/instrumented-run.ts", import.meta.url)
    const input: Input = { setUp, identifier }
    const child = yield* start<Seen>(module, { input })
    return yield* child.next
  })

describe.each(tools)("the instrumentation of $name", ({ constructor }) => {
  it.live("R13: writes the identifier, as the README says", () =>
    Effect.gen(function* () {
      const seen = yield* run(`${constructor}({})`)
      assert.include(JSON.stringify(seen.recorded), "canary-7c31")
      assert.isTrue(seen.received.some((header) => traceHeaders.includes(header)))
      assert.isTrue(seen.isTokenPublished)
    }),
  )

  it.live("R13: sees and adds nothing with the setting of the README", () =>
    Effect.gen(function* () {
      const seen = yield* run(settingOf(constructor))
      assert.deepStrictEqual(seen.recorded, [])
      assert.isFalse(seen.received.some((header) => traceHeaders.includes(header)))
    }),
  )
})
