/** The tree of commands. Each command is loaded when it runs: help needs none of them. */
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
import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"
import type { GlobalFlags } from "./Flags.ts"
import * as Flags from "./Flags.ts"
import { Host, variable } from "./Host.ts"
import * as Presenter from "./Presenter.ts"
import type { Report } from "./Report.ts"
import { Screen } from "./Screen.ts"

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
      command:
        "aelyst create phone:+60123456789 --first-name Siti --field 'Company Website:url=https://example.com' --json",
      description: "by phone, with a custom field, for a script",
    },
  ]),
)

const auth = Command.make("auth").pipe(
  Command.withDescription("Save, check and remove the token of a profile"),
  Command.withSubcommands([
    Command.make("login", {}, () =>
      run(
        () => import("./commands/Auth.ts"),
        (command, globals) => command.login(globals),
      ),
    ).pipe(Command.withDescription("Save a token from a hidden prompt or --token-stdin")),
    Command.make("status", {}, () =>
      run(
        () => import("./commands/Auth.ts"),
        (command, globals) => command.status(globals),
      ),
    ).pipe(Command.withDescription("Show where the token comes from, without the token")),
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
      { showOrigin: Flags.toggle("show-origin", "Show where each value comes from") },
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
    ).pipe(Command.withDescription("Print the paths of the files")),
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
      Argument.withDescription("The code at the end of an error, such as EMAIL_INVALID"),
      Argument.variadic({ max: 1 }),
    ),
  },
  ({ code }) =>
    run(
      () => import("./commands/Errors.ts"),
      (command) => command.run(code[0]),
    ),
).pipe(Command.withDescription("Explain an error code, or list all codes"))

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
).pipe(Command.withDescription("Print the completion script for a shell"))

// reached only if a flag comes first: else the sandbox reads its arguments before this tree does
const sandbox = Command.make("sandbox", {}, () =>
  Effect.fail(
    usage("put the flags after the command: aelyst sandbox …", "help:  aelyst sandbox --help"),
  ),
).pipe(Command.withDescription("Run the API on this machine: aelyst sandbox --help"))

// reserved for a larger API; it works, and help does not list it
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
            CliConfig.layer({ builtIns: [GlobalFlag.Help, version, GlobalFlag.Completions] }),
            CliOutput.layerPresenter(Presenter.make(printer)),
          ),
        ),
      )
      // safe: only parameters that are files and the wizard use files, prompts and processes, and there are none here.
      // Node's services for them take longer to load than everything else that help needs
      return ran as Effect.Effect<void, CliError.CliError | Failure | Report, Host | Screen>
    })
