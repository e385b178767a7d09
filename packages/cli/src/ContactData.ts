/** Reads `--data`: a contact as JSON, from the flag, a file or standard input. */
import * as Path from "node:path"

import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"
import type { Pair } from "./FieldFlag.ts"
import * as Files from "./Files.ts"
import { Host } from "./Host.ts"
import { readAll } from "./Token.ts"

/** Holds the members of a contact, unchecked. */
export type ContactData = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is ContactData =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Reads JSON, `@` and the path of a file, or `-` for standard input; fails with a usage error that quotes no value. */
export const read = Effect.fnUntraced(function* (
  data: string,
): Effect.fn.Return<ContactData, Failure, Host> {
  const { stdin, cwd } = yield* Host
  const text =
    data === "-"
      ? (yield* readAll(stdin, Files.maxBytes)).text
      : data.startsWith("@")
        ? yield* Files.readExisting(Path.resolve(cwd, data.slice(1)))
        : data
  const parsed = yield* Effect.try({
    // safe: JSON.parse promises nothing, and the next line checks
    try: () => JSON.parse(text) as unknown,
    catch: () =>
      usage(
        `invalid JSON in --data (${text.trim() === "" ? "it is empty" : `${text.length} characters`})`,
        "expected JSON, @<path> for a file, or - for standard input",
        `fix:   in a shell, put it in single quotes: --data '{"firstName":"Ana"}'`,
      ),
  })
  return isObject(parsed)
    ? parsed
    : yield* Effect.fail(
        usage(
          `--data must be a JSON object, not ${Array.isArray(parsed) ? "an array" : parsed === null ? "null" : `a ${typeof parsed}`}`,
          `fix:   write it as '{"firstName":"Ana"}'; create makes one contact at a time`,
        ),
      )
})

/** Adds custom fields after those of the data; a field replaces the one with its name. */
export const withFields = (data: ContactData, fields: ReadonlyArray<Pair>): ContactData => {
  if (fields.length === 0) return data
  const { customFields, custom_fields: pairs, ...rest } = data
  const given = customFields ?? pairs ?? []
  const names = new Set(fields.map(({ name }) => name))
  if (Array.isArray(given)) {
    const kept = given.filter(
      (pair: unknown) => !isObject(pair) || !names.has(String(pair["name"])),
    )
    return { ...rest, customFields: [...kept, ...fields] }
  }
  if (!isObject(given)) return data
  const kept = Object.keys(given)
    .filter((name) => !names.has(name))
    .map((name) => ({ name, value: given[name] }))
  return { ...rest, customFields: [...kept, ...fields] }
}
