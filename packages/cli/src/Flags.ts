/** The flags that every command has, and small parsers for the values that people write. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

const optional = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  )

/** Makes a flag that takes a text; absent it is undefined. */
export const text = optional

/** Makes a flag that is on or off; off by default, and without a `--no-` form. */
export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(
    Flag.withoutNegation,
    Flag.withDescription(description),
    Flag.withDefault(false),
  )

/** Makes a flag that may be repeated. */
export const repeated = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.atLeast(0),
  )

/** The flags of every command. */
export const globalFlags = {
  profile: text("profile", "name", "Profile of the settings to use [AELYST_PROFILE]"),
  baseUrl: text(
    "base-url",
    "url",
    "Where the API is; http:// for loopback hosts alone [AELYST_BASE_URL; https://api.aelyst.ai/v1]",
  ),
  tokenFile: text("token-file", "path", "Read the token from a file that only you can read"),
  tokenStdin: toggle("token-stdin", "Read the token from standard input"),
  timeout: text("timeout", "time", "First byte of one answer [AELYST_TIMEOUT; 15s]"),
  deadline: text("deadline", "time", "All attempts and waits together [AELYST_DEADLINE; 60s]"),
  retries: text("retries", "n", "Resends after the first attempt, 0 for none [AELYST_RETRIES; 3]"),
  delivery: text(
    "delivery",
    "policy",
    "at-most-once or natural-key [AELYST_DELIVERY; at-most-once]",
  ),
  maxWait: text(
    "max-wait",
    "time",
    "Longest wait that the server may ask for, 0 to not wait [AELYST_MAX_WAIT; 60s]",
  ),
  rate: text("rate", "n/s", "A ceiling of your own [AELYST_RATE; what the server allows]"),
  json: toggle("json", "One line of JSON on stdout; errors as one line of JSON on stderr"),
  quiet: toggle("quiet", "No notices, and no line for a success").pipe(Flag.withAlias("q")),
  verbose: Flag.Boolean("verbose").pipe(
    Flag.withoutNegation,
    Flag.withAlias("v"),
    Flag.withDescription("Tell each attempt, and the proxy [AELYST_LOG=info]"),
    Flag.atLeast(0),
    Flag.map((given) => given.filter((on) => on).length),
  ),
  noColor: toggle("no-color", "No colours [NO_COLOR]"),
  ascii: toggle("ascii", "ASCII in place of symbols"),
  progress: text("progress", "how", "auto, bar, plain or none [auto]"),
  noInput: toggle("no-input", "Never ask [AELYST_NO_INPUT, CI]"),
  yes: toggle("yes", "Answer every question with yes").pipe(Flag.withAlias("y")),
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
