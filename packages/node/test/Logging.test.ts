import { assert, describe, it } from "@effect/vitest"
import { Effect, References, Tracer } from "effect"
import { vi } from "vitest"

import type { LogLine } from "../src/index.ts"
import { contextOf } from "../src/Logging.ts"

const logAll = Effect.gen(function* () {
  yield* Effect.logFatal("fatal")
  yield* Effect.logError("error")
  yield* Effect.logWarning("warn", 5)
  yield* Effect.logInfo("info")
  yield* Effect.logDebug("debug")
}).pipe(Effect.provideService(References.MinimumLogLevel, "All"))

describe("contextOf", () => {
  it("passes levels and messages to a function", () => {
    const lines: Array<LogLine> = []
    Effect.runSyncWith(contextOf((line) => lines.push(line)))(logAll)
    assert.deepStrictEqual(lines, [
      { level: "error", message: "fatal" },
      { level: "error", message: "error" },
      { level: "warn", message: "warn 5" },
      { level: "info", message: "info" },
      { level: "debug", message: "debug" },
    ])
  })

  it("writes lines to stderr for `console`", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    try {
      Effect.runSyncWith(contextOf("console"))(Effect.logWarning("a callback threw"))
      assert.deepStrictEqual(
        write.mock.calls.map(([text]) => text),
        ["aelyst warn: a callback threw\n"],
      )
    } finally {
      write.mockRestore()
    }
  })

  it.each(["silent", undefined] as const)("writes nothing for %s", (logger) => {
    const out = vi.spyOn(process.stdout, "write").mockReturnValue(true)
    const error = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    try {
      Effect.runSyncWith(contextOf(logger))(logAll)
      assert.deepStrictEqual([out.mock.calls.length, error.mock.calls.length], [0, 0])
    } finally {
      out.mockRestore()
      error.mockRestore()
    }
  })

  it("records no spans", () => {
    const names: Array<string> = []
    const tracer = Tracer.make({
      span: (options) => {
        names.push(options.name)
        return new Tracer.NativeSpan(options)
      },
    })
    const traced = Effect.withSpan(Effect.void, "create")
    Effect.runSyncWith(contextOf("silent"))(Effect.provideService(traced, Tracer.Tracer, tracer))
    assert.deepStrictEqual(names, [])
    Effect.runSync(Effect.provideService(traced, Tracer.Tracer, tracer))
    assert.deepStrictEqual(names, ["create"])
  })
})
