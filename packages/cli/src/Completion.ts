/** The completion scripts of the shells, with the values that flags and arguments take. */
import { Flags as SandboxFlags } from "@aelyst/sandbox/command"
import type * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"

import { columnsOfFile, fieldsOfFile, withColumns } from "./ColumnCompletion.ts"
import { allCodes } from "./ErrorCode.ts"
import { keys } from "./SettingTable.ts"

type Descriptor = Completions.CommandDescriptor
type Type = Completions.FlagType & Completions.ArgumentType

/** The shells that have a script. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const

const choice = (values: ReadonlyArray<string>): Type => ({ _tag: "Choice", values })
const text: Type = { _tag: "String" }
const filePath: Type = { _tag: "Path", pathType: "file" }

/** Lists the values of flags, by name; flags that are not listed take a text. */
const flagTypes: Readonly<Record<string, Type>> = {
  delivery: choice(["at-most-once", "natural-key", "report-only"]),
  progress: choice(["auto", "bar", "plain", "none"]),
  "token-file": filePath,
  format: choice(["csv", "tsv", "ndjson", "json", "xlsx"]),
  preset: choice([
    "hubspot",
    "google",
    "outlook",
    "salesforce",
    "mailchimp",
    "brevo",
    "zoho",
    "pipedrive",
  ]),
  "identify-by": choice(["identifier", "phone", "email", "phone,email", "email,phone"]),
  "date-format": choice(["ymd", "dmy", "mdy"]),
  "on-invalid": choice(["reject", "drop-field", "abort"]),
  "on-duplicate": choice(["first", "last", "reject"]),
  as: choice(["created", "rejected", "send-again"]),
  file: filePath,
  "store-file": filePath,
  state: choice(["pending", "created", "existed", "exists_after_doubt", "rejected", "parked"]),
  "map-file": filePath,
  "save-map": filePath,
  rejects: filePath,
  report: filePath,
  journal: { _tag: "Path", pathType: "directory" },
  ignore: choice([columnsOfFile]),
  custom: choice([columnsOfFile]),
  map: choice([fieldsOfFile]),
}

/** Lists the values of arguments, by name. */
const argumentTypes: Readonly<Record<string, Type>> = {
  key: choice(keys),
  code: choice([...allCodes.keys()]),
  file: filePath,
}

const withValues = (descriptor: Descriptor, commands: ReadonlyArray<string>): Descriptor => ({
  ...descriptor,
  flags: descriptor.flags.map((flag) => ({ ...flag, type: flagTypes[flag.name] ?? flag.type })),
  arguments: descriptor.arguments.map((argument) => ({
    ...argument,
    type:
      argument.name === "command"
        ? choice(commands)
        : (argumentTypes[argument.name] ?? argument.type),
  })),
  subcommands: descriptor.subcommands.map((one) => withValues(one, commands)),
})

const sandboxFlag = ([name, flag]: readonly [
  string,
  SandboxFlags.FlagEntry,
]): Completions.FlagDescriptor => {
  const { metavar, choices, isFile, short, text: description } = flag
  const type =
    name === "fault"
      ? choice(SandboxFlags.presetNames)
      : choices !== undefined
        ? choice(choices)
        : isFile === true
          ? filePath
          : text
  return {
    name,
    aliases: short === undefined ? [] : [short],
    description: description === "" ? name.replaceAll("-", " ") : description.replace(/: $/, ""),
    type: metavar === undefined ? { _tag: "Boolean" } : type,
    negation: false,
  }
}

const sandboxFlags = (verb: SandboxFlags.Verb) =>
  Object.entries<SandboxFlags.FlagEntry>(SandboxFlags.flags)
    .filter(([, { verbs }]) => verbs.includes(verb))
    .map(sandboxFlag)

/** Describes `aelyst sandbox`, whose own command line reads its arguments. */
const sandbox = (descriptor: Descriptor): Descriptor => ({
  ...descriptor,
  flags: sandboxFlags("start"),
  arguments: [],
  subcommands: Object.entries<SandboxFlags.VerbEntry>(SandboxFlags.verbs).map(
    ([name, { text: description }]): Descriptor => ({
      name,
      description,
      // safe: the keys of the table are the verbs
      flags: sandboxFlags(name as SandboxFlags.Verb),
      arguments:
        name === "fault"
          ? [
              {
                name: "preset",
                description: "The fault",
                required: true,
                variadic: false,
                type: choice(SandboxFlags.presetNames),
              },
            ]
          : [],
      subcommands: [],
    }),
  ),
})

/** Describes the commands with the values that flags and arguments take. */
export const describe = (program: Command.Command.Any): Descriptor => {
  const plain = Completions.fromCommand(program)
  const described = withValues(
    plain,
    plain.subcommands.map(({ name }) => name),
  )
  return {
    ...described,
    subcommands: described.subcommands.map((one) => (one.name === "sandbox" ? sandbox(one) : one)),
  }
}

const install: Readonly<Record<(typeof shells)[number], string>> = {
  bash: "aelyst completions bash >> ~/.bashrc",
  zsh: "aelyst completions zsh > ~/.zsh/completions/_aelyst",
  fish: "aelyst completions fish > ~/.config/fish/completions/aelyst.fish",
  powershell: "aelyst completions powershell >> $PROFILE",
}

/** Returns the script of a shell. */
export const script = (shell: (typeof shells)[number], program: Command.Command.Any): string =>
  withColumns(shell, Completions.generate("aelyst", shell, describe(program))).replace(
    /aelyst --completions .*/,
    install[shell],
  )
