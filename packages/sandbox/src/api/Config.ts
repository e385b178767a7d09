/**
 * What comes from outside as data, read and refused: settings and faults of the control API, of flags and of code.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { FaultSpec, SandboxOptions, SandboxSettings } from "../types.ts"

/** Makes the error for options that make no sense. */
export const configError = (message: string): TypeError =>
  Object.assign(new TypeError(message), { code: "ERR_AELYST_CONFIG" })

/** Says whether an error was made by `configError` or by the core for the same reason. */
export const isConfigError = (error: unknown): error is TypeError =>
  error instanceof TypeError && "code" in error && error.code === "ERR_AELYST_CONFIG"

const Milliseconds = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 86_400_000 }))
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 }))

const SettingsSchema = Schema.Struct({
  limit: Schema.optionalKey(Count),
  windowMs: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 86_400_000 })),
  ),
  limiter: Schema.optionalKey(
    Schema.Literals([
      "fixed-window-aligned",
      "fixed-window-first-request",
      "sliding-log",
      "token-bucket",
      "gcra",
    ]),
  ),
  existing: Schema.optionalKey(
    Schema.Literals(["reject", "reject=403", "reject=409", "reject=object", "merge", "duplicate"]),
  ),
  processingDelayMs: Schema.optionalKey(Milliseconds),
  lagMs: Schema.optionalKey(Milliseconds),
  latencyMs: Schema.optionalKey(
    Schema.Union([Milliseconds, Schema.Tuple([Milliseconds, Milliseconds])]),
  ),
  rateLimitHeaders: Schema.optionalKey(Schema.Literals(["all", "on-429", "none"])),
  retryAfter: Schema.optionalKey(Schema.Literals(["integer", "fraction", "date", "none"])),
})

// What a header may carry; anything else would break the head of the answer or let text into it.
const HeaderText = Schema.String.check(
  Schema.isPattern(/^[\t\x20-\x7e\x80-\xff]*$/, {
    message: "A header holds printable latin1 only",
  }),
)
const HeaderName = Schema.String.check(
  Schema.isPattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { message: "This cannot be a header's name" }),
)

const FaultSchema = Schema.Struct({
  preset: Schema.optionalKey(Schema.String),
  match: Schema.optionalKey(
    Schema.Struct({
      identifier: Schema.optionalKey(Schema.String),
      token: Schema.optionalKey(Schema.String),
    }),
  ),
  status: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 }))),
  body: Schema.optionalKey(Schema.Unknown),
  headers: Schema.optionalKey(Schema.Record(HeaderName, HeaderText)),
  retryAfter: Schema.optionalKey(Schema.Union([Schema.Finite, HeaderText, Schema.Null])),
  rateLimitHeaders: Schema.optionalKey(Schema.Boolean),
  location: Schema.optionalKey(HeaderText),
  delayMs: Schema.optionalKey(Milliseconds),
  commit: Schema.optionalKey(Schema.Boolean),
  delivery: Schema.optionalKey(
    Schema.Literals([
      "drop",
      "fin",
      "stall",
      "stall-body",
      "truncate-length",
      "truncate-chunked",
      "truncate-close",
      "garbage",
      "drip",
    ]),
  ),
  intervalMs: Schema.optionalKey(Milliseconds),
  padTo: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 30 }))),
  gzip: Schema.optionalKey(Schema.Boolean),
  raw: Schema.optionalKey(Schema.String),
  times: Schema.optionalKey(Count),
  probability: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  ),
  seed: Schema.optionalKey(Schema.Finite),
})

const strict = { errors: "all", onExcessProperty: "error" } as const
const decodeSettings = Schema.decodeUnknownResult(SettingsSchema, strict)
const decodeFault = Schema.decodeUnknownResult(FaultSchema, strict)

/** Drops members that are `undefined`: callers may spread optional values. */
const withoutUndefined = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
    : value

/** Reads settings. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"`. */
export const readSettings = (value: unknown): SandboxSettings => {
  const read = decodeSettings(withoutUndefined(value))
  if (Result.isFailure(read)) throw configError(`Options: ${read.failure.message}`)
  return read.success
}

// the least and the most of each; null is not for numbers
const others: Readonly<Record<string, readonly [number, number] | null>> = {
  host: null,
  port: [0, 65_535],
  fields: null,
  extraTokens: null,
  clock: null,
  data: null,
  seed: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  faults: null,
  admin: null,
  allowedHosts: null,
  maxConnections: [1, 1_000_000],
  maxContacts: [0, 10_000_000],
  maxRequests: [1, 1_000_000],
  idleTimeoutMs: [0, 86_400_000],
  headersTimeoutMs: [1, 86_400_000],
  requestTimeoutMs: [1, 86_400_000],
}

/**
 * Checks the options of a sandbox and returns its settings. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for a
 * name that is no option, which would be ignored otherwise, and for a number out of range.
 */
export const readOptions = (options: SandboxOptions): SandboxSettings => {
  const settings: Record<string, unknown> = {}
  for (const [name, value] of Object.entries<unknown>({ ...options })) {
    if (!Object.hasOwn(others, name)) {
      settings[name] = value
      continue
    }
    const range = others[name]
    if (range === null || range === undefined || value === undefined) continue
    if (
      typeof value !== "number" ||
      !Number.isInteger(value) ||
      value < range[0] ||
      value > range[1]
    )
      throw configError(`${name} is a whole number from ${range[0]} to ${range[1]}`)
  }
  return readSettings(settings)
}

/** Reads a fault, without looking at its preset. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"`. */
export const readFault = (value: unknown): FaultSpec => {
  const read = decodeFault(withoutUndefined(value))
  if (Result.isFailure(read)) throw configError(`Fault: ${read.failure.message}`)
  return read.success
}
