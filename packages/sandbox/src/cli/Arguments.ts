/**
 * The command line of the sandbox: turns arguments into options, or says what is wrong with them.
 */
import { parseArgs } from "node:util"

import { suggest } from "@aelyst/core/adapter"

import { existings, rateLimitHeaders, retryAfterForms } from "../api/Config.ts"
import { kinds } from "../api/Limiter.ts"
import * as Preset from "../api/Preset.ts"
import type { FaultSpec, SandboxOptions } from "../types.ts"
import { visible } from "./Console.ts"
import {
  oneOf,
  quoted,
  readCount,
  readErrorRate,
  readFields,
  readLatency,
  readShare,
  readTime,
  UsageError,
} from "./FlagValue.ts"
import type { FlagEntry, Verb } from "./Flags.ts"
import { flags, presetList, presetNames } from "./Flags.ts"
import { usageOf, verbNames } from "./Help.ts"

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

type Option<Flag> = (Flag extends { readonly metavar: string }
  ? { readonly type: "string" }
  : { readonly type: "boolean" }) &
  (Flag extends { readonly repeatable: true } ? { readonly multiple: true } : unknown)

// safe: each entry is written as `Option` says
const parsedFlags = Object.fromEntries(
  Object.entries<FlagEntry>(flags).map(([name, { metavar, repeatable, short }]) => [
    name,
    {
      type: metavar === undefined ? "boolean" : "string",
      ...(repeatable === true && { multiple: true }),
      ...(short !== undefined && { short }),
    },
  ]),
) as { readonly [Name in keyof typeof flags]: Option<(typeof flags)[Name]> }

/** The parsed arguments. */
export interface Invocation {
  readonly verb: Verb | "help" | "version"
  readonly options: SandboxOptions
  /** The value of --port, if given. */
  readonly port: number | undefined
  /** The command after `exec`. */
  readonly command: ReadonlyArray<string>
  /** The fault of `fault`. */
  readonly fault: FaultSpec | undefined
  /** The command whose help is asked for. */
  readonly topic: Verb | undefined
  readonly quiet: boolean
  readonly noColor: boolean
}

const parse = (argv: ReadonlyArray<string>) =>
  parseArgs({
    args: [...argv],
    options: parsedFlags,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })

type Parsed = ReturnType<typeof parse>
/** The values as their flags declare them; `checkFlags` makes sure of it. */
type Values = {
  readonly [Name in keyof typeof flags]?: Option<(typeof flags)[Name]> extends infer Kind
    ? Kind extends { readonly multiple: true }
      ? ReadonlyArray<string>
      : Kind extends { readonly type: "string" }
        ? string
        : boolean
    : never
}

const isFlag = (name: string): name is keyof typeof flags => Object.hasOwn(flags, name)

const didYouMean = (name: string, known: ReadonlyArray<string>, prefix = ""): string => {
  const nearest = suggest(name, known)
  return nearest === undefined ? "" : `. Did you mean ${prefix}${nearest}?`
}

/** Throws unless every flag exists. */
const checkNames = ({ tokens }: Parsed, program: string): void => {
  for (const token of tokens) {
    if (token.kind !== "option" || isFlag(token.name)) continue
    const meant = didYouMean(token.name, Object.keys(flags), "--")
    throw new UsageError(
      `unknown flag ${visible(token.rawName.slice(0, 40))}${meant}`,
      `usage: ${program} [command] [flags]`,
      `help:  ${program} --help`,
    )
  }
}

/** Throws unless every flag belongs to the command, and has a value exactly if it takes one. */
const checkFlags = ({ tokens }: Parsed, verb: Verb, program: string): void => {
  const seen = new Set<string>()
  const fail = (message: string): never => {
    throw new UsageError(
      message,
      `usage: ${usageOf(program, verb)}`,
      `help:  ${program} ${verb} --help`,
    )
  }
  for (const token of tokens) {
    if (token.kind !== "option") continue
    const { name, value } = token
    const raw = visible(token.rawName)
    if (!isFlag(name)) continue
    const flag: FlagEntry = flags[name]
    if (!flag.verbs.includes(verb)) {
      return fail(`${raw} is not a flag of ${verb}, but of ${flag.verbs.join(" and ")}`)
    }
    if (flag.metavar === undefined && value !== undefined) return fail(`${raw} takes no value`)
    // parseArgs takes what follows, also if it is another flag
    const isNext = token.inlineValue === false && value?.startsWith("-") === true
    if (flag.metavar !== undefined && (value === undefined || isNext)) {
      return fail(`missing value for ${raw}: expected ${flag.metavar}`)
    }
    if (seen.has(name) && flag.metavar !== undefined && flag.repeatable !== true) {
      return fail(`${raw} was given more than once; it takes one value`)
    }
    seen.add(name)
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
  if (values.cors !== undefined) options.cors = values.cors
  const most = values["max-connections"]
  if (most !== undefined) options.maxConnections = readCount("max-connections", most)
  if (values.admin === true) options.admin = true
  if (values["no-admin"] === true) options.admin = false
  if (values["decode-plus"] === true) options.decodePlus = true
  return options
}

const readFaultFlags = (preset: string | undefined, values: Values, help: string): FaultSpec => {
  if (preset === undefined) {
    throw new UsageError("fault needs a preset, such as 500 or drop-before", presetList, help)
  }
  if (Preset.parse(preset) === undefined) {
    const meant = didYouMean(preset, presetNames)
    throw new UsageError(`unknown preset ${quoted(preset)}${meant}`, presetList, help)
  }
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

const verbOf = (text: string, program: string): Verb => {
  const verb = verbNames.find((name) => name === text)
  if (verb !== undefined) return verb
  throw new UsageError(
    `unknown command ${quoted(text)}${didYouMean(text, verbNames)}`,
    `commands: ${verbNames.join(", ")}`,
    `help:  ${program} --help`,
  )
}

/** Parses the arguments; `program` is the name in its hints. Throws a `UsageError`. */
export const read = (argv: ReadonlyArray<string>, program = "aelyst-sandbox"): Invocation => {
  const dashes = argv.indexOf("--")
  const parsed = parse(dashes === -1 ? argv : argv.slice(0, dashes))
  const { positionals } = parsed
  checkNames(parsed, program)
  // safe: `checkFlags` throws if a value is not of its flag's kind
  const values = parsed.values as Values
  const asksHelp = positionals[0] === "help"
  const [given, preset, ...more] = asksHelp ? positionals.slice(1) : positionals
  const verb = verbOf(given ?? "start", program)
  const empty = { options: {}, port: undefined, command: [], fault: undefined }
  const look = { quiet: values.quiet === true, noColor: values["no-color"] === true }
  if (asksHelp || values.help === true) {
    return { verb: "help", ...empty, topic: given === undefined ? undefined : verb, ...look }
  }
  if (values.version === true) return { verb: "version", ...empty, topic: undefined, ...look }
  const help = `help:  ${program} ${verb} --help`
  const usage = `usage: ${usageOf(program, verb)}`
  checkFlags(parsed, verb, program)
  const extra = verb === "fault" ? more[0] : preset
  if (extra !== undefined) {
    const fix = verb === "exec" ? ": write the command after --" : ""
    throw new UsageError(`unexpected argument ${quoted(extra)}${fix}`, usage, help)
  }
  const command = dashes === -1 ? [] : argv.slice(dashes + 1)
  if (verb === "exec" && command.length === 0) {
    throw new UsageError("exec needs a command after --, as in exec -- npm test", usage, help)
  }
  if (verb !== "exec" && command.length > 0) {
    throw new UsageError("only exec takes a command after --", usage, help)
  }
  return {
    verb,
    options: readOptions(values),
    port: values.port === undefined ? undefined : readCount("port", values.port, 65_535),
    command,
    fault: verb === "fault" ? readFaultFlags(preset, values, help) : undefined,
    topic: undefined,
    ...look,
  }
}
