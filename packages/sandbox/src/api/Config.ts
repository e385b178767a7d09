/**
 * Checks what comes from outside as data: options and settings from code, flags and the admin API, and faults. Every
 * message names the option, the rule, and what was given, unless that could be personal data.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"

import { kinds } from "./Limiter.ts"
import type { FaultSpec, SandboxOptions, SandboxSettings } from "../types.ts"

/** Creates the error for invalid options: a `TypeError` with `code: "ERR_AELYST_CONFIG"`. */
export const configError = (message: string): TypeError =>
  Object.assign(new TypeError(message), { code: "ERR_AELYST_CONFIG" })

/** Checks whether an error was created by `configError`, or by core for the same reason. */
export const isConfigError = (error: unknown): error is TypeError =>
  error instanceof TypeError && "code" in error && error.code === "ERR_AELYST_CONFIG"

/** Checks for an object that is not an array. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Every treatment of an existing contact, as `existing` takes it. */
export const existings = [
  "reject",
  "reject=403",
  "reject=409",
  "reject=object",
  "merge",
  "duplicate",
] as const satisfies ReadonlyArray<SandboxSettings["existing"]>

/** Every choice of responses with `X-RateLimit-*`, as `rateLimitHeaders` takes it. */
export const rateLimitHeaders = ["all", "on-429", "none"] as const satisfies ReadonlyArray<
  SandboxSettings["rateLimitHeaders"]
>

/** Every form of `Retry-After`, as `retryAfter` takes it. */
export const retryAfterForms = [
  "integer",
  "fraction",
  "date",
  "none",
] as const satisfies ReadonlyArray<SandboxSettings["retryAfter"]>

const deliveries = [
  "drop",
  "fin",
  "stall",
  "stall-body",
  "truncate-length",
  "truncate-chunked",
  "truncate-close",
  "garbage",
  "trickle",
] as const satisfies ReadonlyArray<FaultSpec["delivery"]>

const grouped = (number: number): string => number.toLocaleString("en-US")

/** Lists choices as in a sentence: `a, b or c`. */
export const choice = (names: ReadonlyArray<string>): string =>
  `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`

// the description of a schema is what its message says the value must be
const isInteger = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum })).annotate({
    description: `an integer between ${grouped(minimum)} and ${grouped(maximum)}`,
  })
const isNumber = (minimum: number, maximum: number, unit = "") =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum })).annotate({
    description: `a number ${unit}between ${grouped(minimum)} and ${grouped(maximum)}`,
  })
const isOneOf = <const Names extends ReadonlyArray<string>>(names: Names) =>
  Schema.Literals(names).annotate({ description: choice(names) })

const DAY_MS = 86_400_000
const Milliseconds = isNumber(0, DAY_MS, "of milliseconds ")
const Count = isInteger(0, 1_000_000_000)
const Text = Schema.String.annotate({ description: "text" })
const Flag = Schema.Boolean.annotate({ description: "true or false" })

const Settings = Schema.Struct({
  limit: Schema.optionalKey(Count),
  windowMs: Schema.optionalKey(isNumber(1, DAY_MS, "of milliseconds ")),
  limiter: Schema.optionalKey(isOneOf(kinds)),
  existing: Schema.optionalKey(isOneOf(existings)),
  processingDelayMs: Schema.optionalKey(Milliseconds),
  lagMs: Schema.optionalKey(Milliseconds),
  latencyMs: Schema.optionalKey(
    Schema.Union([
      Milliseconds,
      Schema.Tuple([Milliseconds, Milliseconds]).check(
        Schema.makeFilter(([least, most]) => least <= most),
      ),
    ]).annotate({
      description: `a number of milliseconds between 0 and ${grouped(DAY_MS)}, or two of them as a range, the smaller one first`,
    }),
  ),
  rateLimitHeaders: Schema.optionalKey(isOneOf(rateLimitHeaders)),
  retryAfter: Schema.optionalKey(isOneOf(retryAfterForms)),
})

// anything else would break the head of the response, or let text into it
const HeaderText = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e\x80-\xff]*$/))
const HeaderName = Schema.String.check(Schema.isPattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/))

const Fault = Schema.Struct({
  preset: Schema.optionalKey(Text),
  match: Schema.optionalKey(
    Schema.Struct({
      identifier: Schema.optionalKey(Schema.String),
      token: Schema.optionalKey(Schema.String),
    }).annotate({ description: "an object with `identifier` or `token`, both text" }),
  ),
  status: Schema.optionalKey(isInteger(200, 599)),
  body: Schema.optionalKey(Schema.Unknown),
  headers: Schema.optionalKey(
    Schema.Record(HeaderName, HeaderText).annotate({
      description: "an object of header names with printable latin1 text as values",
    }),
  ),
  retryAfter: Schema.optionalKey(
    Schema.Union([Schema.Finite, HeaderText, Schema.Null]).annotate({
      description: "a number of seconds, printable latin1 text, or null",
    }),
  ),
  rateLimitHeaders: Schema.optionalKey(Flag),
  location: Schema.optionalKey(HeaderText.annotate({ description: "printable latin1 text" })),
  delayMs: Schema.optionalKey(Milliseconds),
  commit: Schema.optionalKey(Flag),
  delivery: Schema.optionalKey(isOneOf(deliveries)),
  intervalMs: Schema.optionalKey(Milliseconds),
  padTo: Schema.optionalKey(isInteger(0, 2 ** 30)),
  gzip: Schema.optionalKey(Flag),
  raw: Schema.optionalKey(Text),
  times: Schema.optionalKey(Count),
  probability: Schema.optionalKey(isNumber(0, 1)),
  seed: Schema.optionalKey(Schema.Finite.annotate({ description: "a number" })),
})

const strict = { errors: "all", onExcessProperty: "error" } as const
const decodeSettings = Schema.decodeUnknownResult(Settings, strict)
const decodeFault = Schema.decodeUnknownResult(Fault, strict)
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Describes a value without what could be personal data or long: text only if a choice was expected. */
const shown = (value: unknown, isChoice: boolean): string => {
  if (typeof value === "string")
    return isChoice && value.length <= 40 ? JSON.stringify(value) : "a string"
  if (Array.isArray(value)) return "an array"
  return typeof value === "object" && value !== null ? "an object" : String(value)
}

const unknownName = (subject: string, name: string, known: ReadonlyArray<string>): string =>
  `unknown ${subject} \`${name}\`: expected ${choice(known)}`

type Fields = Readonly<Record<string, { readonly ast: SchemaAST.AST }>>

/** Explains the first rule that a value breaks. */
const explain = (
  subject: "option" | "fault option",
  fields: Fields,
  value: unknown,
  error: Schema.SchemaError,
): string => {
  const part = format(error.issue).issues[0]?.path?.[0]
  const name = String(typeof part === "object" ? part.key : (part ?? ""))
  if (name === "" || !isRecord(value))
    return `expected an object of ${subject}s (got ${shown(value, false)})`
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined) return unknownName(subject, name, Object.keys(fields))
  const must = String(SchemaAST.resolve(field.ast)?.["description"] ?? "valid")
  const isChoice = SchemaAST.isUnion(field.ast) && field.ast.types.every(SchemaAST.isLiteral)
  return `\`${name}\` must be ${must} (got ${shown(value[name], isChoice)})`
}

/** Drops members that are `undefined`: callers may spread optional values. */
const withoutUndefined = (value: unknown): unknown =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
    : value

/** Checks settings and returns them. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"`. */
export const readSettings = (value: unknown): SandboxSettings => {
  const given = withoutUndefined(value)
  const read = decodeSettings(given)
  if (Result.isFailure(read))
    throw configError(explain("option", Settings.fields, given, read.failure))
  return read.success
}

// the range of each; null for options that are not numbers
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
  cors: null,
  decodePlus: null,
  maxConnections: [1, 1_000_000],
  maxContacts: [0, 10_000_000],
  maxRequests: [1, 1_000_000],
  idleTimeoutMs: [0, DAY_MS],
  headersTimeoutMs: [1, DAY_MS],
  requestTimeoutMs: [1, DAY_MS],
}

const known = { ...Settings.fields, ...others }

/**
 * Checks the options of a sandbox and returns its settings. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for an
 * unknown name, which would be ignored otherwise, for a number out of range, and for `fields` or `extraTokens` that are no
 * object.
 */
export const readOptions = (options: SandboxOptions): SandboxSettings => {
  if (!isRecord(options))
    throw configError(`expected an object of options (got ${shown(options, false)})`)
  const settings: Record<string, unknown> = {}
  for (const [name, value] of Object.entries<unknown>(options)) {
    if (value === undefined) continue
    if (!Object.hasOwn(known, name))
      throw configError(unknownName("option", name, Object.keys(known)))
    if (Object.hasOwn(Settings.fields, name)) settings[name] = value
    if ((name === "fields" || name === "extraTokens") && !isRecord(value))
      throw configError(`\`${name}\` must be an object (got ${shown(value, false)})`)
    const range = others[name]
    if (range === null || range === undefined) continue
    const [least, most] = range
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
      throw configError(
        `\`${name}\` must be an integer between ${grouped(least)} and ${grouped(most)} (got ${shown(value, false)})`,
      )
  }
  return readSettings(settings)
}

/** Checks a fault, without resolving its preset. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"`. */
export const readFault = (value: unknown): FaultSpec => {
  const given = withoutUndefined(value)
  const read = decodeFault(given)
  if (Result.isFailure(read))
    throw configError(explain("fault option", Fault.fields, given, read.failure))
  return read.success
}
