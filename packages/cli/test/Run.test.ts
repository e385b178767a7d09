import { RateLimitError } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { usage } from "../src/Failure.ts"
import { Host } from "../src/Host.ts"
import type { Signal } from "../src/Report.ts"
import * as Report from "../src/Report.ts"
import * as Run from "../src/Run.ts"
import { captured } from "./captured.ts"

const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const { printer, streams, written } = captured()
  const host = Host.of({ env, cwd: "/", stdin: (async function* () {})(), ...streams })
  return { effect: Run.run("1.2.3", args, host, printer), printer, written }
}

const end = (
  exit: Parameters<typeof Run.reportEnd>[0],
  args: ReadonlyArray<string> = [],
  signal?: Signal,
) => {
  const { printer, written } = captured()
  printer.lastOutcome = "rejected"
  return { code: Run.reportEnd(exit, args, printer, signal), ...written }
}

const help = (commandPath: ReadonlyArray<string>, errors: ReadonlyArray<CliError.MissingOption>) =>
  end(Exit.fail(new CliError.ShowHelp({ commandPath, errors })))

describe("run", () => {
  it("runs the command that the arguments name", async () => {
    const { effect, written } = run(["--version"])
    await Effect.runPromise(effect)
    assert.strictEqual(written.stdout, "aelyst v1.2.3\n")
  })

  it("writes logged warnings to stderr", async () => {
    const args = ["create", "id:1", "--first-name", "A", "--retries", "0"]
    const { effect, printer, written } = run(args, {
      AELYST_TOKEN: "sandbox_ok",
      AELYST_BASE_URL: "http://127.0.0.1:1/v1",
    })
    // core logs a callback that throws
    Object.defineProperty(printer, "lastOutcome", {
      set: () => {
        throw new Error("canary")
      },
    })
    await Effect.runPromiseExit(effect)
    assert.deepStrictEqual(written, { stdout: "", stderr: "warning: a callback threw\n" })
  })
})

describe("reportEnd", () => {
  it("returns 0 and prints nothing after a success", () => {
    assert.deepStrictEqual(end(Exit.void), { code: 0, stdout: "", stderr: "" })
  })

  it("prints a failure and a report, and returns their exit codes", () => {
    const failed = end(Exit.fail(usage("wrong")))
    assert.deepStrictEqual([failed.code, failed.stderr], [2, "error: wrong  [USAGE]\n"])
    const context = Report.contextOf({ host: "h", profile: "default" })
    const report = Report.ofError(new RateLimitError({ attempts: [] }), context)
    const limited = end(Exit.fail(report))
    assert.strictEqual(limited.code, 6)
    assert.include(limited.stderr, "[RATE_LIMITED]")
  })

  it("prints nothing again for help and wrong invocations", () => {
    assert.deepStrictEqual(help(["aelyst"], []), { code: 0, stdout: "", stderr: "" })
    assert.strictEqual(help(["aelyst", "auth"], []).code, 0)
    const missing = new CliError.MissingOption({ option: "x" })
    assert.deepStrictEqual(help(["aelyst"], [missing]), { code: 2, stdout: "", stderr: "" })
  })

  it.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGQUIT", 131],
    ["SIGTERM", 143],
  ] as const)(
    "R23 says after %s what became known of the contact, and returns %d",
    (signal, exit) => {
      const { code, stderr } = end(Exit.interrupt(1), [], signal)
      assert.strictEqual(code, exit)
      assert.strictEqual(stderr, `error: stopped  [${signal}]\n  the contact was not created\n`)
    },
  )

  it("reports a defect as a bug, with its stack only with -v", () => {
    const exit = Exit.failCause(Cause.die(new Error("canary")))
    const { code, stderr } = end(exit)
    assert.strictEqual(code, 1)
    assert.include(stderr, "error: aelyst failed unexpectedly; this is a bug  [BUG]")
    assert.notInclude(stderr, "canary")
    for (const flag of ["-v", "-qv", "--verbose"]) {
      assert.match(end(exit, ["create", flag]).stderr, /Error: canary\n {2,}at /)
    }
  })
})
