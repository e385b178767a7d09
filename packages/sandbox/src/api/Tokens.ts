/**
 * The tokens that a sandbox knows, and the comparison, which takes as long for a wrong token as for a right one.
 */
import { hash, timingSafeEqual } from "node:crypto"

import type { LimitOptions, SandboxTokens } from "../types.ts"

/** The seeded tokens by what they do. */
export const tokens: SandboxTokens = {
  ok: "sandbox_ok",
  unauthorized: "sandbox_401",
  slow: "sandbox_slow",
  limit1: "sandbox_limit_1",
  flaky: "sandbox_flaky",
}

/** A token that may be used, and what is special about it. */
export interface Token {
  readonly name: string
  readonly digest: Buffer
  readonly refused?: boolean
  readonly delayMs?: number
  readonly everyThirdFails?: boolean
  readonly limits?: LimitOptions
}

const digest = (text: string): Buffer => hash("sha256", text, "buffer")

/** Makes the table of all tokens. */
export const makeTable = (
  extra: { readonly [token: string]: LimitOptions } = {},
): ReadonlyArray<Token> => [
  { name: tokens.ok, digest: digest(tokens.ok) },
  { name: tokens.unauthorized, digest: digest(tokens.unauthorized), refused: true },
  { name: tokens.slow, digest: digest(tokens.slow), delayMs: 2000 },
  { name: tokens.limit1, digest: digest(tokens.limit1), limits: { limit: 1, windowMs: 1000 } },
  { name: tokens.flaky, digest: digest(tokens.flaky), everyThirdFails: true },
  ...Object.entries(extra).map(([name, limits]) => ({ name, digest: digest(name), limits })),
]

/** Finds the token of an `Authorization` header; all are compared, whatever matches (W1). */
export const find = (
  table: ReadonlyArray<Token>,
  authorization: string | undefined,
): Token | "none" | "unknown" => {
  const given = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1]
  if (given === undefined) return "none"
  const hashed = digest(given)
  let found: Token | "unknown" = "unknown"
  for (const token of table) if (timingSafeEqual(token.digest, hashed)) found = token
  return found
}
