/** Turns the argument and the flags of `create` into a validated contact; the rules are core's. */
import type { ContactInput, Issue, Validated } from "@aelyst/core"
import { Identifier, InvalidContactError, validate } from "@aelyst/core"
import { isPlainPhone, needsPhonePlans } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import * as ContactData from "./ContactData.ts"
import type { ContactFlags } from "./ContactFlags.ts"
import type { Failure } from "./Failure.ts"
import * as FieldFlag from "./FieldFlag.ts"
import type { Host } from "./Host.ts"
import * as IdentifierArgument from "./IdentifierArgument.ts"
import * as Phone from "./Phone.ts"
import type { Report } from "./Report.ts"
import * as Reports from "./Report.ts"
import { Screen } from "./Screen.ts"
import type { Settings } from "./Settings.ts"

type Needed = Pick<Settings, "customFields" | "defaultCountry" | "host" | "profile">

const addCountry = "add --default-country, such as MY"

/** Returns the cures that only the command knows: the flags that may be missing. */
const fixesOf = (
  issues: ReadonlyArray<Issue>,
  defaultCountry: string | undefined,
): ReadonlyArray<string> => {
  const has = (...codes: ReadonlyArray<string>) => issues.some(({ code }) => codes.includes(code))
  return [
    ...(has("EMAIL_INVALID") ? ["write an address like ana@example.com"] : []),
    ...(has("FIRST_NAME_MISSING") ? ["add --first-name"] : []),
    ...(defaultCountry === undefined && has("PHONE_NO_COUNTRY", "PREFIX_MISSING")
      ? [addCountry]
      : []),
  ]
}

/** Puts the cures before the last line, which says that nothing was sent. */
const withFixes = (
  details: ReadonlyArray<string>,
  fixes: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  if (fixes.length === 0) return details
  const last = (details.at(-1) ?? "").replace(/^fix: +/, "")
  // the suggestion for a number without its country code is the other way to correct it
  const text = [...fixes, last].join("; ").replace(`${addCountry}; `, `${addCountry}, or `)
  return [...details.slice(0, -1), `fix:   ${text}`]
}

/** Returns whether the identifier is of this kind and has another value; the domain's case does not count. */
const differs = (
  identifier: Identifier.Identifier,
  kind: "email" | "phone",
  value: string,
): boolean =>
  Identifier.kind(identifier) === kind &&
  Identifier.value(identifier).toLowerCase() !== value.trim().toLowerCase()

/**
 * Reads and validates a contact; prints a note about an identifier that is sent otherwise than it was typed.
 *
 * Fails with a `Failure` if a flag cannot be read, and with a report of every issue if the contact is invalid.
 */
export const read = (
  argument: string,
  flags: ContactFlags,
  settings: Needed,
): Effect.Effect<Validated, Failure | Report, Host | Screen> =>
  Effect.gen(function* () {
    const { customFields, defaultCountry } = settings
    const printer = yield* Screen
    yield* Phone.checkCountry(defaultCountry)
    const identifier = yield* IdentifierArgument.read(argument, defaultCountry)
    const data = flags.data === undefined ? {} : yield* ContactData.read(flags.data)
    const fields = yield* Effect.fromResult(
      Result.all(flags.field.map((field, at) => FieldFlag.read(field, at + 1, customFields))),
    )
    const { firstName, lastName, phone, email, language, countryCode, profilePic } = flags
    const texts = { firstName, lastName, phone, email, language, countryCode, profilePic }
    const given = Object.entries(texts).filter(([, value]) => value !== undefined)
    const contact: Record<string, unknown> = {
      ...ContactData.withFields(data, fields),
      ...Object.fromEntries(given),
    }
    const number = contact["phone"]
    if (typeof number === "string" && !isPlainPhone(number)) {
      const { parsePhone } = yield* Phone.reader
      contact["phone"] = Result.getOrElse(parsePhone(number, { defaultCountry }), () => number)
    }
    for (const [kind, name] of [
      ["email", "address"],
      ["phone", "number"],
    ] as const) {
      const value = contact[kind]
      if (
        typeof value === "string" &&
        identifier.parsed &&
        differs(identifier.parsed, kind, value)
      ) {
        printer.notice(`note: the contact's ${kind} differs from the ${name} of its identifier`)
      }
    }
    if (identifier.note !== undefined) printer.notice(`note: ${identifier.note}`)
    // safe: core checks it at run time, whatever it is
    const unchecked = contact as unknown as ContactInput
    const valid = needsPhonePlans(identifier.text, unchecked)
      ? (yield* Phone.reader).validateWithPhones(identifier.text, unchecked, {
          customFields,
          defaultCountry,
          fill: !flags.noFill,
        })
      : validate(identifier.text, unchecked, { customFields, fill: !flags.noFill })
    if (Result.isSuccess(valid)) return valid.success
    const error = new InvalidContactError({ attempts: [], issues: valid.failure })
    const report = Reports.ofError(error, Reports.contextOf(settings))
    const details = withFixes(report.details, fixesOf(valid.failure, defaultCountry))
    return yield* Effect.fail({ ...report, details })
  })
