/**
 * The options of a client, a call and a run: names, ranges, defaults and a sentence each. Core's parser, the SDK's check,
 * the command's settings and the option tables of the READMEs come from it; no range or default is written elsewhere.
 */

/** Names a place that an option may be set in: on the client, for one call, or for one run. */
export type OptionScope = "client" | "call" | "run"

interface Entry {
  readonly scopes: ReadonlyArray<OptionScope>
}

/** Describes an integer; both bounds are allowed. */
export interface IntegerOption extends Entry {
  readonly kind: "integer"
  readonly least: number
  readonly most: number
  readonly default: number
}

/** Describes a duration in milliseconds; both bounds are allowed. */
export interface DurationOption extends Entry {
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

/** Describes a choice between words. */
export interface ChoiceOption extends Entry {
  readonly kind: "choice"
  readonly choices: ReadonlyArray<string>
  readonly default: string
}

/** Describes an option that is on or off. */
export interface BooleanOption extends Entry {
  readonly kind: "boolean"
  readonly default: boolean
}

/** Describes an option whose rule is in the parser. */
export interface OtherOption extends Entry {
  readonly kind: "url" | "token" | "headers" | "rate" | "function" | "catalogue"
  readonly default: string | undefined
}

/** Describes one option. */
export type OptionEntry =
  | IntegerOption
  | DurationOption
  | ChoiceOption
  | BooleanOption
  | OtherOption

// A longer timer of the platform would fire at once.
const longestMs = 2 ** 31 - 1

const everywhere: ReadonlyArray<OptionScope> = ["client", "call", "run"]
const client: ReadonlyArray<OptionScope> = ["client"]
const run: ReadonlyArray<OptionScope> = ["run"]

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
  token: {
    kind: "token",
    scopes: client,
    default: undefined,
  },
  baseUrl: {
    kind: "url",
    scopes: client,
    default: "https://api.aelyst.ai/v1",
  },
  timeout: {
    kind: "duration",
    scopes: everywhere,
    least: 1,
    most: longestMs,
    unbounded: true,
    default: 15_000,
  },
  deadline: {
    kind: "duration",
    scopes: everywhere,
    least: 1,
    most: longestMs,
    unbounded: true,
    default: 60_000,
    naturalKey: 120_000,
    inRuns: Number.POSITIVE_INFINITY,
  },
  retries: {
    kind: "integer",
    scopes: everywhere,
    least: 0,
    most: 100,
    default: 3,
  },
  delivery: {
    kind: "choice",
    scopes: everywhere,
    choices: ["at-most-once", "natural-key"],
    default: "at-most-once",
  },
  maxWait: {
    kind: "duration",
    scopes: everywhere,
    least: 0,
    most: longestMs,
    unbounded: true,
    default: 60_000,
    inRuns: 900_000,
  },
  doubtDelay: {
    kind: "duration",
    scopes: client,
    least: 1_000,
    most: longestMs,
    unbounded: false,
    default: 5_000,
  },
  settle: {
    kind: "duration",
    scopes: ["client", "call"],
    least: 0,
    most: longestMs,
    unbounded: false,
    default: 0,
  },
  headers: {
    kind: "headers",
    scopes: ["call"],
    default: undefined,
  },
  maxQueue: {
    kind: "integer",
    scopes: client,
    least: 1,
    most: 1_000_000,
    default: 10_000,
  },
  rateLimit: {
    kind: "rate",
    scopes: client,
    default: "adaptive",
  },
  exists: {
    kind: "function",
    scopes: client,
    default: undefined,
  },
  customFields: {
    kind: "catalogue",
    scopes: client,
    default: undefined,
  },
  propagateTrace: {
    kind: "boolean",
    scopes: client,
    default: false,
  },
  concurrency: {
    kind: "integer",
    scopes: run,
    least: 1,
    most: 10_000,
    default: 32,
  },
  ordered: {
    kind: "boolean",
    scopes: run,
    default: false,
  },
  maxErrors: {
    kind: "integer",
    scopes: run,
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    default: Number.POSITIVE_INFINITY,
  },
  giveUpAfter: {
    kind: "duration",
    scopes: run,
    least: 1,
    most: longestMs,
    unbounded: true,
    default: 900_000,
  },
  onProgress: {
    kind: "function",
    scopes: run,
    default: undefined,
  },
} as const satisfies Readonly<Record<string, OptionEntry>>

/** Names an option. */
export type OptionName = keyof typeof optionTable

/** Names the options of one kind. */
export type OptionNameOf<Kind extends OptionEntry["kind"]> = {
  [Name in OptionName]: (typeof optionTable)[Name]["kind"] extends Kind ? Name : never
}[OptionName]

/** Describes an option to people. */
export interface OptionText {
  /** One sentence on the option, without a full stop. */
  readonly sentence: string
  /** The default in words, if the table's value does not say it. */
  readonly otherwise?: string
}

/**
 * Describes each option: for READMEs, help texts and schemas. Apart from the table, so that no client's bundle holds it.
 *
 * **Example**
 *
 * ```ts
 * import { optionTexts } from "@aelyst/core/adapter"
 *
 * console.log(optionTexts.retries.sentence) // => Resends after the first attempt; 0 for none
 * ```
 */
export const optionTexts: Readonly<Record<OptionName, OptionText>> = {
  token: {
    sentence: "The bearer token, 8 to 4,096 visible ASCII characters",
    otherwise: "required",
  },
  baseUrl: { sentence: "URL of the API: https, or http on a loopback host" },
  timeout: { sentence: "Time to the first byte of one attempt's response" },
  deadline: { sentence: "Time for all attempts and waits together" },
  retries: { sentence: "Resends after the first attempt; 0 for none" },
  delivery: {
    sentence: "What may be resent; `natural-key` includes attempts whose outcome is unknown",
  },
  maxWait: { sentence: "Longest `Retry-After` to wait for; 0 to never wait" },
  doubtDelay: { sentence: "Wait before an attempt whose outcome is unknown is resent" },
  settle: {
    sentence:
      "Wait after a success, while the API processes the contact; 2 seconds is a good start",
  },
  headers: {
    sentence: "More request headers; those that the client or HTTP sets are refused",
    otherwise: "none",
  },
  maxQueue: { sentence: "Calls that may wait in the queue; further calls fail at once" },
  rateLimit: {
    sentence:
      "`{ perSecond }` caps the rate that is learned from the API; `false` only waits after a 429",
  },
  exists: {
    sentence: "Recognises the response that means that the contact exists",
    otherwise: "409, or a 400 that says so",
  },
  customFields: {
    sentence: "The custom fields that exist: checks names, converts values, gives types",
    otherwise: "none",
  },
  propagateTrace: { sentence: "Whether `traceparent` is sent to the API" },
  concurrency: { sentence: "Rows in progress at a time, including those that wait in the queue" },
  ordered: { sentence: "Whether results come in the order of the source" },
  maxErrors: {
    sentence: "Ends the run after this many rows that ended `invalid`, `rejected` or `unknown`",
    otherwise: "no limit",
  },
  giveUpAfter: { sentence: "Ends the run after this long without any response" },
  onProgress: { sentence: "Called with the counts after every row", otherwise: "none" },
}
