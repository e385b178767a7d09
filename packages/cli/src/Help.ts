/** The text of the help: usage, commands, then flags, wrapped to the terminal. */
import { docsUrl } from "@aelyst/core/adapter"
import type * as CliOutput from "effect/cli/CliOutput"
import * as Option from "effect/Option"

import { exitTable } from "./ExitCode.ts"

/** Describes a command, as `effect/cli` does. */
export type HelpDoc = Parameters<CliOutput.Formatter["formatHelpDoc"]>[0]
type FlagDoc = HelpDoc["flags"][number]

/** The page that the help names. */
export const docsLink = `${docsUrl("InvalidContactError").replace(/blob\/main\/.*$/, "tree/main/")}packages/cli#readme`

/** Breaks a text between words into lines that are not wider than `width`; a longer word stays whole. */
export const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line]
}

type Row = readonly [left: string, right: string]

const rows = (all: ReadonlyArray<Row>, width: number): ReadonlyArray<string> => {
  const indent = Math.max(...all.map(([left]) => left.length)) + 4
  // below this, a column of words is harder to read than separate lines
  if (width - indent < 24) {
    return all.flatMap(([left, right]) => [
      `  ${left}`,
      ...wrap(right, width - 6).map((line) => `      ${line}`),
    ])
  }
  return all.flatMap(([left, right]) =>
    wrap(right, width - indent).map(
      (line, at) => `${(at === 0 ? `  ${left}` : "").padEnd(indent)}${line}`,
    ),
  )
}

/** Returns the names of a flag, the short one first. */
export const flagNames = ({ name, aliases }: FlagDoc): string =>
  [...aliases.toReversed(), `--${name}`].join(", ")

const flagRow = (flag: FlagDoc): Row => {
  const names = flagNames(flag)
  const value = flag.type === "boolean" ? "" : ` ${flag.type.replace(/^<|>$/g, "")}`
  return [
    names.startsWith("--") ? `    ${names}${value}` : `${names}${value}`,
    Option.getOrElse(flag.description, () => ""),
  ]
}

/** Returns the commands of a command. */
export const commandsOf = ({ subcommands = [] }: HelpDoc) =>
  subcommands.flatMap(({ commands }) => commands)

const isRoot = ({ commandPath = [] }: HelpDoc): boolean => commandPath.length === 1

/** Returns the flags that a command's help describes. */
const ownFlags = (doc: HelpDoc): ReadonlyArray<FlagDoc> =>
  isRoot(doc) ? [...doc.flags, ...(doc.globalFlags ?? [])] : doc.flags

/** Returns the usage line of a command. */
export const usageOf = (doc: HelpDoc): string =>
  doc.usage.replace("<subcommand>", "<command>").replace(/(\[flags\]) (.*)$/, "$2 $1")

/** Renders the help of a command for a terminal of this width; `bold` marks the headings. */
export const render = (
  doc: HelpDoc,
  width: number,
  bold: (heading: string) => string = (heading) => heading,
): string => {
  const section = (heading: string, lines: ReadonlyArray<string>) =>
    lines.length === 0 ? [] : ["", bold(heading), ...lines]
  const { args = [], examples = [], inheritedFlags = [] } = doc
  const root = isRoot(doc)
  const commands = commandsOf(doc)
  const flags = ownFlags(doc)
  const inherited = wrap(inheritedFlags.map(({ name }) => `--${name}`).join(" "), width - 2)
  const exits = Object.values(exitTable)
  return [
    ...wrap(doc.description, width),
    ...section("USAGE", [`  ${usageOf(doc)}`]),
    ...section(
      "COMMANDS",
      commands.length === 0
        ? []
        : rows(
            commands.map(({ name, description }): Row => [name, description]),
            width,
          ),
    ),
    ...section(
      "ARGUMENTS",
      args.length === 0
        ? []
        : rows(
            args.map(({ name, description }): Row => [
              name,
              Option.getOrElse(description, () => ""),
            ]),
            width,
          ),
    ),
    ...section("FLAGS", flags.length === 0 ? [] : rows(flags.map(flagRow), width)),
    ...(inheritedFlags.length === 0
      ? []
      : section(
          "FLAGS OF EVERY COMMAND (aelyst --help describes them)",
          inherited.map((line) => `  ${line}`),
        )),
    ...section(
      "EXAMPLES",
      examples.map(({ command }) => `  ${command}`),
    ),
    ...(root
      ? section(
          "EXIT CODES",
          rows(
            exits.map(({ code, meaning }): Row => [
              String(code).padStart(3),
              meaning.replaceAll("`", ""),
            ]),
            width,
          ),
        )
      : []),
    ...(root
      ? section("LEARN MORE", [
          "  aelyst help <command>   flags and examples of a command",
          "  aelyst errors <code>    what an error means and what to do",
          `  ${docsLink}`,
        ])
      : []),
  ].join("\n")
}
