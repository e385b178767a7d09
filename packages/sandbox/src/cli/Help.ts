/** The help of the sandbox's command line, of all commands or of one. */
import type { FlagEntry, Verb } from "./Flags.ts"
import { flags, presetList, verbs } from "./Flags.ts"

const WIDTH = 100

const isVerb = (name: string): name is Verb => Object.hasOwn(verbs, name)

/** The commands in the order of the help. */
export const verbNames: ReadonlyArray<Verb> = Object.keys(verbs).filter(isVerb)

/** Breaks a text between words into lines that are not wider than `width`. */
const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const all: Array<string> = []
  let current = ""
  for (const word of text.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      all.push(current)
      current = word
    } else current = current === "" ? word : `${current} ${word}`
  }
  return [...all, current]
}

const rows = (all: ReadonlyArray<readonly [left: string, right: string]>): string => {
  const indent = Math.max(...all.map(([left]) => left.length)) + 4
  return all
    .flatMap(([left, right]) =>
      wrap(right, WIDTH - indent).map(
        (part, at) => `${(at === 0 ? `  ${left}` : "").padEnd(indent)}${part}`,
      ),
    )
    .join("\n")
}

const flagRow = ([name, flag]: readonly [string, FlagEntry]): readonly [string, string] => {
  const short = flag.short === undefined ? "" : `-${flag.short}, `
  const value = flag.metavar === undefined ? "" : ` ${flag.metavar}`
  return [`${short}--${name}${value}`, `${flag.text}${flag.choices?.join(", ") ?? ""}`]
}

const rowsOf = (verb: Verb): string =>
  rows(
    Object.entries<FlagEntry>(flags)
      .filter(([, flag]) => flag.verbs.includes(verb))
      .map(flagRow),
  )

/** Returns the usage line of a command. */
export const usageOf = (program: string, verb: Verb): string =>
  verb === "fault"
    ? `${program} fault${verbs.fault.operands} [flags]`
    : `${program} ${verb === "start" ? "[start]" : verb} [flags]${verbs[verb].operands}`

/** Returns the help of one command. */
export const verbHelp = (program: string, verb: Verb): string =>
  [
    verbs[verb].text,
    "",
    "USAGE",
    `  ${usageOf(program, verb)}`,
    "",
    ...(verb === "fault"
      ? ["PRESETS", rows([["", presetList.slice("presets: ".length)]]), ""]
      : []),
    "FLAGS",
    rowsOf(verb),
    "",
    "EXAMPLES",
    `  ${program} ${verbs[verb].example}`,
    "",
  ].join("\n")

/** Returns the help of the whole command: its commands, and the flags of `start`. */
export const commandHelp = (program: string): string =>
  [
    "Run the API on this machine: stateful, exact on the wire, faulty on demand",
    "",
    "USAGE",
    ...verbNames.map((verb) => `  ${usageOf(program, verb)}`),
    "",
    "COMMANDS",
    rows(verbNames.map((verb) => [verb, verbs[verb].text])),
    "",
    "FLAGS OF START AND EXEC",
    rowsOf("start"),
    "",
    "EXAMPLES",
    ...verbNames.map((verb) => `  ${program} ${verbs[verb].example}`),
    "",
    `Flags of the others: ${program} <command> --help`,
    "",
  ].join("\n")
