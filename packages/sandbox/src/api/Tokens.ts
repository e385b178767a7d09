/**
 * The tokens that a sandbox knows, and a comparison in constant time.
 */
import { hash, timingSafeEqual } from "node:crypto"

import type { LimitOptions, SandboxTokens } from "../types.ts"

/** The seeded tokens by their behaviour. */
export const tokens: SandboxTokens = {
  ok: "sandbox_ok",
  unauthorized: "sandbox_401",
  slow: "sandbox_slow",
  limit1: "sandbox_limit_1",
  flaky: "sandbox_flaky",
}

/** A known token and its behaviour. */
export interface Token {
  readonly name: string
  readonly digest: Buffer
  readonly rejected?: boolean
  readonly delayMs?: number
  readonly everyThirdFails?: boolean
  readonly limits?: LimitOptions
}

const digest = (text: string): Buffer => hash("sha256", text, "buffer")

/** Creates the table of all tokens. */
export const makeTable = (
  extra: { readonly [token: string]: LimitOptions } = {},
): ReadonlyArray<Token> => [
  { name: tokens.ok, digest: digest(tokens.ok) },
  { name: tokens.unauthorized, digest: digest(tokens.unauthorized), rejected: true },
  { name: tokens.slow, digest: digest(tokens.slow), delayMs: 2000 },
  { name: tokens.limit1, digest: digest(tokens.limit1), limits: { limit: 1, windowMs: 1000 } },
  { name: tokens.flaky, digest: digest(tokens.flaky), everyThirdFails: true },
  ...Object.entries(extra).map(([name, limits]) => ({ name, digest: digest(name), limits })),
]

/** Finds the token of an `Authorization` header; always compares with all of them (W1). */
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
