/**
 * Distinguishes the runs of different accounts: rows that exist in one account must not be skipped in another. Nothing of a token
 * is kept but 16 bits of a hash, which say whether it is the same and nothing else about it.
 */
import * as Crypto from "node:crypto"

import * as Redacted from "effect/Redacted"

/** Returns the class of a token, as a journal keeps it. */
export const tokenClass = (token: Redacted.Redacted): string =>
  Crypto.createHash("sha256")
    .update(`aelyst token class\n${Redacted.value(token)}`)
    .digest("hex")
    .slice(0, 4)
