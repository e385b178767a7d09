/** The process: signals, the end of the program and its exit code. */
import * as Effect from "effect/Effect"

import { exitTable } from "./ExitCode.ts"
import { Host } from "./Host.ts"
import type { Signal } from "./Run.ts"
import * as Run from "./Run.ts"
import { Printer, lookOf } from "./Screen.ts"

const ofSignal = { SIGINT: "interrupted", SIGTERM: "terminated" } as const

/** Runs the command and ends the process. */
export const main = (version: string, args: ReadonlyArray<string>): void => {
  const { env, stdin, stdout, stderr } = process
  const printer = new Printer({ ...lookOf(args), env, stdout, stderr })
  const host = Host.of({ env, cwd: process.cwd(), stdin, stdout, stderr })

  // until the end of the run sets another
  process.exitCode = exitTable.bug.code
  let signal: Signal | undefined
  const fiber = Effect.runFork(Run.run(version, args, host, printer))
  const stop = (received: Signal) => {
    // a second signal does not wait
    if (signal !== undefined) process.exit(exitTable[ofSignal[received]].code)
    signal = received
    fiber.interruptUnsafe()
  }
  process.on("SIGINT", () => stop("SIGINT"))
  process.on("SIGTERM", () => stop("SIGTERM"))
  process.stderr.on("resize", () => printer.redraw())

  const end = (code: number): void => {
    process.exitCode = code
    // an idle handle must not keep the process alive; output is flushed first
    stdout.write("", (lost) => {
      // a failed write is reported by the listener in `bin.ts`, which then ends the process
      if (lost === null || lost === undefined) stderr.write("", () => process.exit(code))
    })
  }
  process.on("uncaughtException", ({ stack }) => {
    Run.reportDefect(stack, args, printer)
    process.exit(exitTable.bug.code)
  })
  fiber.addObserver((exit) => end(Run.reportEnd(exit, args, printer, signal)))
}
