/** From the flags of `create` to an identifier and a contact; the rules of both are core's. */
import * as Path from "node:path"

import type { ContactInput, IssueCode } from "@aelyst/core"
import { CustomField, Identifier } from "@aelyst/core"
import { issueRules } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { Failure, usage } from "./Failure.ts"
import type { ContactFlags } from "./ContactFlags.ts"
import * as Files from "./Files.ts"
import { Host } from "./Host.ts"
import { isNational, toE164 } from "./Phone.ts"
import type { Settings } from "./Settings.ts"
import { readAll } from "./Token.ts"

/** Holds what is asked for, unchecked, and what was taken otherwise than written. */
export interface Asked {
  readonly identifier: string
  readonly contact: ContactInput
  readonly notes: ReadonlyArray<string>
}

const isIssueCode = (code: string): code is IssueCode => Object.hasOwn(issueRules, code)

type Pair = CustomField.InputPairs[number]

const types: ReadonlyArray<string> = [
  "text",
  "number",
  "email",
  "url",
  "list",
  "date",
  "time",
  "checkbox",
]

/** Reads one `--field`: the value is converted by the type, or left to the project's catalogue. */
const pairOf = (
  input: string,
  position: number,
  catalogue: CustomField.Catalogue | undefined,
): Result.Result<Pair, Failure> => {
  const equals = input.indexOf("=")
  const where = `--field number ${position}`
  if (equals < 1)
    return Result.fail(usage(`${where} is not of the form 'Name=value' or 'Name:type=value'`))
  const left = input.slice(0, equals)
  const value = input.slice(equals + 1)
  const colon = left.lastIndexOf(":")
  const suffix = left.slice(colon + 1)
  const typed = colon > 0 && types.includes(suffix)
  const name = typed ? left.slice(0, colon) : left
  // the options of a list are known to the catalogue, or to Aelyst alone
  if (!typed || suffix === "list" || catalogue?.get(name) !== undefined) {
    return Result.succeed({ name, value })
  }
  const made = CustomField.make({ [name]: suffix })
  const field = Result.isSuccess(made) ? made.success.get(name) : undefined
  if (field === undefined) return Result.succeed({ name, value })
  return Result.mapBoth(CustomField.convert(field, value), {
    onSuccess: (converted) => ({ name, value: converted }),
    onFailure: ({ code, rule, suggestion }) =>
      new Failure({
        exit: "invalid",
        code: isIssueCode(code) ? code : "CONTACT_INVALID",
        message: `${where}: ${rule}`,
        hints: [...(suggestion === undefined ? [] : [suggestion]), "nothing was sent"],
      }),
  })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const mostData = 1_048_576

const readData = Effect.fnUntraced(function* (
  data: string,
): Effect.fn.Return<Readonly<Record<string, unknown>>, Failure, Host> {
  const { stdin, cwd } = yield* Host
  const text =
    data === "-"
      ? yield* readAll(stdin, mostData)
      : data.startsWith("@")
        ? yield* Files.readExisting(Path.resolve(cwd, data.slice(1)))
        : data
  const parsed = yield* Effect.try({
    // safe: JSON.parse promises nothing, and the next line checks
    try: () => JSON.parse(text.replace(/^\uFEFF/, "")) as unknown,
    catch: () =>
      usage(
        "--data is not JSON",
        "it takes JSON, @ and the path of a file, or - for standard input",
      ),
  })
  return isObject(parsed) ? parsed : yield* Effect.fail(usage("--data is not a JSON object"))
})

/** Puts the fields of the flags after those of the data; a flag takes the place of a field with its name. */
const mergeFields = (
  data: Readonly<Record<string, unknown>>,
  flags: ReadonlyArray<Pair>,
): Readonly<Record<string, unknown>> => {
  if (flags.length === 0) return data
  const { customFields, custom_fields: pairs, ...rest } = data
  const given = customFields ?? pairs ?? []
  const names = new Set(flags.map(({ name }) => name))
  if (Array.isArray(given)) {
    const kept = given.filter(
      (pair: unknown) => !isObject(pair) || !names.has(String(pair["name"])),
    )
    return { ...rest, customFields: [...kept, ...flags] }
  }
  if (!isObject(given)) return data
  const kept = Object.keys(given)
    .filter((name) => !names.has(name))
    .map((name) => ({ name, value: given[name] }))
  return { ...rest, customFields: [...kept, ...flags] }
}

interface Prefixed {
  readonly identifier: string
  readonly note?: string
}

/** Gives a bare address or number its prefix, as core's hint would have people write it. */
const prefixed = (input: string): Prefixed => {
  const parsed = Identifier.parse(input)
  if (Result.isSuccess(parsed) || parsed.failure[0]?.code !== "PREFIX_MISSING") {
    return { identifier: input }
  }
  if (input.includes("@"))
    return {
      identifier: `email:${input}`,
      note: "identifier read as email:…; write the prefix to be certain",
    }
  if (input.startsWith("+"))
    return {
      identifier: `phone:${input}`,
      note: "identifier read as phone:…; write the prefix to be certain",
    }
  return { identifier: input }
}

const numberNote = (country: string) => `number read with the country ${country}`

/** Brings the number of an identifier to E.164, where it is written without its country code. */
const localNumber = Effect.fnUntraced(function* (
  input: string,
  country: string | undefined,
): Effect.fn.Return<Prefixed, Failure> {
  const bare = input.startsWith("phone:") ? input.slice("phone:".length) : input
  // what core takes as it stands, a contact ID of digits included, is not read otherwise
  const stands = Result.isSuccess(Identifier.parse(input))
  if (country === undefined || stands || !isNational(bare)) return prefixed(input)
  const number = yield* toE164(bare, country)
  return number === bare
    ? prefixed(input)
    : { identifier: `phone:${number}`, note: numberNote(country) }
})

/** Puts identifier, data and flags together. */
export const asked = Effect.fnUntraced(function* (
  identifierAsWritten: string,
  flags: ContactFlags,
  { customFields: catalogue, defaultCountry }: Pick<Settings, "customFields" | "defaultCountry">,
): Effect.fn.Return<Asked, Failure, Host> {
  const { identifier, note } = yield* localNumber(identifierAsWritten, defaultCountry)
  const data = flags.data === undefined ? {} : yield* readData(flags.data)
  const pairs = yield* Effect.fromResult(
    Result.all(flags.field.map((field, at) => pairOf(field, at + 1, catalogue))),
  )
  const { firstName, lastName, phone, email, language, countryCode, profilePic } = flags
  const texts = { firstName, lastName, phone, email, language, countryCode, profilePic }
  const fromFlags = Object.fromEntries(
    Object.entries(texts).filter(([, value]) => value !== undefined),
  )
  const contact: Record<string, unknown> = { ...mergeFields(data, pairs), ...fromFlags }
  const parsed = Identifier.parse(identifier)
  if (!flags.noFill && Result.isSuccess(parsed)) {
    const kind = Identifier.kind(parsed.success)
    if (kind !== "id" && contact[kind] === undefined)
      contact[kind] = Identifier.value(parsed.success)
  }
  const written = contact["phone"]
  if (typeof written === "string" && defaultCountry !== undefined && isNational(written)) {
    contact["phone"] = yield* toE164(written, defaultCountry)
  }
  return {
    identifier,
    // safe: core checks it at run time, whatever it is
    contact: contact as unknown as ContactInput,
    notes: note === undefined ? [] : [note],
  }
})
