/**
 * The options of a client, a call and a run: names, ranges, defaults and a sentence each. Core's parser, the SDK's check,
 * the command's settings and the option tables of the READMEs come from it; no range or default is written elsewhere.
 */

/** The scopes of options: a client, one call, or one run. */
export type OptionScope = "client" | "call" | "run"

/** Describes one option; durations are in milliseconds, both bounds are allowed. */
export type OptionEntry = { readonly scopes: ReadonlyArray<OptionScope> } & (
  | IntegerRange
  | DurationRange
  | {
      readonly kind: "choice"
      readonly choices: ReadonlyArray<string>
      readonly default: string
    }
  | { readonly kind: "boolean"; readonly default: boolean }
  /** An option whose rule is in the parser. */
  | {
      readonly kind: "url" | "token" | "headers" | "rate" | "function" | "catalogue"
      readonly default: string | undefined
    }
)

interface IntegerRange {
  readonly kind: "integer"
  readonly least: number
  readonly most: number
  readonly default: number
}

interface DurationRange {
  readonly kind: "duration"
  readonly least: number
  readonly most: number
  /** Whether `Duration.infinity` is allowed too; it means no limit. */
  readonly unbounded: boolean
  readonly default: number
  /** The default under `natural-key`, if it differs. */
  readonly naturalKey?: number
  /** The default in runs, if it differs. */
  readonly inRuns?: number
}

// a longer timer of the platform would fire at once
const longestMs = 2 ** 31 - 1

const everywhere = ["client", "call", "run"] as const
const onClient = ["client"] as const
const onRun = ["run"] as const

const integer = <const A extends Partial<IntegerRange>>(range: A) => ({
  kind: "integer" as const,
  ...range,
})
const duration = <const A extends Partial<DurationRange>>(range: A) => ({
  kind: "duration" as const,
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
  timeout: {
    ...duration({ least: 1, unbounded: true, default: 15_000 }),
    scopes: everywhere,
  },
  deadline: {
    ...duration({
      least: 1,
      unbounded: true,
      default: 60_000,
      naturalKey: 120_000,
      inRuns: Number.POSITIVE_INFINITY,
    }),
    scopes: everywhere,
  },
  retries: { ...integer({ least: 0, most: 100, default: 3 }), scopes: everywhere },
  delivery: {
    kind: "choice",
    scopes: everywhere,
    choices: ["at-most-once", "natural-key"],
    default: "at-most-once",
  },
  maxWait: {
    ...duration({ least: 0, unbounded: true, default: 60_000, inRuns: 900_000 }),
    scopes: everywhere,
  },
  doubtDelay: {
    ...duration({ least: 1_000, unbounded: false, default: 5_000 }),
    scopes: onClient,
  },
  settle: {
    ...duration({ least: 0, unbounded: false, default: 0 }),
    scopes: ["client", "call"],
  },
  headers: { kind: "headers", scopes: ["call"], default: undefined },
  maxQueue: { ...integer({ least: 1, most: 1_000_000, default: 10_000 }), scopes: onClient },
  rateLimit: { kind: "rate", scopes: onClient, default: "adaptive" },
  exists: { kind: "function", scopes: onClient, default: undefined },
  customFields: { kind: "catalogue", scopes: onClient, default: undefined },
  propagateTrace: { kind: "boolean", scopes: onClient, default: false },
  concurrency: { ...integer({ least: 1, most: 10_000, default: 32 }), scopes: onRun },
  ordered: { kind: "boolean", scopes: onRun, default: false },
  maxErrors: {
    ...integer({ least: 1, most: Number.MAX_SAFE_INTEGER, default: Number.POSITIVE_INFINITY }),
    scopes: onRun,
  },
  giveUpAfter: {
    ...duration({ least: 1, unbounded: true, default: 900_000 }),
    scopes: onRun,
  },
  onProgress: { kind: "function", scopes: onRun, default: undefined },
} as const satisfies Readonly<Record<string, OptionEntry>>

/** Names an option. */
export type OptionName = keyof typeof optionTable

/** Names the options of one kind. */
export type OptionNameOf<Kind extends OptionEntry["kind"]> = {
  [Name in OptionName]: (typeof optionTable)[Name]["kind"] extends Kind ? Name : never
}[OptionName]
