/** The root of the commands, and how each is loaded and run. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import type { GlobalFlags } from "./Flags.ts"
import * as Flags from "./Flags.ts"
import { Host, variable } from "./Host.ts"
import type { Report } from "./Report.ts"
import { Screen } from "./Screen.ts"

/** The command `aelyst` itself. */
export const root = Command.make("aelyst").pipe(
  Command.withDescription("Create Aelyst contacts from a terminal or a script"),
  Command.withExamples([
    { command: "aelyst create email:ana@example.com --first-name Ana" },
    { command: "aelyst auth login" },
    { command: "aelyst sandbox exec -- aelyst create email:ana@example.com --first-name Ana" },
  ]),
  Command.withSharedFlags(Flags.globalFlags),
)

/** Loads a command and runs it with the flags of all commands. */
export const run = <M>(
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
