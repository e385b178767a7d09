/** Checks options against the table: known names, kinds and ranges. Each error states the rule and the value that was given. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { isReadonlyObject } from "effect/Predicate"
import * as Result from "effect/Result"

import { suggest } from "../contact/Suggest.ts"
import type { OptionName } from "./OptionTable.ts"
import { optionTable } from "./OptionTable.ts"
import type { Checked } from "./RequestOptions.ts"
import { checkBaseUrl, checkHeaders, fail } from "./RequestOptions.ts"
import type { OptionEntry, OptionScope } from "../types.ts"

/** The type of a checked value. */
type ValueOf<Entry extends OptionEntry> = Entry extends { readonly choices: ReadonlyArray<infer A> }
  ? A
  : {
      readonly integer: number
      readonly duration: number
      readonly choice: string
      readonly boolean: boolean
      readonly url: { readonly baseUrl: string; readonly origin: string }
      readonly headers: Readonly<Record<string, string>>
      readonly rate: { readonly perSecond: number | undefined; readonly scheduled: boolean }
      readonly token: unknown
      readonly function: unknown
      readonly catalogue: unknown
    }[Entry["kind"]]

/** Holds checked values by the names of the table; durations are in milliseconds. */
export type Values = { -readonly [Name in OptionName]?: ValueOf<(typeof optionTable)[Name]> }

type Scope = ReadonlyMap<string, readonly [name: OptionName, entry: OptionEntry] | undefined>

/** Describes how options are written. */
export interface Dialect {
  /** Whether durations are numbers of milliseconds, under names that end in `Ms`; else they are `Duration.Input`. */
  readonly milliseconds: boolean
  /** The options of each scope by the name as it is written; undefined for one that the table does not have. */
  readonly scopes: Readonly<Record<OptionScope, Scope>>
}

// safe: the keys of the table
const names = Object.keys(optionTable) as ReadonlyArray<OptionName>

/**
 * Creates a dialect: the options of the table without those of `except`, and with those of `also`, which are not checked.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 *
 * const dialect = ClientOptions.makeDialect({ milliseconds: true, also: { call: ["signal"] } })
 * console.log(dialect.scopes.call.has("timeoutMs")) // => true
 * console.log(dialect.scopes.call.has("signal")) // => true
 * ```
 */
export const makeDialect = (how: {
  readonly milliseconds: boolean
  readonly also?: { readonly [Name in OptionScope]?: ReadonlyArray<string> }
  readonly except?: ReadonlyArray<OptionName>
}): Dialect => {
  const { milliseconds, also, except } = how
  const scopeOf = (scope: OptionScope): Scope => {
    const known = new Map<string, readonly [OptionName, OptionEntry] | undefined>()
    for (const name of names) {
      const entry: OptionEntry = optionTable[name]
      if (!entry.scopes.includes(scope) || except?.includes(name) === true) continue
      known.set(milliseconds && entry.kind === "duration" ? `${name}Ms` : name, [name, entry])
    }
    for (const name of also?.[scope] ?? []) known.set(name, undefined)
    return known
  }
  return {
    milliseconds,
    scopes: { client: scopeOf("client"), call: scopeOf("call"), run: scopeOf("run") },
  }
}

/**
 * Checks that options are an object whose names are all known; suggests the name that was probably meant.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const checked = ClientOptions.checkNames("hooks", { onwait: 1 }, new Set(["onWait"]))
 * console.log(Result.isFailure(checked) && checked.failure.message)
 * // => `onwait` is not an option; did you mean `onWait`?
 * ```
 */
export const checkNames = (
  what: string,
  options: unknown,
  known: { readonly has: (name: string) => boolean; readonly keys: () => Iterable<string> },
): Checked<object> => {
  // a text may be a name or a token in the wrong place
  if (typeof options === "string") return fail(what, "must be an object, not a text")
  if (typeof options !== "object" || options === null) {
    return fail(what, "must be an object", options)
  }
  for (const name of Object.keys(options)) {
    if (known.has(name)) continue
    const nearest = suggest(name, known.keys())
    // a name that is not a word may be a value in the wrong place
    return fail(
      /^[A-Za-z]\w{0,39}$/.test(name) ? name : what,
      nearest === undefined
        ? `is not an option; options: ${[...known.keys()].join(", ")}`
        : `is not an option; did you mean \`${nearest}\`?`,
    )
  }
  return Result.succeed(options)
}

/** Checks the options of one scope. */
export const check = (
  scope: OptionScope,
  input: object,
  { milliseconds, scopes }: Dialect,
): Checked<Values> => {
  const options = checkNames("options", input, scopes[scope])
  if (Result.isFailure(options)) return Result.fail(options.failure)
  const values: { [Name in OptionName]?: unknown } = {}
  for (const [option, known] of scopes[scope]) {
    const value: unknown = Reflect.get(options.success, option)
    if (value === undefined || known === undefined) continue
    const [name, entry] = known
    const token: unknown = Reflect.get(options.success, "token")
    const checked = checkValue(option, value, entry, milliseconds, token)
    if (Result.isFailure(checked)) return Result.fail(checked.failure)
    values[name] = checked.success
  }
  // safe: each value is as the kind of its entry has it
  return Result.succeed(values as Values)
}

const checkValue = (
  option: string,
  value: unknown,
  entry: OptionEntry,
  milliseconds: boolean,
  token: unknown,
): Checked<unknown> => {
  const must = (isRight: boolean, rule: string): Checked<unknown> =>
    isRight ? Result.succeed(value) : fail(option, `must be ${rule}`, value)
  switch (entry.kind) {
    case "integer": {
      const { least, most } = entry
      const isRight = Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      return must(isRight, `an integer between ${least} and ${most}`)
    }
    case "duration":
      return checkDuration(option, value, entry, milliseconds)
    case "choice": {
      const rule = entry.choices.map((choice) => `"${choice}"`).join(" or ")
      return must(
        entry.choices.some((choice) => choice === value),
        rule,
      )
    }
    case "boolean":
      return must(typeof value === "boolean", "true or false")
    case "function":
      return must(typeof value === "function", "a function")
    case "catalogue":
      return must(isReadonlyObject(value) && typeof value["get"] === "function", "made by `define`")
    case "rate":
      return checkRate(option, value)
    case "url":
      // safe: anything but a string is refused
      return checkBaseUrl(value as string, token)
    case "headers":
      return checkHeaders(value)
    case "token":
      // an effect or a function gives it later; it is checked where it is used
      return Result.succeed(value)
  }
}

const checkDuration = (
  option: string,
  value: unknown,
  { least, most, unbounded }: OptionEntry & { readonly kind: "duration" },
  milliseconds: boolean,
): Checked<unknown> => {
  const ms = milliseconds ? value : millisOf(value)
  const isInfinite = !milliseconds && unbounded && ms === Number.POSITIVE_INFINITY
  if (typeof ms === "number" && ((ms >= least && ms <= most) || isInfinite)) {
    return Result.succeed(ms)
  }
  return milliseconds
    ? fail(option, `must be a number of milliseconds between ${least} and ${most}`, value)
    : fail(option, `must be a duration between ${least} ms and ${most} ms`, ms ?? value)
}

const checkRate = (option: string, value: unknown): Checked<unknown> => {
  if (value === "adaptive" || value === false) {
    return Result.succeed({ perSecond: undefined, scheduled: value !== false })
  }
  const perSecond = isReadonlyObject(value) ? value["perSecond"] : undefined
  return typeof perSecond === "number" && perSecond > 0 && Number.isFinite(perSecond)
    ? Result.succeed({ perSecond, scheduled: true })
    : fail(option, 'must be "adaptive", false, or { perSecond } with a number above 0', value)
}

const millisOf = (value: unknown): number | undefined => {
  if (Number.isNaN(value)) return undefined
  // safe: fromInput returns none for a value that is not a duration
  const duration = Duration.fromInput(value as Duration.Input)
  return Option.isSome(duration) ? Duration.toMillis(duration.value) : undefined
}
