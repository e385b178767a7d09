/** Checks every row of a table before anything is sent: all problems, each with line, column and what to do. */
import type { CustomField } from "@aelyst/core"
import { ConfigurationError } from "@aelyst/core"
import { checkCountry } from "@aelyst/core/adapter"
import * as Array from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { CheckedRow, CheckSummary, Mapping, SourceRow } from "../types.ts"
import * as Footer from "../read/Footer.ts"
import * as Country from "./Country.ts"
import type { DateFormat } from "./DateText.ts"
import type { OnDuplicate } from "./Duplicate.ts"
import { Duplicates } from "./Duplicate.ts"
import * as Language from "./Language.ts"
import * as Phone from "./Phone.ts"
import type { RowRules } from "./RowCheck.ts"
import { checkRow } from "./RowCheck.ts"
import { Tally } from "./Tally.ts"

/** How rows are checked. */
export interface CheckOptions {
  /** The country of phone numbers without `+` in rows without a country, two letters. Default: none, they are refused. */
  readonly defaultCountry?: string | undefined
  /** The order of day, month and year. Default: dates that can be read in two ways are refused. */
  readonly dateFormat?: DateFormat | undefined
  /**
   * The treatment of a row with a value that is not valid. `reject` (default): it is not sent. `drop-field`: it is sent
   * without the value, if it can be. `abort`: no row must be sent; the rows end with `InvalidRowsError`.
   */
  readonly onInvalid?: "reject" | "drop-field" | "abort" | undefined
  /** Which of several rows of one contact is sent. Default: `first`. The others read the rows twice. */
  readonly onDuplicate?: OnDuplicate | undefined
  /** The custom fields of the workspace. */
  readonly customFields?: CustomField.Catalogue | undefined
  /**
   * Whether phone numbers without `+` that are no number of their country begin with a country code, because a person
   * has looked at the column. Default: false, they are refused.
   */
  readonly digitsHavePlus?: boolean | undefined
}

/** Rows are not valid, and that was to stop the import. */
export class InvalidRowsError extends Data.TaggedError("InvalidRowsError")<{
  /** How many. */
  readonly invalid: number
}> {
  override get message(): string {
    const rows = this.invalid === 1 ? "1 row is" : `${this.invalid} rows are`
    return `${rows} not valid, so nothing is sent; correct them, or reject them with --on-invalid reject`
  }
}

/** A check. */
export interface Check<E, R> {
  /** The rows as they were found, in the order of the table. Running it again checks again. */
  readonly rows: Stream.Stream<CheckedRow, E | InvalidRowsError, R>
  /**
   * The rows from this number on. Those before are read but not checked, so that a later row of one of their contacts is not
   * found to be a duplicate.
   */
  readonly rowsFrom: (number: number) => Stream.Stream<CheckedRow, E | InvalidRowsError, R>
  /** The counts of the rows that the newest run has emitted so far. */
  readonly summary: Effect.Effect<CheckSummary>
}

const wrong = (rule: string) => Result.fail(new ConfigurationError("set", rule))

/** Checks the values that are for all rows, once. */
const checkConstants = (
  { constants }: Mapping,
  phones: Phone.PhoneReader,
): Result.Result<void, ConfigurationError> => {
  const { countryCode, language, dialingCode } = constants
  for (const [field, text, read] of [
    ["countryCode", countryCode, Country.read],
    ["language", language, Language.read],
  ] as const) {
    const value = text === undefined ? undefined : read(text)
    if (value === undefined || Result.isSuccess(value)) continue
    const { reason, suggestion } = value.failure
    return wrong(`gives ${field} a value that is not valid: ${reason} (${suggestion ?? ""})`)
  }
  return dialingCode === undefined || phones.countryOf(dialingCode) !== undefined
    ? Result.void
    : wrong("gives dialingCode a value that is no calling code: write one such as 60")
}

/**
 * Prepares a check of rows; it starts when its rows are consumed.
 *
 * **Details**
 *
 * Every row is checked completely: a row has all its problems, each with its line, its column, what is wrong and what to
 * do. What core's `validate` refuses is a problem here, so a row that is ready can be sent. Spaces, `="…"` and
 * apostrophes around values are taken off; phones, countries, languages, dates and times are brought into the forms of
 * the API; the summary counts what was changed and what was left out. A constant (`set`) is used if a row has no value,
 * but a footer never becomes a contact.
 *
 * Only valid rows are compared with each other. Memory does not grow with the size of contacts: about 24 bytes for each
 * identifier.
 *
 * Fails with `ConfigurationError` for a default country without numbering plan, and for a constant that is not valid.
 *
 * **Example**
 *
 * ```ts
 * import { check, map } from "@aelyst/import"
 * import { Effect, Stream } from "effect"
 *
 * const head = { format: "csv", columns: ["First name", "Phone"] } as const
 * const rows = Stream.make(
 *   { number: 1, line: 2, cells: ["Siti", "012-345 6789"] },
 *   { number: 2, line: 3, cells: ["", "12-34"] },
 * )
 * const program = Effect.gen(function* () {
 *   const { mapping } = yield* Effect.fromResult(map(head))
 *   const checked = yield* check(rows, mapping, { defaultCountry: "MY" })
 *   yield* Stream.runForEach(checked.rows, (row) =>
 *     Effect.sync(() => {
 *       if (row.state === "ready") console.log(row.identifier) // => phone:+60123456789
 *       if (row.state === "invalid") console.log(row.problems.map(({ code }) => code).join(" "))
 *       // => PHONE_INVALID FIRST_NAME_MISSING
 *     }),
 *   )
 *   return yield* checked.summary
 * })
 *
 * console.log((await Effect.runPromise(program)).fixes) // => { phone: 1 }
 * ```
 */
export const check = <E, R>(
  rows: Stream.Stream<SourceRow, E, R>,
  mapping: Mapping,
  options: CheckOptions = {},
): Effect.Effect<Check<E, R>, ConfigurationError> =>
  Effect.gen(function* () {
    const { onInvalid = "reject", onDuplicate = "first" } = options
    const defaultCountry = yield* Effect.fromResult(checkCountry(options.defaultCountry))
    // the plans are large, and only a check needs them
    const plans = yield* Effect.promise(() => import("libphonenumber-js/max"))
    const phones = Phone.make(plans, options.digitsHavePlus === true)
    yield* Effect.fromResult(checkConstants(mapping, phones))
    // a test for footers goes with one run over the rows, in their order
    const makeRules = (): RowRules => ({
      footers: Footer.make(mapping),
      mapping,
      phones,
      defaultCountry,
      style: { dateFormat: options.dateFormat, hasLabels: mapping.preset === "google" },
      dropFields: onInvalid === "drop-field",
      catalogue: options.customFields,
    })

    let tally = new Tally()
    const run = (source: Stream.Stream<SourceRow, E, R>) =>
      Stream.suspend(() => {
        const counts = new Tally()
        tally = counts
        const duplicates = new Duplicates(onDuplicate)
        const [first, second] = [makeRules(), makeRules()]
        const unused = new Tally()
        const noted = Stream.runForEachArray(source, (chunk) =>
          Effect.sync(() => {
            for (const row of chunk) {
              const checked = checkRow(row, first, unused)
              if (checked.state === "ready") duplicates.note(checked)
            }
          }),
        )
        const decided = Stream.mapArray(source, (chunk) =>
          Array.map(chunk, (row): CheckedRow => {
            const checked = checkRow(row, second, counts)
            const result = checked.state === "ready" ? duplicates.decide(checked) : checked
            counts.row(result)
            return result
          }),
        )
        const end = Stream.suspend(() =>
          onInvalid === "abort" && counts.invalid > 0
            ? Stream.fail(new InvalidRowsError({ invalid: counts.invalid }))
            : Stream.empty,
        )
        const all = onDuplicate === "first" ? decided : Stream.unwrap(Effect.as(noted, decided))
        return Stream.concat(all, end)
      })
    return {
      rows: run(rows),
      rowsFrom: (number) => run(Stream.dropWhile(rows, (row) => row.number < number)),
      summary: Effect.sync(() => tally.summary()),
    }
  })
