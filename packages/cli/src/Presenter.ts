/** Prints help on stdout, and wrong invocations on stderr: what is wrong, the usage, and the command that shows the help. */
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { exitHelp } from "./ExitCode.ts"
import { usage } from "./Failure.ts"
import * as Reports from "./Report.ts"
import type { Printer } from "./Screen.ts"
import { count, visible } from "./Text.ts"

type HelpDoc = Parameters<CliOutput.Formatter["formatHelpDoc"]>[0]

const flagOf = (option: string): string => (option.startsWith("-") ? option : `--${option}`)

// in the position of a command there may be anything, even a token or an address
const shownCommand = (text: string): string => (/^[a-z][a-z-]{0,19}$/.test(text) ? ` ${text}` : "")

const shownFlag = (option: string): string =>
  visible(option.length > 40 ? `${option.slice(0, 40)}…` : option)

const didYouMean = ([suggestion]: ReadonlyArray<string>): string =>
  suggestion === undefined ? "" : `. Did you mean ${suggestion}?`

/** Returns what an argument takes, as its help says. */
const expectedFor = (argument: string, { args = [] }: HelpDoc): string => {
  const description = args.find(({ name }) => name === argument)?.description ?? Option.none()
  return Option.match(description, { onNone: () => "", onSome: (text) => `: expected ${text}` })
}

/** Returns what is wrong with an invocation; never a value. */
export const describe = (error: CliError.NonShowHelpErrors, doc: HelpDoc): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return error.option === "--token"
        ? "unknown flag --token: arguments are visible in the process list. Use AELYST_TOKEN, --token-file or --token-stdin"
        : `unknown flag ${shownFlag(error.option)}${didYouMean(error.suggestions)}`
    case "MissingOption":
      return `missing flag ${flagOf(error.option)}`
    case "MissingArgument":
      return `missing argument <${error.argument}>`
    case "UnexpectedArgument":
      return `${count(error.arguments.length, "unexpected argument")}; quote a value that contains spaces`
    case "InvalidValue": {
      const flag = flagOf(error.option)
      if (error.value === "") {
        return `missing value for ${flag}; write ${flag}=-… for one that begins with -`
      }
      return error.kind === "flag"
        ? `invalid value for ${flag}`
        : `invalid value for <${error.option}>${expectedFor(error.option, doc)}`
    }
    case "UnknownSubcommand":
      return `unknown command${shownCommand(error.subcommand)}${didYouMean(error.suggestions)}`
    case "DuplicateOption":
    case "ValidationError":
    case "UserError":
      return error.message
  }
}

const printUsage = (
  printer: Printer,
  headline: string,
  doc: HelpDoc,
  path: ReadonlyArray<string>,
): void => {
  const help = `help:  ${path.join(" ")} --help`
  Reports.print(Reports.ofFailure(usage(headline, `usage: ${doc.usage}`, help)), printer)
}

const helpText = (doc: HelpDoc, colors: boolean): string => {
  const text = CliOutput.defaultFormatter({ colors, inheritedFlags: "full" }).formatHelpDoc(doc)
  return `${text}\n\nEXIT CODES\n  ${exitHelp()}`
}

const commandsOf = ({ subcommands = [] }: HelpDoc): string =>
  subcommands.flatMap(({ commands }) => commands.map(({ name }) => name)).join(", ")

const print = (event: CliOutput.Presenter.Event, printer: Printer): void => {
  switch (event._tag) {
    case "Version":
      return printer.data(`${event.name} v${event.version}`)
    case "InvalidInvocation": {
      const { commandPath, errors, helpDoc } = event
      const headline = errors[0] === undefined ? "invalid invocation" : describe(errors[0], helpDoc)
      return printUsage(printer, headline, helpDoc, commandPath)
    }
    case "Help": {
      const { commandPath, helpDoc, reason } = event
      if (reason !== "Implicit" || commandPath.length === 1) {
        return printer.data(helpText(helpDoc, printer.coloured("stdout")))
      }
      const headline = `${commandPath.join(" ")} needs a command: ${commandsOf(helpDoc)}`
      return printUsage(printer, headline, helpDoc, commandPath)
    }
  }
}

/** Creates the presenter that prints with this printer. */
export const make = (printer: Printer): CliOutput.Presenter => ({
  present: (event) => Effect.sync(() => print(event, printer)),
})
