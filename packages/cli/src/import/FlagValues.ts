/** Reads the values of the flags of imports that are numbers and words; `@aelyst/import` reads those that name columns. */
import type { Format, PresetName } from "@aelyst/import"
import { suggest } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { invalid, word } from "../SettingTable.ts"

type Read<A> = Result.Result<A, Failure>

/** The kinds of files. */
export const formats: ReadonlyArray<Format> = ["csv", "tsv", "ndjson", "json", "xlsx"]

/** The programs whose exports are known. */
export const presets: ReadonlyArray<PresetName> = [
  "hubspot",
  "google",
  "outlook",
  "salesforce",
  "mailchimp",
  "brevo",
  "zoho",
  "pipedrive",
]

const listed = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`

/** Reads one of a few words. */
export const oneOf =
  <const A extends string>(flag: string, names: ReadonlyArray<A>) =>
  (text: string): Read<A> => {
    const found = names.find((name) => name === text)
    if (found !== undefined) return Result.succeed(found)
    const nearest = suggest(text, names)
    const meant = nearest === undefined ? "" : `. Did you mean ${nearest}?`
    return Result.fail(usage(`${invalid(flag, text, `expected ${listed(names)}`, word)}${meant}`))
  }

/** Reads an integer of at least `least`. */
export const integer =
  (flag: string, least: number, most = 1_000_000_000) =>
  (text: string): Read<number> => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    return value >= least && value <= most
      ? Result.succeed(value)
      : Result.fail(
          usage(
            invalid(
              flag,
              text,
              most === 1_000_000_000
                ? `expected an integer of at least ${least}`
                : `expected an integer between ${least} and ${most}`,
            ),
          ),
        )
  }

/** A number of rows, or a share of them between 0 and 1. */
export type Errors = { readonly rows: number } | { readonly share: number }

/** Reads `--max-errors`: a number of rows, or a share such as `5%`. */
export const maxErrors = (text: string): Read<Errors> => {
  const [, digits = "", percent] = /^(\d{1,9}(?:\.\d{1,3})?)(%)?$/.exec(text) ?? []
  const value = digits === "" ? Number.NaN : Number(digits)
  if (percent === "%" && value <= 100) return Result.succeed({ share: value / 100 })
  if (percent === undefined && Number.isInteger(value)) return Result.succeed({ rows: value })
  return Result.fail(
    usage(
      invalid("--max-errors", text, "expected a number of rows such as 50, or a share such as 5%"),
    ),
  )
}

/** Reads `--delimiter`: one character, or `tab`. */
export const delimiter = (text: string): Read<string> =>
  text === "tab" || text === "\\t"
    ? Result.succeed("\t")
    : text.length === 1 && !/["\r\n]/.test(text)
      ? Result.succeed(text)
      : Result.fail(
          usage(invalid("--delimiter", text, "expected one character such as ; or the word tab")),
        )

const identifiers = ["identifier", "email", "phone"] as const

/** Reads `--identify-by`: fields separated by commas, the first that a row can use counts. */
export const identifyBy = (text: string): Read<ReadonlyArray<(typeof identifiers)[number]>> => {
  const names = text.split(",").map((name) => name.trim())
  const found = names.flatMap((name) => identifiers.find((one) => one === name) ?? [])
  return found.length === names.length && new Set(found).size === found.length
    ? Result.succeed(found)
    : Result.fail(
        usage(
          invalid(
            "--identify-by",
            text,
            "expected identifier, email and phone in the order to try, such as phone,email",
            word,
          ),
        ),
      )
}

/** Reads a flag that may be absent. */
export const optional = <A>(
  text: string | undefined,
  read: (text: string) => Read<A>,
): Read<A | undefined> => (text === undefined ? Result.succeed(undefined) : read(text))
