/**
 * The settings by key: the flag and the variable that set each, and how its text is read. Ranges, defaults and sentences
 * are those of core's table of options.
 */
import type { Delivery } from "@aelyst/core"
import type { OptionNameOf } from "@aelyst/core/adapter"
import { ClientOptions, optionTable, optionTexts } from "@aelyst/core/adapter"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import { count, visible } from "./Text.ts"

/** Holds the settings as they are used; times are in milliseconds. */
export interface Values {
  readonly baseUrl: string
  readonly timeout: number
  readonly deadline: number | undefined
  readonly retries: number
  readonly delivery: Delivery
  readonly maxWait: number
  readonly rate: number | undefined
  /** In upper case. */
  readonly defaultCountry: string | undefined
}

/** Names a setting. */
export type Key = keyof Values

/** Describes a setting. */
export interface Setting<A> {
  readonly flag: string
  readonly variable: string
  /** Stands for the value in help texts. */
  readonly metavar: string
  readonly sentence: string
  /** The default as it would be written; empty if it depends on other settings. */
  readonly otherwise: string
  /** The default in words, if `otherwise` is empty. */
  readonly otherwiseText?: string
  /** Shows a wrong value, or its length if it may be a secret or belong to a contact. */
  readonly shown: (text: string) => string
  /** Reads the text; fails with the expected form. */
  readonly parse: (text: string) => Result.Result<A, string>
}

const hidden = (text: string): string => `(${count(text.length, "character")})`

/** Shows a text that matches; or else a short one, and the length of any other. */
const shownIf =
  (pattern: RegExp) =>
  (text: string): string => {
    const short = ClientOptions.show(text)
    return pattern.test(text) ? `"${text}"` : short.startsWith('"') ? short : hidden(text)
  }

// neither has the digits of a token or of a phone number
const shownNumber = shownIf(/^[-+]?\d{1,6}(?:[.,]\d{1,6})? ?[A-Za-z/%]{0,12}$/)
const shownWord = shownIf(/^[A-Za-z][A-Za-z _-]{0,23}$/)

/** Shows a URL without user, password, query and fragment; a text that is no URL only if it can be no secret. */
const shownUrl = (text: string): string =>
  /^["' ]*[a-z][a-z0-9+.-]*:\/\/|^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:\/|$)/.test(text)
    ? JSON.stringify(
        visible(
          text
            .replace(/\/\/[^/@]*(?:@[^/@]*)*@/, "//***@")
            .replace(/[?#].*$/s, "?…")
            .slice(0, 100),
        ),
      )
    : shownIf(/^$/)(text)

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Reads a duration such as `500ms`, `2s`, `5m` or `0`; returns milliseconds, or the expected form. */
export const parseTime = (text: string): Result.Result<number, string> => {
  if (text === "0") return Result.succeed(0)
  const [, digits = "", unit = ""] = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? []
  const factor = units[unit]
  return factor === undefined
    ? Result.fail("expected a duration such as 500ms, 2s or 5m")
    : Result.succeed(Number(digits) * factor)
}

/** Writes milliseconds as a duration that `parseTime` reads. */
export const formatTime = (ms: number): string => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`)

/** Reads a duration in the range of an option. */
export const parseDuration =
  (name: OptionNameOf<"duration">) =>
  (text: string): Result.Result<number, string> =>
    Result.flatMap(parseTime(text), (ms) => {
      const { least, most } = optionTable[name]
      if (ms < least) return Result.fail(`expected a duration of at least ${formatTime(least)}`)
      if (ms > most) return Result.fail(`expected a duration of at most ${formatTime(most)}`)
      return Result.succeed(ms)
    })

const parseInteger =
  (name: OptionNameOf<"integer">) =>
  (text: string): Result.Result<number, string> => {
    const { least, most } = optionTable[name]
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    return value >= least && value <= most
      ? Result.succeed(value)
      : Result.fail(`expected an integer between ${least} and ${most}`)
  }

/** Reads the base URL for a token: plain http leaves this machine only with one of the sandbox (D15). */
export const parseBaseUrl = (
  text: string,
  token: string | Redacted.Redacted,
): Result.Result<string, string> =>
  Result.mapBoth(ClientOptions.checkBaseUrl(text, token), {
    onSuccess: ({ baseUrl }) => baseUrl,
    onFailure: ({ message }) => message.replace(/^`\w+` /, ""),
  })

/** Lets a setting be empty, which means that it is not set. */
const optional =
  <A>(parse: (text: string) => Result.Result<A, string>) =>
  (text: string): Result.Result<A | undefined, string> =>
    text === "" ? Result.succeed(undefined) : parse(text)

const { delivery, deadline } = optionTable

/** Lists the settings. */
export const settings: { readonly [K in Key]: Setting<Values[K]> } = {
  baseUrl: {
    flag: "--base-url",
    variable: "AELYST_BASE_URL",
    metavar: "url",
    sentence: optionTexts.baseUrl.sentence,
    otherwise: optionTable.baseUrl.default,
    shown: shownUrl,
    parse: (text) =>
      /^["']|["']$/.test(text)
        ? Result.fail("must be written without quotation marks around it")
        : parseBaseUrl(text, "sandbox_"),
  },
  timeout: {
    flag: "--timeout",
    variable: "AELYST_TIMEOUT",
    metavar: "time",
    sentence: optionTexts.timeout.sentence,
    otherwise: formatTime(optionTable.timeout.default),
    shown: shownNumber,
    parse: parseDuration("timeout"),
  },
  deadline: {
    flag: "--deadline",
    variable: "AELYST_DEADLINE",
    metavar: "time",
    sentence: optionTexts.deadline.sentence,
    otherwise: "",
    otherwiseText: `${formatTime(deadline.default)}; with natural-key ${formatTime(deadline.naturalKey)}`,
    shown: shownNumber,
    parse: optional(parseDuration("deadline")),
  },
  retries: {
    flag: "--retries",
    variable: "AELYST_RETRIES",
    metavar: "n",
    sentence: optionTexts.retries.sentence,
    otherwise: String(optionTable.retries.default),
    shown: shownNumber,
    parse: parseInteger("retries"),
  },
  delivery: {
    flag: "--delivery",
    variable: "AELYST_DELIVERY",
    metavar: "policy",
    sentence: optionTexts.delivery.sentence,
    otherwise: delivery.default,
    shown: shownWord,
    parse: (text) => {
      const chosen = delivery.choices.find((choice) => choice === text)
      return chosen === undefined
        ? Result.fail(`expected ${delivery.choices.join(" or ")}`)
        : Result.succeed(chosen)
    },
  },
  maxWait: {
    flag: "--max-wait",
    variable: "AELYST_MAX_WAIT",
    metavar: "time",
    sentence: optionTexts.maxWait.sentence,
    otherwise: formatTime(optionTable.maxWait.default),
    shown: shownNumber,
    parse: parseDuration("maxWait"),
  },
  rate: {
    flag: "--rate",
    variable: "AELYST_RATE",
    metavar: "n/s",
    sentence: "Most requests per second, such as 5/s",
    otherwise: "",
    otherwiseText: "what the API allows",
    shown: shownNumber,
    parse: optional((text) => {
      const [, digits] = /^(\d{1,6}(?:\.\d{1,3})?)(?:\/s)?$/.exec(text) ?? []
      return digits !== undefined && Number(digits) > 0
        ? Result.succeed(Number(digits))
        : Result.fail("expected a number of requests per second above 0, such as 5/s")
    }),
  },
  defaultCountry: {
    flag: "--default-country",
    variable: "AELYST_DEFAULT_COUNTRY",
    metavar: "code",
    sentence: "Country of numbers without a country code, such as MY",
    otherwise: "",
    otherwiseText: "none",
    shown: shownWord,
    parse: optional((text) =>
      /^[A-Za-z]{2}$/.test(text)
        ? Result.succeed(text.toUpperCase())
        : Result.fail("expected two letters, such as MY"),
    ),
  },
}

/** Lists the keys in the order of the table. */
export const keys: ReadonlyArray<Key> = [
  "baseUrl",
  "timeout",
  "deadline",
  "retries",
  "delivery",
  "maxWait",
  "rate",
  "defaultCountry",
]

/** Returns whether a text is the name of a setting. */
export const isKey = (text: string): text is Key => Object.hasOwn(settings, text)

/** Returns the message for a wrong value: the value unless it may be a secret, its place, and the expected form. */
export const invalid = (
  where: string,
  text: string,
  expected: string,
  { shown }: Pick<Setting<unknown>, "shown"> = { shown: shownNumber },
): string => `invalid value ${shown(text)} for ${where}: ${expected}`

/** Shows a wrong value of a flag that takes one of a few words. */
export const word: Pick<Setting<unknown>, "shown"> = { shown: shownWord }
