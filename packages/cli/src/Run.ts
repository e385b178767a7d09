/** One run of the program: its services, and the report of its end. The process around it is `main.ts`. */
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"

import { exitTable } from "./ExitCode.ts"
import { Failure } from "./Failure.ts"
import { Host } from "./Host.ts"
import { runWith } from "./Program.ts"
import type { Report, Signal } from "./Report.ts"
import * as Reports from "./Report.ts"
import type { Printer } from "./Screen.ts"
import { Screen } from "./Screen.ts"
import { visible } from "./Text.ts"

const isVerbose = (args: ReadonlyArray<string>): boolean =>
  args.some((arg) => arg === "--verbose" || /^-[a-z]*v[a-z]*$/.test(arg))

/** Reports a bug of the program; with its stack if `-v` asks for it. */
export const reportDefect = (
  stack: string | undefined,
  args: ReadonlyArray<string>,
  printer: Printer,
): void => Reports.print(Reports.ofDefect(isVerbose(args) ? stack : undefined), printer)

/** Runs the command that the arguments name. */
export const run = (
  version: string,
  args: ReadonlyArray<string>,
  host: Host["Service"],
  printer: Printer,
) => {
  // the default logger prints on stdout, which is only for data
  const logger = Logger.make(({ logLevel, message }) => {
    const label = logLevel === "Info" ? "" : "warning: "
    printer.notice(`${label}${[message].flat().map(String).map(visible).join(" ")}`)
  })
  const services = Layer.mergeAll(
    Layer.succeed(Host, host),
    Layer.succeed(Screen, printer),
    Logger.layer([logger]),
  )
  return Effect.provide(runWith(version)(args), services)
}

/** Reports the end of a run, and returns the exit code. */
export const reportEnd = (
  exit: Exit.Exit<void, CliError.CliError | Failure | Report>,
  args: ReadonlyArray<string>,
  printer: Printer,
  signal?: Signal,
): number => {
  printer.clear()
  if (Exit.isSuccess(exit)) return exitTable.ok.code
  const error = Cause.squash(exit.cause)
  if (CliError.isCliError(error) && error._tag === "ShowHelp") {
    // the presenter has printed it; `aelyst auth` shows the help of its commands
    return error.errors.length > 0 ? exitTable.usage.code : exitTable.ok.code
  }
  const report =
    signal !== undefined && Cause.hasInterrupts(exit.cause)
      ? Reports.ofSignal(signal, printer.lastOutcome)
      : error instanceof Failure
        ? Reports.ofFailure(error)
        : Reports.isReport(error)
          ? error
          : undefined
  if (report === undefined) {
    const stack = error instanceof Error ? error.stack : Cause.pretty(exit.cause)
    reportDefect(stack, args, printer)
    return exitTable.bug.code
  }
  Reports.print(report, printer)
  return Reports.exitCodeOf(report)
}
