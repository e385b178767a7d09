/**
 * The command line of the sandbox: turns arguments into options, or says what is wrong with them.
 */
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"

import { choice, existings, rateLimitHeaders, retryAfterForms } from "../api/Config.ts"
import { kinds } from "../api/Limiter.ts"
import type { FaultSpec, SandboxOptions } from "../types.ts"

/** A mistake in the arguments; the command prints it with the usage and exits with 2. */
export class UsageError extends Error {}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const flags = {
  port: { type: "string" },
  host: { type: "string" },
  limit: { type: "string" },
  window: { type: "string" },
  limiter: { type: "string" },
  existing: { type: "string" },
  latency: { type: "string" },
  "processing-delay": { type: "string" },
  lag: { type: "string" },
  "retry-after": { type: "string" },
  "rate-limit-headers": { type: "string" },
  "no-headers": { type: "boolean" },
  fault: { type: "string", multiple: true },
  "error-rate": { type: "string" },
  seed: { type: "string" },
  clock: { type: "string" },
  fields: { type: "string" },
  data: { type: "string" },
  "allow-host": { type: "string", multiple: true },
  "max-connections": { type: "string" },
  admin: { type: "boolean" },
  "no-admin": { type: "boolean" },
  times: { type: "string" },
  probability: { type: "string" },
  identifier: { type: "string" },
  token: { type: "string" },
  quiet: { type: "boolean", short: "q" },
  "no-color": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
} as const

/** Returns the help text: the commands and flags. */
export const usage = (program: string): string => `Usage:
  ${program} [start] [flags]             run until stopped
  ${program} exec [flags] -- <command>   run a command with its own sandbox
  ${program} fault <preset> [flags]      add a fault to the running sandbox
  ${program} reset [--port <n>]          remove contacts, requests and added faults
  ${program} open [--port <n>]           open the inspector in a browser

Flags:
  --port <n>                    default 4242, or the next free port
  --host <address>              default 127.0.0.1
  --limit <n>  --window <time>  requests per window, default 10 per 1s; times: 500ms 2s 5m
  --limiter <kind>              fixed-window-aligned, fixed-window-first-request, sliding-log,
                                token-bucket or gcra
  --rate-limit-headers <when>   all, on-429 or none; --no-headers also omits Retry-After
  --retry-after <form>          integer, fraction, date or none
  --existing <mode>             reject, reject=403, reject=409, reject=object, merge or duplicate
  --processing-delay <time>     how long a new contact stays in processing
  --lag <time>                  how long the search for duplicates does not see a new contact
  --latency <time|from..to>     delay before every response, such as 20ms..200ms
  --fault <preset>              active from the start, such as 429-7s-x3 or drop-before; repeatable
  --error-rate <list>           such as 500=1%,drop=0.5%
  --seed <n>                    for everything that is drawn at random
  --clock virtual               time moves only by POST /_sandbox/clock
  --fields <file.json>          names and types of the custom fields
  --data <file.jsonl>           load the contacts of a file, and keep them there
  --allow-host <name>           accept this name in the Host header; repeatable
  --max-connections <n>         default 256
  --admin, --no-admin           serve /_sandbox or not; by default only on loopback
  --times <n> --probability <p> --identifier <identifier> --token <token>     for fault
  -q, --quiet                   no request log
  --no-color  -h, --help  -V, --version
`

const invalid = (flag: string, text: string, expected: string): UsageError =>
  new UsageError(`invalid value ${JSON.stringify(text)} for --${flag}: expected ${expected}`)

/** Reads a duration, in milliseconds. */
const readTime = (flag: string, text: string): number => {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text)
  if (found === null) throw invalid(flag, text, "a duration such as 500ms, 2s or 5m")
  return Number(found[1]) * (found[2] === "m" ? 60_000 : found[2] === "s" ? 1000 : 1)
}

const readCount = (flag: string, text: string, most = Number.MAX_SAFE_INTEGER): number => {
  if (!/^\d{1,15}$/.test(text) || Number(text) > most)
    throw invalid(
      flag,
      text,
      most < 2 ** 20 ? `an integer between 0 and ${most}` : "an integer, 0 or more",
    )
  return Number(text)
}

const readShare = (flag: string, text: string): number => {
  const found = /^(\d+(?:\.\d+)?)(%)?$/.exec(text)
  const share = Number(found?.[1]) / (found?.[2] === "%" ? 100 : 1)
  if (!(share >= 0 && share <= 1))
    throw invalid(flag, text, "a share between 0 and 1, such as 0.05 or 5%")
  return share
}

const readLatency = (text: string): number | readonly [number, number] => {
  const [from = "", to] = text.split("..")
  return to === undefined
    ? readTime("latency", from)
    : [readTime("latency", from), readTime("latency", to)]
}

const readErrorRate = (text: string): ReadonlyArray<FaultSpec> =>
  text.split(",").map((part) => {
    const [preset = "", share = ""] = part.split("=")
    return { preset: preset.trim(), probability: readShare("error-rate", share.trim()) }
  })

const readFields = (file: string): NonNullable<SandboxOptions["fields"]> => {
  try {
    // safe: the engine checks every declaration
    return JSON.parse(readFileSync(file, "utf8")) as NonNullable<SandboxOptions["fields"]>
  } catch {
    throw invalid("fields", file, "a readable file of JSON")
  }
}

const oneOf = <const A extends string>(flag: string, text: string, known: ReadonlyArray<A>): A => {
  const found = known.find((name) => name === text)
  if (found === undefined) throw invalid(flag, text, choice(known))
  return found
}

/** The parsed arguments. */
export interface Invocation {
  readonly verb: "start" | "exec" | "fault" | "reset" | "open" | "help" | "version"
  readonly options: SandboxOptions
  /** The value of --port, if given. */
  readonly port: number | undefined
  /** The command after `exec`. */
  readonly command: ReadonlyArray<string>
  /** The fault of `fault`. */
  readonly fault: FaultSpec | undefined
  readonly quiet: boolean
  readonly noColor: boolean
}

type Values = ReturnType<typeof parse>["values"]

/** Shortens the messages of `parseArgs`, which also tell how to pass positionals. */
const explain = (error: unknown): string => {
  const message = error instanceof Error ? error.message : ""
  const unknown = /^Unknown option '(.+?)'/.exec(message)?.[1]
  return unknown === undefined ? (message.split("\n", 1)[0] ?? "") : `unknown flag ${unknown}`
}

const parse = (argv: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: [...argv], options: flags, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(explain(error))
  }
}

const readOptions = (values: Values): SandboxOptions => {
  const options: Mutable<SandboxOptions> = {}
  if (values.host !== undefined) options.host = values.host
  if (values.limit !== undefined) options.limit = readCount("limit", values.limit)
  if (values.window !== undefined) options.windowMs = readTime("window", values.window)
  if (values.limiter !== undefined) options.limiter = oneOf("limiter", values.limiter, kinds)
  if (values.existing !== undefined)
    options.existing = oneOf("existing", values.existing, existings)
  if (values.latency !== undefined) options.latencyMs = readLatency(values.latency)
  const delay = values["processing-delay"]
  if (delay !== undefined) options.processingDelayMs = readTime("processing-delay", delay)
  if (values.lag !== undefined) options.lagMs = readTime("lag", values.lag)
  const form = values["retry-after"]
  if (form !== undefined) options.retryAfter = oneOf("retry-after", form, retryAfterForms)
  const when = values["rate-limit-headers"]
  if (when !== undefined)
    options.rateLimitHeaders = oneOf("rate-limit-headers", when, rateLimitHeaders)
  if (values["no-headers"] === true) {
    options.rateLimitHeaders = "none"
    options.retryAfter = "none"
  }
  const rate = values["error-rate"]
  options.faults = [...(values.fault ?? []), ...(rate === undefined ? [] : readErrorRate(rate))]
  if (values.seed !== undefined) options.seed = readCount("seed", values.seed)
  if (values.clock !== undefined) options.clock = oneOf("clock", values.clock, ["real", "virtual"])
  if (values.fields !== undefined) options.fields = readFields(values.fields)
  if (values.data !== undefined) options.data = values.data
  const names = values["allow-host"]
  if (names !== undefined) options.allowedHosts = names
  const most = values["max-connections"]
  if (most !== undefined) options.maxConnections = readCount("max-connections", most)
  if (values.admin === true) options.admin = true
  if (values["no-admin"] === true) options.admin = false
  return options
}

const readFaultFlags = (preset: string | undefined, values: Values): FaultSpec => {
  if (preset === undefined)
    throw new UsageError("fault needs a preset, such as fault 500 or fault drop-before")
  const match = {
    ...(values.identifier !== undefined && { identifier: values.identifier }),
    ...(values.token !== undefined && { token: values.token }),
  }
  return {
    preset,
    ...(Object.keys(match).length > 0 && { match }),
    ...(values.times !== undefined && { times: readCount("times", values.times) }),
    ...(values.probability !== undefined && {
      probability: readShare("probability", values.probability),
    }),
  }
}

/** Parses the arguments. Throws a `UsageError`. */
export const read = (argv: ReadonlyArray<string>): Invocation => {
  const dashes = argv.indexOf("--")
  const { positionals, values } = parse(dashes === -1 ? argv : argv.slice(0, dashes))
  const [given = "start", preset, ...more] = positionals
  const verb =
    values.help === true
      ? "help"
      : values.version === true
        ? "version"
        : (["start", "exec", "fault", "reset", "open"] as const).find((name) => name === given)
  if (verb === undefined)
    throw new UsageError(
      `unknown command ${JSON.stringify(given)}: expected start, exec, fault, reset or open`,
    )
  const extra = verb === "fault" ? more[0] : preset
  if (extra !== undefined && verb !== "help" && verb !== "version")
    throw new UsageError(
      `unexpected argument ${JSON.stringify(extra)}${verb === "exec" ? ": write the command after --" : ""}`,
    )
  const command = dashes === -1 ? [] : argv.slice(dashes + 1)
  if (verb === "exec" && command.length === 0)
    throw new UsageError("exec needs a command after --, as in exec -- npm test")
  if (verb !== "exec" && command.length > 0)
    throw new UsageError("only exec takes a command after --")
  return {
    verb,
    options: readOptions(values),
    port: values.port === undefined ? undefined : readCount("port", values.port, 65_535),
    command,
    fault: verb === "fault" ? readFaultFlags(preset, values) : undefined,
    quiet: values.quiet === true,
    noColor: values["no-color"] === true,
  }
}
