/** The input of an import: a file, or standard input, which is kept in a file unless its rows are sent as they arrive. */
import * as Path from "node:path"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import { Host } from "../Host.ts"
import { visible } from "../Text.ts"
import { spool } from "./Spool.ts"

/** Holds where the rows come from. */
export interface Input {
  readonly source: string | Stream.Stream<Uint8Array, unknown>
  /** The absolute path of the file; `-` for standard input. */
  readonly path: string
  /** The name of the file, as it is shown. */
  readonly name: string
  /** The path next to which other files are written. */
  readonly stem: string
  /** The directory of the command. */
  readonly cwd: string
}

/** Opens the input; standard input is kept until the scope ends, except for `isStream`. */
export const open = (
  given: string,
  isStream: boolean,
): Effect.Effect<Input, Failure, Host | Scope.Scope> =>
  Effect.gen(function* () {
    const host = yield* Host
    const { cwd, env } = host
    if (given !== "-") {
      const path = Path.resolve(cwd, given)
      return { source: path, path, name: visible(Path.basename(path)), stem: path, cwd }
    }
    const { stdin } = host
    if (stdin.isTTY === true) {
      return yield* Effect.fail(
        usage("- needs a pipe or a file", "fix:   aelyst import - < contacts.csv"),
      )
    }
    const named = { path: "-", name: "standard input", stem: Path.join(cwd, "stdin"), cwd }
    if (isStream) {
      const bytes = Stream.map(
        Stream.fromAsyncIterable(stdin, (cause) => cause),
        (chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk),
      )
      return { ...named, source: bytes }
    }
    const { state } = Files.pathsOf(env, cwd)
    if (state === undefined) {
      return yield* Effect.fail(
        usage(
          "there is no home directory to keep standard input in",
          "fix:   set AELYST_STATE_DIR, or name a file",
        ),
      )
    }
    return { ...named, source: yield* spool(stdin, Path.join(state, "spool")) }
  })
