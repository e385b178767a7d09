/**
 * The tree of commands, and how help and wrong invocations are printed. The commands themselves are loaded when they
 * run: help needs none of them.
 */
import * as Argument from "effect/cli/Argument"
import * as CliConfig from "effect/cli/CliConfig"
import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { contactFlags } from "./ContactFlags.ts"
import { exitHelp } from "./ExitCode.ts"
import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"
import type { GlobalFlags } from "./Flags.ts"
import * as Flags from "./Flags.ts"
import { Host, variable } from "./Host.ts"
import type { Report } from "./Report.ts"
import * as Reports from "./Report.ts"
import { Screen } from "./Screen.ts"
import { jsonLine, visible } from "./Text.ts"

const root = Command.make("aelyst").pipe(
  Command.withDescription("Create Aelyst contacts from a terminal or a script"),
  Command.withSharedFlags(Flags.globalFlags),
)

/** Loads a command and runs it with the flags of all commands. */
const run = <M>(
  load: () => Promise<M>,
  use: (module: M, globals: GlobalFlags) => Effect.Effect<void, Failure | Report, Host | Screen>,
) =>
  Effect.gen(function* () {
    const globals = yield* root
    const printer = yield* Screen
    printer.quiet = globals.quiet
    const { env } = yield* Host
    const logged = variable(env, "AELYST_LOG")
    const least = logged === "info" || logged === "debug" ? 1 : 0
    const module = yield* Effect.promise(load)
    yield* use(module, { ...globals, verbose: Math.max(globals.verbose, least) })
  })

const create = Command.make(
  "create",
  {
    identifier: Argument.String("identifier").pipe(
      Argument.withDescription("email:name@domain, phone:+<country><number> or id:<contact id>"),
    ),
    ...contactFlags,
    defaultCountry: Flags.setting("defaultCountry"),
    settle: Flags.text("settle", "time", "Wait after the success: Aelyst processes a new contact"),
    dryRun: Flags.toggle("dry-run", "Print the exact request, send nothing"),
    asCurl: Flags.toggle("as-curl", "Print the request as a curl command, send nothing"),
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
      command:
        "aelyst create phone:+60123456789 --first-name Siti --field 'Company Website:url=https://example.com' --json",
      description: "by phone, with a custom field, for a script",
    },
  ]),
)

const auth = Command.make("auth").pipe(
  Command.withDescription("Save, show and remove the token of a profile"),
  Command.withSubcommands([
    Command.make("login", {}, () =>
      run(
        () => import("./commands/Auth.ts"),
        (command, globals) => command.login(globals),
      ),
    ).pipe(Command.withDescription("Save a token: asked for without showing it, or --token-stdin")),
    Command.make("status", {}, () =>
      run(
        () => import("./commands/Auth.ts"),
        (command, globals) => command.status(globals),
      ),
    ).pipe(Command.withDescription("Tell which token would be used, without showing it")),
    Command.make("logout", {}, () =>
      run(
        () => import("./commands/Auth.ts"),
        (command, globals) => command.logout(globals),
      ),
    ).pipe(Command.withDescription("Remove the saved token")),
  ]),
)

const key = Argument.String("key").pipe(Argument.withDescription("Name of a setting"))

const config = Command.make("config").pipe(
  Command.withDescription("Show and change settings"),
  Command.withSubcommands([
    Command.make(
      "list",
      { showOrigin: Flags.toggle("show-origin", "Tell where each value comes from") },
      ({ showOrigin }) =>
        run(
          () => import("./commands/Config.ts"),
          (command, globals) => command.list(showOrigin, globals),
        ),
    ).pipe(Command.withDescription("List the settings of this run")),
    Command.make("get", { key }, (flags) =>
      run(
        () => import("./commands/Config.ts"),
        (command, globals) => command.get(flags.key, globals),
      ),
    ).pipe(Command.withDescription("Print one setting")),
    Command.make(
      "set",
      { key, value: Argument.String("value").pipe(Argument.withDescription("The new value")) },
      (flags) =>
        run(
          () => import("./commands/Config.ts"),
          (command, globals) => command.set(flags.key, flags.value, globals),
        ),
    ).pipe(Command.withDescription("Save a setting in the profile")),
    Command.make("unset", { key }, (flags) =>
      run(
        () => import("./commands/Config.ts"),
        (command, globals) => command.unset(flags.key, globals),
      ),
    ).pipe(Command.withDescription("Remove a setting from the profile")),
    Command.make("path", {}, () =>
      run(
        () => import("./commands/Config.ts"),
        (command) => command.path,
      ),
    ).pipe(Command.withDescription("Print where the files are")),
  ]),
)

const doctor = Command.make("doctor", {}, () =>
  run(
    () => import("./commands/Doctor.ts"),
    (command, globals) => command.run(globals),
  ),
).pipe(
  Command.withDescription("Check Node.js, settings, token, network and clock; sends no contact"),
)

const errors = Command.make(
  "errors",
  {
    code: Argument.String("code").pipe(
      Argument.withDescription("A code as errors end with, such as EMAIL_INVALID"),
      Argument.variadic({ max: 1 }),
    ),
  },
  ({ code }) =>
    run(
      () => import("./commands/Errors.ts"),
      (command) => command.run(code[0]),
    ),
).pipe(Command.withDescription("Explain an error code, or list all of them"))

const shells = ["bash", "zsh", "fish", "powershell"] as const

const completions = Command.make(
  "completions",
  {
    shell: Argument.Literals("shell", shells).pipe(
      Argument.withDescription("bash, zsh, fish or powershell"),
    ),
  },
  ({ shell }) =>
    Effect.map(Screen, (printer) => {
      printer.data(Completions.generate("aelyst", shell, Completions.fromCommand(program)))
    }),
).pipe(Command.withDescription("Print the completion script of a shell"))

// the sandbox reads its own arguments: they are handed over before this tree is asked
const sandbox = Command.make("sandbox", {}, () =>
  Effect.fail(usage("flags of the sandbox stand behind its name", "help:  aelyst sandbox --help")),
).pipe(Command.withDescription("Run the API on this machine: aelyst sandbox --help"))

// the nouns that a larger API would have; they work, and help does not mention them
const contacts = Command.make("contacts").pipe(
  Command.withDescription("Create contacts"),
  Command.withSubcommands([create]),
  Command.unlisted,
)

const program = root.pipe(
  Command.withSubcommands([create, auth, config, doctor, errors, sandbox, completions, contacts]),
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

const flagOf = (option: string): string => (option.startsWith("-") ? option : `--${option}`)

// what stands where a command should may be anything, a token or an address included
const named = (text: string): string => (/^[a-z][a-z-]{0,19}$/.test(text) ? ` ${text}` : "")

const shown = (option: string): string =>
  visible(option.length > 40 ? `${option.slice(0, 40)}…` : option)

const didYouMean = (suggestions: ReadonlyArray<string>): string =>
  suggestions[0] === undefined ? "" : `. Did you mean ${suggestions[0]}?`

const describe = (error: CliError.NonShowHelpErrors): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return error.option === "--token"
        ? "there is no flag --token: arguments show in the process list. Use AELYST_TOKEN, --token-file or --token-stdin"
        : `unknown flag ${shown(error.option)}${didYouMean(error.suggestions)}`
    case "MissingOption":
      return `${flagOf(error.option)} is required`
    case "MissingArgument":
      return `<${error.argument}> is missing`
    case "UnexpectedArgument":
      return `${error.arguments.length} argument${error.arguments.length === 1 ? "" : "s"} too many: quote a value with spaces`
    case "InvalidValue":
      return error.value === ""
        ? `${flagOf(error.option)} needs a value; one that begins with - is written ${flagOf(error.option)}=-…`
        : `${error.kind === "flag" ? flagOf(error.option) : `<${error.option}>`} does not take this value`
    case "UnknownSubcommand":
      return `unknown command${named(error.subcommand)}${didYouMean(error.suggestions)}`
    case "DuplicateOption":
    case "ValidationError":
    case "UserError":
      return error.message
  }
}

/** Prints a report on stderr, for people or as one line of JSON. */
export const printReport = (report: Report): Effect.Effect<void, never, Screen> =>
  Effect.map(Screen, (printer) => {
    if (printer.json) return printer.print(jsonLine(Reports.json(report)))
    const paint = (text: string) => printer.paint("stderr", "red", text)
    return printer.print(
      `${paint("error:")} ${printer.symbols(report.headline)}  [${report.code}]`,
      ...report.details.map((line) => `  ${printer.symbols(line)}`),
    )
  })

const usageReport = (
  headline: string,
  doc: { readonly usage: string },
  path: ReadonlyArray<string>,
) => Reports.ofFailure(usage(headline, `usage: ${doc.usage}`, `help:  ${path.join(" ")} --help`))

const helpText = (doc: Parameters<CliOutput.Formatter["formatHelpDoc"]>[0], colors: boolean) => {
  const text = CliOutput.defaultFormatter({ colors, inheritedFlags: "full" }).formatHelpDoc(doc)
  return `${text}\n\nEXIT CODES\n  ${exitHelp()}`
}

const printOn = (printer: Screen["Service"]) => (report: Report) =>
  Effect.provideService(printReport(report), Screen, printer)

const presenter = (printer: Screen["Service"]): CliOutput.Presenter => ({
  present: (event) =>
    Effect.suspend(() => {
      switch (event._tag) {
        case "Version":
          return Effect.sync(() => printer.data(`${event.name} v${event.version}`))
        case "InvalidInvocation": {
          const [first] = event.errors
          const headline = first === undefined ? "wrong invocation" : describe(first)
          return printOn(printer)(usageReport(headline, event.helpDoc, event.commandPath))
        }
        case "Help": {
          const { commandPath, helpDoc, reason } = event
          if (reason === "Implicit" && commandPath.length > 1) {
            const names = helpDoc.subcommands?.flatMap(({ commands }) =>
              commands.map(({ name }) => name),
            )
            return printOn(printer)(
              usageReport(
                `${commandPath.join(" ")} needs a command: ${names?.join(", ") ?? ""}`,
                helpDoc,
                commandPath,
              ),
            )
          }
          return Effect.sync(() => printer.data(helpText(helpDoc, printer.coloured("stdout"))))
        }
      }
    }),
})

/** Runs the program with arguments. Wrong invocations are printed already when it fails with `ShowHelp`. */
export const runWith =
  (packageVersion: string) =>
  (
    args: ReadonlyArray<string>,
  ): Effect.Effect<void, CliError.CliError | Failure | Report, Host | Screen> =>
    Effect.flatMap(Screen, (printer) => {
      const ran = Command.runWith(program, { version: packageVersion })(args).pipe(
        Effect.provide(
          Layer.mergeAll(
            CliConfig.layer({ builtIns: [GlobalFlag.Help, version, GlobalFlag.Completions] }),
            CliOutput.layerPresenter(presenter(printer)),
          ),
        ),
      )
      // safe: files, prompts and processes are for parameters that are files and for the wizard. There are none here, and
      // Node's services for them take longer to load than all else that help needs
      return ran as Effect.Effect<void, CliError.CliError | Failure | Report, Host | Screen>
    })
