/**
 * Recognises a secret without keeping it: 16 bits of a hash say whether it is the same (they miss one change of 65,536), and are not
 * enough to confirm a guess.
 */
import * as Crypto from "node:crypto"

/** Returns the short hash of a secret; equal ones of different kinds have different hashes. */
export const shortHash = (kind: string, secret: string): string =>
  Crypto.createHash("sha256").update(`aelyst ${kind}\n${secret}`).digest("hex").slice(0, 4)
