/** Creates the commands about profiles: `auth` and `config`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"

import { run } from "./CommandRunner.ts"
import * as Flags from "./Flags.ts"
import { keys } from "./SettingTable.ts"

/** The command `auth`. */
export const auth = Command.make("auth").pipe(
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

const key = Argument.String("key").pipe(
  Argument.withDescription(`Name of a setting: ${keys.join(", ")}`),
)

/** The command `config`. */
export const config = Command.make("config").pipe(
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
      {
        key,
        value: Argument.String("value").pipe(Argument.withDescription("The new value, such as 9s")),
      },
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
