/** The surroundings of the program: environment, directory and streams of the process, or those of a test. */
import * as Context from "effect/Context"

/** Holds environment variables; an empty one counts as absent. */
export type Environment = { readonly [name: string]: string | undefined }

/** The part of a writable stream that the program uses. */
export interface Writer {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}

/** The part of standard input that the program uses. */
export interface Reader extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined
}

/** Names the signals that end a run. */
export type Signal = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGTERM"

/** Provides the surroundings. */
export class Host extends Context.Service<
  Host,
  {
    readonly env: Environment
    readonly cwd: string
    readonly stdin: Reader
    readonly stdout: Writer
    readonly stderr: Writer
    /** Lets a command handle the first signal itself, as an import does; the second ends the process in any case. */
    readonly onSignal?: (handle: (signal: Signal) => void) => void
    /** Lets a command continue without standard output, whose reader may leave at any time. */
    readonly outliveOutput?: () => void
  }
>()("@aelyst/cli/Host") {}

/** Reads a variable; an empty one counts as absent. */
export const variable = (env: Environment, name: string): string | undefined => {
  const value = env[name]
  return value === undefined || value === "" ? undefined : value
}
