/** What the process gives the program: environment, directory and streams. Tests give their own. */
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

/** Gives the program its surroundings. */
export class Host extends Context.Service<
  Host,
  {
    readonly env: Environment
    readonly cwd: string
    readonly stdin: Reader
    readonly stdout: Writer
    readonly stderr: Writer
  }
>()("@aelyst/cli/Host") {}

/** Reads a variable; an empty one counts as absent. */
export const variable = (env: Environment, name: string): string | undefined => {
  const value = env[name]
  return value === undefined || value === "" ? undefined : value
}

/** Reads the proxy of https targets, the name in lower case first. */
export const proxyOf = (env: Environment): string | undefined =>
  variable(env, "https_proxy") ?? variable(env, "HTTPS_PROXY")
