/** Finds and opens the runs of this machine. The journal is loaded here: only commands about imports need it. */
import * as Path from "node:path"

import type { RunsService } from "@aelyst/journal"
import { Runs, SqliteRuns } from "@aelyst/journal"
import * as Effect from "effect/Effect"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import { Host } from "../Host.ts"

/** Returns the directory of the journals: `--journal`, else `runs` in the state directory. */
export const directoryOf = (given?: string): Effect.Effect<string, Failure, Host> =>
  Effect.flatMap(Host, ({ cwd, env }) => {
    if (given !== undefined) return Effect.succeed(Path.resolve(cwd, given))
    const { state } = Files.pathsOf(env, cwd)
    return state === undefined
      ? Effect.fail(
          usage(
            "there is no home directory to keep the journal in",
            "fix:   set AELYST_STATE_DIR, or give --journal <directory>",
          ),
        )
      : Effect.succeed(Path.join(state, "runs"))
  })

/** Uses the runs of a directory. */
export const withRuns = <A, E, R>(
  directory: string,
  use: (runs: RunsService) => Effect.Effect<A, E, R>,
) => Effect.provide(Effect.flatMap(Runs, use), SqliteRuns.layer({ directory }))
