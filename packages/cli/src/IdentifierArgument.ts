/** Reads the identifier as people type it: with its prefix, as a bare address or number, or as a national number. */
import { Identifier } from "@aelyst/core"
import { isPlainPhone } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { reader } from "./Phone.ts"

/** Holds an identifier as it is sent. */
export interface IdentifierArgument {
  readonly text: string
  /** The parsed identifier; undefined if it is invalid. */
  readonly parsed: Identifier.Identifier | undefined
  /** The difference from the argument, in words. */
  readonly note?: string
}

const parsed = (text: string, note: string): IdentifierArgument => ({
  text,
  parsed: Result.getOrUndefined(Identifier.parse(text)),
  note,
})

// a bare number, with its country code or without
const bareNumber = /^\+?[\d ().+/-]{5,}$/

/** Reads an identifier; text that cannot be read stays as it is, and core says what is wrong with it. */
export const read = Effect.fnUntraced(function* (
  input: string,
  country: string | undefined,
): Effect.fn.Return<IdentifierArgument> {
  const identifier = Identifier.parse(input)
  const bare = input.startsWith("phone:") ? input.slice("phone:".length) : input
  const hasPrefix = bare !== input
  // a contact ID of digits is valid: it is not read as a number
  if (Result.isSuccess(identifier) && (!hasPrefix || isPlainPhone(bare))) {
    return { text: input, parsed: identifier.success }
  }
  if (!isPlainPhone(bare) && (hasPrefix || bareNumber.test(bare))) {
    const { parsePhone } = yield* reader
    const number = parsePhone(bare, { defaultCountry: country })
    if (Result.isSuccess(number)) {
      const text = `phone:${number.success}`
      if (text === input) return { text, parsed: Result.getOrUndefined(identifier) }
      const isNational = country !== undefined && !bare.includes("+")
      const how = isNational ? `read as one of ${country}` : "sent in E.164"
      return parsed(text, `phone number ${how}`)
    }
    if (hasPrefix) return { text: input, parsed: undefined }
    // read as a number again, which says what is wrong with it
    if (bare.startsWith("+")) return { text: `phone:${bare}`, parsed: undefined }
  }
  if (Result.isSuccess(identifier)) return { text: input, parsed: identifier.success }
  if (identifier.failure[0]?.code === "PREFIX_MISSING") {
    const prefix = input.includes("@") ? "email:" : input.startsWith("+") ? "phone:" : undefined
    if (prefix !== undefined) {
      return parsed(prefix + input, `identifier read as ${prefix}…; add the prefix to be explicit`)
    }
  }
  return { text: input, parsed: undefined }
})
