/** Distinguishes the runs of different accounts: rows that exist in one account must not be skipped in another. */
import * as Redacted from "effect/Redacted"

import { shortHash } from "./ShortHash.ts"

/** Returns the class of a token, as a journal keeps it. */
export const tokenClass = (token: Redacted.Redacted): string =>
  shortHash("token class", Redacted.value(token))
