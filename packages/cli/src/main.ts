/** The process: signals, the end of the program and its exit code. */
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"

import { exitTable } from "./ExitCode.ts"
import { Failure } from "./Failure.ts"
import { Host } from "./Host.ts"
import { printReport, runWith } from "./Program.ts"
import type { Report } from "./Report.ts"
import * as Reports from "./Report.ts"
import { Printer, Screen, lookOf } from "./Screen.ts"
import { visible } from "./Text.ts"

type Signal = "SIGINT" | "SIGTERM"

const isVerbose = (args: ReadonlyArray<string>): boolean =>
  args.some((arg) => arg === "--verbose" || /^-[a-z]*v[a-z]*$/.test(arg))

/** Gives the report of a run's end, or nothing where all is said. */
const reportOf = (
  exit: Exit.Exit<void, unknown>,
  signal: Signal | undefined,
  printer: Printer,
  verbose: boolean,
): Report | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  if (signal !== undefined && Cause.hasInterrupts(exit.cause)) {
    return Reports.ofSignal(signal, printer.lastKnown)
  }
  const error = Cause.squash(exit.cause)
  if (error instanceof Failure) return Reports.ofFailure(error)
  if (Reports.isReport(error)) return error
  return Reports.ofDefect(
    verbose ? (error instanceof Error ? error.stack : Cause.pretty(exit.cause)) : undefined,
  )
}

/** Runs the command and ends the process. */
export const main = (version: string, args: ReadonlyArray<string>): void => {
  const { env, stdin, stdout, stderr } = process
  const printer = new Printer({ ...lookOf(args), env, stdout, stderr })
  const host = Host.of({ env, cwd: process.cwd(), stdin, stdout, stderr })
  // the default logger prints on stdout, which is for data alone
  const logger = Logger.make(({ message }) => {
    printer.notice(`warning: ${[message].flat().map(String).map(visible).join(" ")}`)
  })
  const services = Layer.mergeAll(
    Layer.succeed(Host, host),
    Layer.succeed(Screen, printer),
    Logger.layer([logger]),
  )

  // unless the program comes to its end, which says otherwise
  process.exitCode = exitTable.bug.code
  let signal: Signal | undefined
  const fiber = Effect.runFork(Effect.provide(runWith(version)(args), services))
  const stop = (received: Signal) => {
    // who asks twice does not want to wait
    if (signal !== undefined) process.exit(exitTable[ofSignal[received]].code)
    signal = received
    fiber.interruptUnsafe()
  }
  process.on("SIGINT", () => stop("SIGINT"))
  process.on("SIGTERM", () => stop("SIGTERM"))
  process.stderr.on("resize", () => printer.redraw())

  const finish = (exit: Exit.Exit<void, unknown>): number => {
    const shown = Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause)
    if (CliError.isCliError(shown) && shown._tag === "ShowHelp") {
      // the presenter has told it; bare `aelyst` asks for help, `aelyst auth` lacks a command
      return shown.errors.length > 0 || shown.commandPath.length > 1 ? exitTable.usage.code : 0
    }
    const report = reportOf(exit, signal, printer, isVerbose(args))
    if (report === undefined) return 0
    Effect.runSync(Effect.provideService(printReport(report), Screen, printer))
    return Reports.exitCodeOf(report)
  }

  const end = (code: number): void => {
    process.exitCode = code
    // an idle handle must not keep the process; what is written leaves first
    stdout.write("", (lost) => {
      // what could not be written is told by the stream's own listener, which then ends the process
      if (lost === null || lost === undefined) stderr.write("", () => process.exit(code))
    })
  }
  process.on("uncaughtException", (error) => {
    Effect.runSync(
      Effect.provideService(
        printReport(Reports.ofDefect(isVerbose(args) ? error.stack : undefined)),
        Screen,
        printer,
      ),
    )
    process.exit(exitTable.bug.code)
  })
  fiber.addObserver((exit) => {
    printer.clear()
    end(finish(exit))
  })
}

const ofSignal = { SIGINT: "interrupted", SIGTERM: "terminated" } as const
