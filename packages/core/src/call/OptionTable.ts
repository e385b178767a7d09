/**
 * The options of a client, a call and a run: names, ranges, defaults and a sentence each. Core's parser, the SDK's check,
 * the command's settings and the option tables of the READMEs come from it; no range or default is written elsewhere.
 */
import type { OptionEntry } from "../types.ts"

// a longer timer of the platform would fire at once
const longestMs = 2 ** 31 - 1

const everywhere = ["client", "call", "run"] as const
const onClient = ["client"] as const
const onCall = ["call"] as const
const onRun = ["run"] as const

const integer = <const S extends OptionEntry["scopes"], const A>(scopes: S, range: A) => ({
  kind: "integer" as const,
  scopes,
  ...range,
})
const duration = <const S extends OptionEntry["scopes"], const A>(scopes: S, range: A) => ({
  kind: "duration" as const,
  scopes,
  most: longestMs,
  ...range,
})

/**
 * Lists the options by name; durations are in milliseconds.
 *
 * **Example**
 *
 * ```ts
 * import { optionTable } from "@aelyst/core/adapter"
 *
 * console.log(optionTable.timeout.least) // => 1
 * console.log(optionTable.timeout.default) // => 15000
 * console.log(optionTable.deadline.naturalKey) // => 120000
 * ```
 */
export const optionTable = {
  token: { kind: "token", scopes: onClient, default: undefined },
  baseUrl: { kind: "url", scopes: onClient, default: "https://api.aelyst.ai/v1" },
  timeout: duration(everywhere, { least: 1, unbounded: true, default: 15_000 }),
  deadline: duration(everywhere, {
    least: 1,
    unbounded: true,
    default: 60_000,
    naturalKey: 120_000,
    inRuns: Number.POSITIVE_INFINITY,
  }),
  retries: integer(everywhere, { least: 0, most: 100, default: 3 }),
  delivery: {
    kind: "choice",
    scopes: everywhere,
    choices: ["at-most-once", "natural-key"],
    default: "at-most-once",
  },
  maxWait: duration(everywhere, { least: 0, unbounded: true, default: 60_000, inRuns: 900_000 }),
  doubtDelay: duration(onClient, { least: 1_000, unbounded: false, default: 5_000 }),
  settle: duration(["client", "call"], { least: 0, unbounded: false, default: 0 }),
  existing: { kind: "choice", scopes: onCall, choices: ["error", "accept"], default: "error" },
  doubt: { kind: "boolean", scopes: onCall, default: false },
  headers: { kind: "headers", scopes: onCall, default: undefined },
  maxQueue: integer(onClient, { least: 1, most: 1_000_000, default: 10_000 }),
  rateLimit: { kind: "rate", scopes: onClient, default: "adaptive" },
  exists: { kind: "function", scopes: onClient, default: undefined },
  customFields: { kind: "catalogue", scopes: onClient, default: undefined },
  encodePlus: { kind: "boolean", scopes: onClient, default: false },
  fill: { kind: "boolean", scopes: onClient, default: true },
  propagateTrace: { kind: "boolean", scopes: onClient, default: false },
  concurrency: integer(onRun, { least: 1, most: 10_000, default: 32 }),
  ordered: { kind: "boolean", scopes: onRun, default: false },
  maxErrors: integer(onRun, {
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    default: Number.POSITIVE_INFINITY,
  }),
  giveUpAfter: duration(onRun, { least: 1, unbounded: true, default: 900_000 }),
  onProgress: { kind: "function", scopes: onRun, default: undefined },
} as const satisfies Readonly<Record<string, OptionEntry>>

/** Names an option. */
export type OptionName = keyof typeof optionTable

/** Names the options of one kind. */
export type OptionNameOf<Kind extends OptionEntry["kind"]> = {
  [Name in OptionName]: (typeof optionTable)[Name]["kind"] extends Kind ? Name : never
}[OptionName]
