/** The tree of commands. Each command is loaded when it runs: help needs none of them. */
import { suggest } from "@aelyst/core/adapter"
import * as Argument from "effect/cli/Argument"
import * as CliConfig from "effect/cli/CliConfig"
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

import { root, run } from "./CommandRunner.ts"
import { contactFlags } from "./ContactFlags.ts"
import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"
import * as Flags from "./Flags.ts"
import type { Host } from "./Host.ts"
import * as ImportCommands from "./ImportCommands.ts"
import { outbox } from "./OutboxCommands.ts"
import * as Presenter from "./Presenter.ts"
import { auth, config } from "./ProfileCommands.ts"
import type { Report } from "./Report.ts"
import { Screen } from "./Screen.ts"

const create = Command.make(
  "create",
  {
    identifier: Argument.String("identifier").pipe(
      Argument.withDescription("email:name@domain, phone:+<country><number> or id:<contact id>"),
    ),
    ...contactFlags,
    defaultCountry: Flags.setting("defaultCountry"),
    settle: Flags.text(
      "settle",
      "time",
      "Wait after success while Aelyst processes the contact, such as 2s",
    ),
    dryRun: Flags.toggle("dry-run", "Print the exact request without sending it"),
    asCurl: Flags.toggle("as-curl", "Print the request as a curl command without sending it"),
  },
  (flags) =>
    run(
      () => import("./commands/Create.ts"),
      (command, globals) => command.run(flags, globals),
    ),
).pipe(
  Command.withDescription("Create one contact"),
  Command.withExamples([
    {
      command: "aelyst create email:ana@example.com --first-name Ana",
      description: "by email",
    },
    {
      command: "aelyst create phone:+60123456789 --first-name Siti --field 'Age:number=41' --json",
      description: "by phone, with a custom field, for a script",
    },
  ]),
)

const doctor = Command.make("doctor", {}, () =>
  run(
    () => import("./commands/Doctor.ts"),
    (command, globals) => command.run(globals),
  ),
).pipe(
  Command.withDescription(
    "Check settings, files, token, proxy, network and clock; sends no contact",
  ),
)

const errors = Command.make(
  "errors",
  {
    code: Argument.String("code").pipe(
      Argument.withDescription(
        "The code at the end of an error, an exit code, a status, a class or a reason",
      ),
      Argument.variadic({ max: 1 }),
    ),
  },
  ({ code }) =>
    run(
      () => import("./commands/Errors.ts"),
      (command) => command.run(code[0]),
    ),
).pipe(
  Command.withDescription("Explain an error code, or list all codes"),
  Command.withExamples([
    { command: "aelyst errors EMAIL_INVALID" },
    { command: "aelyst errors 6" },
    { command: "aelyst errors RateLimitError" },
  ]),
)

const shells = ["bash", "zsh", "fish", "powershell"] as const

const printCompletions = Effect.fnUntraced(function* (
  shell: (typeof shells)[number],
): Effect.fn.Return<void, never, Screen> {
  const printer = yield* Screen
  const { script } = yield* Effect.promise(() => import("./Completion.ts"))
  printer.data(script(shell, program))
})

const completions = Command.make(
  "completions",
  {
    shell: Argument.Literals("shell", shells).pipe(
      Argument.withDescription("bash, zsh, fish or powershell"),
    ),
  },
  ({ shell }) => printCompletions(shell),
).pipe(
  Command.withAlias("completion"),
  Command.withDescription("Print the completion script for a shell"),
  Command.withExamples([
    { command: "aelyst completions bash >> ~/.bashrc" },
    { command: "aelyst completions zsh > ~/.zsh/completions/_aelyst" },
    { command: "aelyst completions fish > ~/.config/fish/completions/aelyst.fish" },
    { command: "aelyst completions powershell >> $PROFILE" },
  ]),
)

// reached only if a flag with a value comes first: else the sandbox reads its arguments before this tree does
const sandbox = Command.make("sandbox", { rest: Argument.variadic(Argument.String("rest")) }, () =>
  Effect.flatMap(root, (globals) => {
    const [name = ""] = Object.entries(globals).find(([, value]) => typeof value === "string") ?? []
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    return Effect.fail(
      usage(
        `sandbox does not have the flag --${flag === "" ? "token-stdin" : flag}`,
        "usage: aelyst sandbox <command> [flags]",
        "help:  aelyst sandbox --help",
      ),
    )
  }),
).pipe(Command.withDescription("Run the API on this machine: aelyst sandbox --help"))

const topic = Argument.String("command").pipe(
  Argument.withDescription("The command, such as create or config set"),
  Argument.variadic(),
)

/** The version of the package, which `help` and `version` need to run the program again. */
class Version extends Context.Service<Version, string>()("@aelyst/cli/Version") {}

const unknownTopic = (name: string, names: ReadonlyArray<string>): Failure => {
  const nearest = suggest(name, names)
  return usage(
    `unknown command${Presenter.shownCommand(name)}${nearest === undefined ? "" : `. Did you mean ${nearest}?`}`,
    ...(names.length === 0 ? [] : [`commands: ${names.join(", ")}`]),
    "help:  aelyst help",
  )
}

/** Fails for a topic that is no command: `effect/cli` would show the help of the nearest one that is. */
const checkTopic = (topics: ReadonlyArray<string>): Effect.Effect<void, Failure> => {
  let current: Command.Command.Any = program
  for (const name of topics) {
    const known = current.subcommands.flatMap(({ commands }) => commands)
    const next = known.find((command) => command.name === name || command.alias === name)
    if (next === undefined) {
      const names = known.filter(({ unlisted }) => !unlisted).map((command) => command.name)
      return Effect.fail(unknownTopic(name, names))
    }
    current = next
  }
  return Effect.void
}

const help = Command.make("help", { topic }, (flags) =>
  Effect.gen(function* () {
    yield* checkTopic(flags.topic)
    yield* runWith(yield* Version)([...flags.topic, "--help"])
  }),
).pipe(Command.withDescription("Show the help of a command"))

const versionCommand = Command.make("version", {}, () =>
  Effect.flatMap(Version, (version) => runWith(version)(["--version"])),
).pipe(Command.withDescription("Show the version"))

// reserved for a larger API; it works, and help does not list it
const contacts = Command.make("contacts").pipe(
  Command.withDescription("Create contacts"),
  Command.withSubcommands([create, ImportCommands.importCommand]),
  Command.unlisted,
)

/** The tree of commands. */
export const program = root.pipe(
  Command.withSubcommands([
    create,
    ImportCommands.importCommand,
    ImportCommands.resume,
    ImportCommands.runs,
    ImportCommands.worker,
    ImportCommands.template,
    ImportCommands.mapping,
    outbox,
    auth,
    config,
    doctor,
    errors,
    sandbox,
    completions,
    help,
    versionCommand,
    contacts,
  ]),
)

const version = GlobalFlag.Action({
  flag: Flag.Boolean("version").pipe(
    Flag.withAlias("V"),
    Flag.withoutNegation,
    Flag.withDescription("Show the version"),
    Flag.withDefault(false),
  ),
  run: GlobalFlag.Version.run,
})

const completionsFlag = GlobalFlag.Action({
  flag: GlobalFlag.Completions.flag.pipe(
    Flag.withMetavar("shell"),
    Flag.withDescription("As aelyst completions <shell>"),
  ),
  run: (shell) => {
    const printed = Option.isNone(shell) ? Effect.void : printCompletions(shell.value)
    // safe: the program that runs it has the printer
    return printed as Effect.Effect<void>
  },
})

/** Runs the program with arguments. When it fails with `ShowHelp`, help or the wrong invocation is already printed. */
export const runWith =
  (packageVersion: string) =>
  (
    args: ReadonlyArray<string>,
  ): Effect.Effect<void, CliError.CliError | Failure | Report, Host | Screen> =>
    Effect.flatMap(Screen, (printer) => {
      const ran = Command.runWith(program, { version: packageVersion })(args).pipe(
        Effect.provide(
          Layer.mergeAll(
            CliConfig.layer({ builtIns: [GlobalFlag.Help, version, completionsFlag] }),
            CliOutput.layerPresenter(Presenter.make(printer)),
            Layer.succeed(Version, packageVersion),
          ),
        ),
      )
      // safe: only parameters that are files and the wizard use files, prompts and processes, and there are none here.
      // Node's services for them take longer to load than everything else that help needs
      return ran as Effect.Effect<void, CliError.CliError | Failure | Report, Host | Screen>
    })
