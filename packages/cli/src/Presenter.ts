/** Prints help on stdout, and wrong invocations on stderr: what is wrong, the usage, and the command that shows the help. */
import { ClientOptions, suggest } from "@aelyst/core/adapter"
import type * as CliError from "effect/cli/CliError"
import type * as CliOutput from "effect/cli/CliOutput"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { usage } from "./Failure.ts"
import type { HelpDoc } from "./Help.ts"
import { commandsOf, render, usageOf } from "./Help.ts"
import * as Reports from "./Report.ts"
import type { Printer } from "./Screen.ts"
import { clause, count, visible } from "./Text.ts"

const flagOf = (option: string): string => (option.startsWith("-") ? option : `--${option}`)

/** Shows a word that can be a command, after a space; in its place there may be anything, even a token or an address. */
export const shownCommand = (text: string): string =>
  /^[a-z][a-z-]{0,19}$/.test(text) ? ` ${text}` : ""

const shownFlag = (option: string): string =>
  visible(option.length > 40 ? `${option.slice(0, 40)}…` : option)

const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? "" : `. Did you mean ${suggestion}?`

/** Names that people try, and the flag that does what they mean. */
const otherNames: Readonly<Record<string, string>> = {
  "--name": "--first-name",
  "--first": "--first-name",
  "--given-name": "--first-name",
  "--last": "--last-name",
  "--surname": "--last-name",
  "--family-name": "--last-name",
  "--mobile": "--phone",
  "--mail": "--email",
  "--lang": "--language",
  "--locale": "--language",
  "--country": "--country-code",
  "--picture": "--profile-pic",
  "--avatar": "--profile-pic",
  "--custom-field": "--field",
  "--file": "--data",
  "--body": "--data",
  "--curl": "--as-curl",
  "--region": "--default-country",
  "--wait": "--settle",
  "--url": "--base-url",
  "--host": "--base-url",
  "--retry": "--retries",
  "--rps": "--rate",
  "--silent": "--quiet",
  "--debug": "--verbose",
  "--force": "--yes",
  "--output": "--json",
  "--format": "--json",
}

const tokenFlags: ReadonlyArray<string> = ["--token", "--api-key", "--key", "--bearer", "--secret"]

/** Returns the flag of this command that was meant. */
const meantFlag = (
  { option, suggestions }: CliError.UnrecognizedOption,
  doc: HelpDoc,
): string | undefined => {
  const known = [...doc.flags, ...(doc.inheritedFlags ?? []), ...(doc.globalFlags ?? [])]
  const names = known.map(({ name }) => `--${name}`)
  const other = Object.hasOwn(otherNames, option) ? otherNames[option] : undefined
  if (other !== undefined && names.includes(other)) return other
  return suggestions[0] ?? suggest(option, names)
}

/** Returns what an argument takes, as its help says. */
const expectedFor = (argument: string, { args = [] }: HelpDoc): string => {
  const description = args.find(({ name }) => name === argument)?.description ?? Option.none()
  return Option.match(description, {
    onNone: () => "",
    onSome: (text) => `: expected ${clause(text)}`,
  })
}

const unknownCommand = ({ subcommand, suggestions }: CliError.UnknownSubcommand): string => {
  const shown = shownCommand(subcommand)
  if (shown !== "") return `${shown}${didYouMean(suggestions[0])}`
  const meansContact = /^(?:email:|phone:|id:|\+\d)|@/.test(subcommand)
  return ` (${count(subcommand.length, "character")})${meansContact ? "; to create a contact: aelyst create <identifier> --first-name <name>" : ""}`
}

/** Shows a short value, and the length of any other: it may be a secret or belong to a contact. */
const given = (value: string): string => {
  const shown = ClientOptions.show(value)
  return shown.startsWith('"') ? `${shown} ` : `(${count(value.length, "character")}) `
}

/** Returns what is wrong with an invocation; a value only if it can be no secret. */
export const describe = (error: CliError.NonShowHelpErrors, doc: HelpDoc): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return tokenFlags.includes(error.option)
        ? `unknown flag ${error.option}: arguments are visible in the process list. Use AELYST_TOKEN, --token-file or --token-stdin`
        : `unknown flag ${shownFlag(error.option)}${didYouMean(meantFlag(error, doc))}`
    case "MissingOption":
      return `missing flag ${flagOf(error.option)}`
    case "MissingArgument":
      return `missing argument <${error.argument}>${expectedFor(error.argument, doc)}`
    case "UnexpectedArgument":
      return `${count(error.arguments.length, "unexpected argument")}; quote a value that contains spaces`
    case "InvalidValue": {
      const flag = flagOf(error.option)
      if (error.kind !== "flag") {
        const { option, value } = error
        return `invalid value ${given(value)}for <${option}>${expectedFor(option, doc)}`
      }
      if (error.value === "") {
        return `missing value for ${flag}; write ${flag}=-… for one that begins with -`
      }
      const times = /^(\d+) occurrences$/.exec(error.value)?.[1]
      if (times !== undefined) return `${flag} was given ${times} times; it takes one value`
      return `invalid value ${given(error.value)}for ${flag}: it is on or off, and takes no value`
    }
    case "UnknownSubcommand":
      return `unknown command${unknownCommand(error)}`
    case "DuplicateOption":
    case "ValidationError":
    case "UserError":
      return error.message
  }
}

const printUsage = (
  printer: Printer,
  error: CliError.NonShowHelpErrors | undefined,
  doc: HelpDoc,
  path: ReadonlyArray<string>,
): void => {
  const headline = error === undefined ? "invalid invocation" : describe(error, doc)
  const names = commandsOf(doc).map(({ name }) => name)
  const forms =
    error?._tag === "UnknownSubcommand" ? `commands: ${names.join(", ")}` : `usage: ${usageOf(doc)}`
  const help = `help:  ${path.join(" ")} --help`
  Reports.print(Reports.ofFailure(usage(headline, forms, help)), printer)
}

const print = (event: CliOutput.Presenter.Event, printer: Printer): void => {
  switch (event._tag) {
    case "Version":
      return printer.data(`${event.name} v${event.version}`)
    case "InvalidInvocation": {
      const { commandPath, errors, helpDoc } = event
      return printUsage(printer, errors[0], helpDoc, commandPath)
    }
    case "Help":
      return printer.data(
        render(event.helpDoc, printer.columns("stdout"), (heading) =>
          printer.paint("stdout", "bold", heading),
        ),
      )
  }
}

/** Creates the presenter that prints with this printer. */
export const make = (printer: Printer): CliOutput.Presenter => ({
  present: (event) => Effect.sync(() => print(event, printer)),
})
