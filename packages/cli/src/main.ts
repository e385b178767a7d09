/** The process: signals, the end of the program and its exit code. */
import * as Effect from "effect/Effect"

import { exitTable } from "./ExitCode.ts"
import { Host } from "./Host.ts"
import type { Signal } from "./Report.ts"
import * as Reports from "./Report.ts"
import * as Run from "./Run.ts"
import { Printer, lookOf } from "./Screen.ts"

/** Runs the command and ends the process. */
export const main = (version: string, args: ReadonlyArray<string>): void => {
  const { env, stdout, stderr } = process
  const printer = new Printer({ ...lookOf(args), env, stdout, stderr })
  let handle: ((signal: Signal) => void) | undefined
  let outlivesOutput = false
  const host = Host.of({
    env,
    cwd: process.cwd(),
    // most commands do not read it, and opening it takes time
    get stdin() {
      return process.stdin
    },
    stdout,
    stderr,
    onSignal: (handler) => {
      handle = handler
    },
    outliveOutput: () => {
      outlivesOutput = true
    },
  })

  // until the end of the run sets another
  process.exitCode = exitTable.bug.code
  let signal: Signal | undefined
  const fiber = Effect.runFork(Run.run(version, args, host, printer))
  const stop = (received: Signal) => {
    // a second signal does not wait
    if (signal !== undefined) {
      printer.clear()
      process.exit(Reports.exitCodeOf(Reports.ofSignal(received, printer.lastOutcome)))
    }
    signal = received
    if (handle === undefined) fiber.interruptUnsafe()
    else handle(received)
  }
  for (const name of Reports.signals) process.on(name, () => stop(name))
  process.stderr.on("resize", () => printer.redraw())

  const end = (code: number): void => {
    process.exitCode = code
    if (!printer.isOpen) return void stderr.write("", () => process.exit(code))
    // an idle handle must not keep the process alive; output is flushed first
    stdout.write("", (lost) => {
      // a failed write is reported by the listener below, which then ends the process
      if (lost === null || lost === undefined) stderr.write("", () => process.exit(code))
    })
  }
  // the listener of `bin.ts` ends the process
  stdout.removeAllListeners("error")
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (outlivesOutput) return printer.closeOutput(error.code)
    // the reader of a pipe may leave at any time, as in `aelyst … | head`: that is not an error
    if (error.code === "EPIPE") process.exit(exitTable.ok.code)
    const report = Reports.ofLostOutput(error.code ?? "UNKNOWN", printer.lastOutcome)
    Reports.print(report, printer)
    process.exit(Reports.exitCodeOf(report))
  })
  process.on("uncaughtException", ({ stack }) => {
    Run.reportDefect(stack, args, printer)
    process.exit(exitTable.bug.code)
  })
  fiber.addObserver((exit) => end(Run.reportEnd(exit, args, printer, signal)))
}
