/** The settings by key: the flag and the variable that set each, its default, and how its text is read. */
import type { Delivery } from "@aelyst/core"
import { ClientOptions } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

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

/** Describes a setting; `parse` fails with the rule that the text breaks. */
export interface Setting<A> {
  readonly flag: string
  readonly variable: string
  /** The default as it would be written. */
  readonly otherwise: string
  readonly parse: (text: string) => Result.Result<A, string>
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Reads a time such as `500ms`, `2s`, `5m` or `0`, in milliseconds. */
export const parseTime = (text: string): Result.Result<number, string> => {
  if (text === "0") return Result.succeed(0)
  const [, digits = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? []
  const factor = units[unit]
  return factor === undefined
    ? Result.fail("is a time such as 500ms, 2s or 5m")
    : Result.succeed(Number(digits) * factor)
}

const time =
  (least: number) =>
  (text: string): Result.Result<number, string> =>
    Result.flatMap(parseTime(text), (ms) =>
      ms < least ? Result.fail("is longer than 0") : Result.succeed(ms),
    )

/** Lists the settings. */
export const settings: { readonly [K in Key]: Setting<Values[K]> } = {
  baseUrl: {
    flag: "--base-url",
    variable: "AELYST_BASE_URL",
    otherwise: ClientOptions.defaultBaseUrl,
    parse: (text) =>
      Result.mapBoth(ClientOptions.checkBaseUrl(text), {
        onSuccess: ({ baseUrl }) => baseUrl,
        onFailure: ({ message }) => message.replace(/^\w+ /, ""),
      }),
  },
  timeout: {
    flag: "--timeout",
    variable: "AELYST_TIMEOUT",
    otherwise: "15s",
    parse: time(1),
  },
  deadline: {
    flag: "--deadline",
    variable: "AELYST_DEADLINE",
    // core knows: it depends on the delivery policy
    otherwise: "",
    parse: (text) => (text === "" ? Result.succeed(undefined) : time(1)(text)),
  },
  retries: {
    flag: "--retries",
    variable: "AELYST_RETRIES",
    otherwise: "3",
    parse: (text) =>
      /^\d{1,2}$|^100$/.test(text)
        ? Result.succeed(Number(text))
        : Result.fail("is a whole number from 0 to 100"),
  },
  delivery: {
    flag: "--delivery",
    variable: "AELYST_DELIVERY",
    otherwise: "at-most-once",
    parse: (text) =>
      text === "at-most-once" || text === "natural-key"
        ? Result.succeed(text)
        : Result.fail("is at-most-once or natural-key"),
  },
  maxWait: {
    flag: "--max-wait",
    variable: "AELYST_MAX_WAIT",
    otherwise: "60s",
    parse: time(0),
  },
  rate: {
    flag: "--rate",
    variable: "AELYST_RATE",
    otherwise: "",
    parse: (text) => {
      if (text === "") return Result.succeed(undefined)
      const [, digits] = /^(\d{1,6}(?:\.\d{1,3})?)(?:\/s)?$/.exec(text) ?? []
      return digits !== undefined && Number(digits) > 0
        ? Result.succeed(Number(digits))
        : Result.fail("is a number of requests per second above 0, such as 5/s")
    },
  },
  defaultCountry: {
    flag: "--default-country",
    variable: "AELYST_DEFAULT_COUNTRY",
    otherwise: "",
    parse: (text) =>
      text === ""
        ? Result.succeed(undefined)
        : /^[A-Za-z]{2}$/.test(text)
          ? Result.succeed(text.toUpperCase())
          : Result.fail("is two letters, such as MY"),
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

/** Tells whether a text is the name of a setting. */
export const isKey = (text: string): text is Key => Object.hasOwn(settings, text)
