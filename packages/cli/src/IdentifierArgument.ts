/** Reads the identifier as people type it: with its prefix, as a bare address or number, or as a national number. */
import { Identifier } from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Failure } from "./Failure.ts"
import { isNational, toE164 } from "./Phone.ts"

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

/** Reads an identifier; text that cannot be read stays as it is, and core says what is wrong with it. */
export const read = Effect.fnUntraced(function* (
  input: string,
  country: string | undefined,
): Effect.fn.Return<IdentifierArgument, Failure> {
  const identifier = Identifier.parse(input)
  // a contact ID of digits is valid: it is not read as a number
  if (Result.isSuccess(identifier)) return { text: input, parsed: identifier.success }
  const bare = input.startsWith("phone:") ? input.slice("phone:".length) : input
  if (country !== undefined && isNational(bare)) {
    const number = yield* toE164(bare, country)
    if (number !== bare) return parsed(`phone:${number}`, `phone number read as one of ${country}`)
  }
  if (identifier.failure[0]?.code === "PREFIX_MISSING") {
    const prefix = input.includes("@") ? "email:" : input.startsWith("+") ? "phone:" : undefined
    if (prefix !== undefined) {
      return parsed(prefix + input, `identifier read as ${prefix}…; add the prefix to be explicit`)
    }
  }
  return { text: input, parsed: undefined }
})
