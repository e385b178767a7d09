/** The input of an import: a file, or a pipe, which is kept in a file unless its rows are sent as they arrive. */
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import type { Reader } from "../Host.ts"
import { Host } from "../Host.ts"
import { visible } from "../Text.ts"
import { spool, unreadable } from "./Spool.ts"

/** Holds where the rows come from. */
export interface Input {
  readonly source: string | Stream.Stream<Uint8Array, unknown>
  /** The absolute path of the file; `-` for standard input or another pipe. */
  readonly path: string
  /** The name of the file, as it is shown. */
  readonly name: string
  /** The path next to which other files are written. */
  readonly stem: string
  /** The directory of the command. */
  readonly cwd: string
}

/** Returns whether a path is a pipe, as those of `<(command)` are. */
const isPipe = (path: string): boolean => {
  try {
    return Fs.statSync(path).isFIFO()
  } catch {
    // reading it says why
    return false
  }
}

/** Opens a pipe. A stream of a file would hold the process, even after its signal, until the other end writes. */
const openPipe = (path: string): Effect.Effect<Reader, Failure> =>
  Effect.try({
    try: () => {
      const fd = Fs.openSync(path, Fs.constants.O_RDONLY | Fs.constants.O_NONBLOCK)
      return new Net.Socket({ fd, readable: true, writable: false })
    },
    catch: (error) => unreadable(path, error),
  })

/** Keeps a pipe in a file of the state directory until the scope ends. */
const kept = (pipe: Reader): Effect.Effect<string, Failure, Host | Scope.Scope> =>
  Effect.flatMap(Host, ({ cwd, env }) => {
    const { state } = Files.pathsOf(env, cwd)
    return state === undefined
      ? Effect.fail(
          usage(
            "there is no home directory to keep the input in",
            "fix:   set AELYST_STATE_DIR, or name a file",
          ),
        )
      : spool(pipe, Path.join(state, "spool"))
  })

/** Opens the input; a pipe is kept until the scope ends, except for `isStream`. */
export const open = (
  given: string,
  isStream: boolean,
): Effect.Effect<Input, Failure, Host | Scope.Scope> =>
  Effect.gen(function* () {
    const host = yield* Host
    const { cwd } = host
    const piped = { path: "-", stem: Path.join(cwd, "stdin"), cwd }
    if (given !== "-") {
      const path = Path.resolve(cwd, given)
      return isPipe(path)
        ? { ...piped, name: visible(given), source: yield* kept(yield* openPipe(path)) }
        : { source: path, path, name: visible(Path.basename(path)), stem: path, cwd }
    }
    const { stdin } = host
    if (stdin.isTTY === true) {
      return yield* Effect.fail(
        usage("- needs a pipe or a file", "fix:   aelyst import - < contacts.csv"),
      )
    }
    const named = { ...piped, name: "standard input" }
    if (isStream) {
      const bytes = Stream.map(
        Stream.fromAsyncIterable(stdin, (cause) => cause),
        (chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk),
      )
      return { ...named, source: bytes }
    }
    return { ...named, source: yield* kept(stdin) }
  })
