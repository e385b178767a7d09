/** The flags that every command has, and functions that create flags. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

import type { Key } from "./SettingTable.ts"
import { settings } from "./SettingTable.ts"

/** Creates a flag that takes a text; undefined if it is not given. */
export const text = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  )

/** Creates a flag that is on or off; off by default, and without a `--no-` form. */
export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(
    Flag.withoutNegation,
    Flag.withDescription(description),
    Flag.withDefault(false),
  )

/** Creates a flag that may be repeated. */
export const repeated = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.atLeast(0),
  )

/** Creates the flag of a setting; its help names the variable and the default. */
export const setting = (key: Key) => {
  const { flag, metavar, sentence, variable, otherwise, otherwiseText } = settings[key]
  const byDefault = otherwiseText ?? otherwise
  const help = `${sentence.replaceAll("`", "")} [${variable}; ${byDefault}]`
  return text(flag.replace(/^--/, ""), metavar, help)
}

/** The flags of every command. */
export const globalFlags = {
  profile: text("profile", "name", "Profile whose settings are used [AELYST_PROFILE]"),
  baseUrl: setting("baseUrl"),
  tokenFile: text("token-file", "path", "Read the token from a file that only you can read"),
  tokenStdin: toggle("token-stdin", "Read the token from standard input"),
  timeout: setting("timeout"),
  deadline: setting("deadline"),
  retries: setting("retries"),
  delivery: setting("delivery"),
  maxWait: setting("maxWait"),
  rate: setting("rate"),
  json: toggle("json", "One line of JSON on stdout; errors as one line of JSON on stderr"),
  quiet: toggle("quiet", "No notices, and no line for a success").pipe(Flag.withAlias("q")),
  verbose: Flag.Boolean("verbose").pipe(
    Flag.withoutNegation,
    Flag.withAlias("v"),
    Flag.withDescription("Report each attempt, and the proxy [AELYST_LOG=info]"),
    Flag.atLeast(0),
    Flag.map((given) => given.filter((on) => on).length),
  ),
  noColor: toggle("no-color", "Write without colours [NO_COLOR]"),
  ascii: toggle("ascii", "Write symbols in ASCII"),
  progress: text("progress", "how", "auto, bar, plain or none [auto]"),
  noInput: toggle("no-input", "Never ask [AELYST_NO_INPUT, CI]"),
  yes: toggle("yes", "Answer yes to every question").pipe(Flag.withAlias("y")),
}

/** Holds the values of the flags that every command has. */
export interface GlobalFlags {
  readonly profile: string | undefined
  readonly baseUrl: string | undefined
  readonly tokenFile: string | undefined
  readonly tokenStdin: boolean
  readonly timeout: string | undefined
  readonly deadline: string | undefined
  readonly retries: string | undefined
  readonly delivery: string | undefined
  readonly maxWait: string | undefined
  readonly rate: string | undefined
  readonly quiet: boolean
  readonly verbose: number
  readonly progress: string | undefined
  readonly noInput: boolean
  readonly yes: boolean
}
