/**
 * The commands and flags of the sandbox as data: help, parsing, suggestions and shell completions come from these tables.
 */
import { existings, rateLimitHeaders, retryAfterForms } from "../api/Config.ts"
import { kinds } from "../api/Limiter.ts"
import { presets } from "../api/Preset.ts"

/** Names a command of the sandbox. */
export type Verb = "start" | "exec" | "fault" | "reset" | "open"

/** Describes a command. */
export interface VerbEntry {
  /** Follows the flags in its usage line. */
  readonly operands: string
  readonly text: string
  readonly example: string
}

/** Describes a flag. */
export interface FlagEntry {
  /** Stands for its value; a flag without one is on or off. */
  readonly metavar?: string
  readonly text: string
  readonly short?: string
  readonly repeatable?: true
  /** The values that it takes, if they are few. */
  readonly choices?: ReadonlyArray<string>
  /** Whether its value is the path of a file. */
  readonly isFile?: true
  readonly verbs: ReadonlyArray<Verb>
}

/** Lists the commands. */
export const verbs: Readonly<Record<Verb, VerbEntry>> = {
  start: { operands: "", text: "Run until stopped", example: "start --limit 5 --window 2s" },
  exec: {
    operands: " -- <command>",
    text: "Run a command with its own sandbox",
    example: "exec -- npm test",
  },
  fault: {
    operands: " <preset>",
    text: "Add a fault to the running sandbox",
    example: "fault 429-7s --times 3",
  },
  reset: {
    operands: "",
    text: "Remove contacts, requests and added faults of the running sandbox",
    example: "reset",
  },
  open: {
    operands: "",
    text: "Open the inspector of the running sandbox in a browser",
    example: "open",
  },
}

const every = ["start", "exec", "fault", "reset", "open"] as const
const serving = ["start", "exec"] as const
const faulting = ["fault"] as const

/** Lists the flags. */
export const flags = {
  port: {
    metavar: "<n>",
    text: "start: default 4242 or the next free port; exec: any free port; others: that of AELYST_BASE_URL, else 4242",
    verbs: every,
  },
  host: { metavar: "<address>", text: "Default 127.0.0.1", verbs: serving },
  limit: { metavar: "<n>", text: "Requests per window, default 10", verbs: serving },
  window: { metavar: "<time>", text: "Length of a window, default 1s", verbs: serving },
  limiter: { metavar: "<kind>", text: "", choices: kinds, verbs: serving },
  "rate-limit-headers": {
    metavar: "<when>",
    text: "",
    choices: rateLimitHeaders,
    verbs: serving,
  },
  "no-headers": { text: "No rate limit headers and no Retry-After", verbs: serving },
  "retry-after": { metavar: "<form>", text: "", choices: retryAfterForms, verbs: serving },
  existing: {
    metavar: "<mode>",
    text: "A create of an existing contact: ",
    choices: existings,
    verbs: serving,
  },
  "processing-delay": {
    metavar: "<time>",
    text: "How long a new contact stays in processing",
    verbs: serving,
  },
  lag: {
    metavar: "<time>",
    text: "How long the search for duplicates does not see a new contact",
    verbs: serving,
  },
  latency: {
    metavar: "<time>",
    text: "Delay before every response, such as 20ms or 20ms..200ms",
    verbs: serving,
  },
  fault: {
    metavar: "<preset>",
    text: "Active from the start, such as 429-7s-x3 or drop-before; repeatable",
    repeatable: true,
    verbs: serving,
  },
  "error-rate": { metavar: "<list>", text: "Such as 500=1%,drop=0.5%", verbs: serving },
  seed: { metavar: "<n>", text: "For everything that is drawn at random", verbs: serving },
  clock: {
    metavar: "<kind>",
    text: "Virtual time moves only by POST /_sandbox/clock: ",
    choices: ["real", "virtual"],
    verbs: serving,
  },
  fields: {
    metavar: "<file.json>",
    text: "Names and types of the custom fields",
    isFile: true,
    verbs: serving,
  },
  data: {
    metavar: "<file.jsonl>",
    text: "Load the contacts of a file, and keep them there",
    isFile: true,
    verbs: serving,
  },
  "allow-host": {
    metavar: "<name>",
    text: "Accept this name in the Host header; repeatable",
    repeatable: true,
    verbs: serving,
  },
  cors: {
    metavar: "<origin>",
    text: "Let pages of this origin call the API, such as http://localhost:5173; repeatable",
    repeatable: true,
    verbs: serving,
  },
  "decode-plus": { text: "Read + in the path as a space, as some gateways do", verbs: serving },
  "max-connections": { metavar: "<n>", text: "Default 256", verbs: serving },
  admin: { text: "Serve /_sandbox; the default on loopback", verbs: serving },
  "no-admin": { text: "Do not serve /_sandbox", verbs: serving },
  times: { metavar: "<n>", text: "How often the fault hits", verbs: faulting },
  probability: { metavar: "<share>", text: "Such as 0.05 or 5%", verbs: faulting },
  identifier: { metavar: "<identifier>", text: "Hit only this contact", verbs: faulting },
  token: { metavar: "<token>", text: "Hit only requests with this token", verbs: faulting },
  quiet: { text: "No request log", short: "q", verbs: every },
  "no-color": { text: "Write without colours", verbs: every },
  help: { text: "Show help, also after a command", short: "h", verbs: every },
  version: { text: "Show the version", short: "V", verbs: every },
} as const satisfies Readonly<Record<string, FlagEntry>>

/** Lists the presets of `fault` that are not a status. */
export const presetNames: ReadonlyArray<string> = Object.keys(presets)

/** The line that lists the presets, for errors and help. */
export const presetList = `presets: a status from 200 to 599, ${presetNames.join(", ")}`
