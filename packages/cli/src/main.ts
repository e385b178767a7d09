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

  // unless the program comes to its end, which says otherwise
  process.exitCode = exitTable.bug.code
  let signal: Signal | undefined
  const fiber = Effect.runFork(Run.run(version, args, host, printer))
  const stop = (received: Signal) => {
    // who asks twice does not want to wait
    if (signal !== undefined) process.exit(exitTable[ofSignal[received]].code)
    signal = received
    fiber.interruptUnsafe()
  }
  process.on("SIGINT", () => stop("SIGINT"))
  process.on("SIGTERM", () => stop("SIGTERM"))
  process.stderr.on("resize", () => printer.redraw())

  const end = (code: number): void => {
    process.exitCode = code
    // an idle handle must not keep the process; what is written leaves first
    stdout.write("", (lost) => {
      // what could not be written is told by the stream's own listener, which then ends the process
      if (lost === null || lost === undefined) stderr.write("", () => process.exit(code))
    })
  }
  process.on("uncaughtException", ({ stack }) => {
    Run.tellDefect(stack, args, printer)
    process.exit(exitTable.bug.code)
  })
  fiber.addObserver((exit) => end(Run.finish(exit, args, printer, signal)))
}
