/**
 * Declares `req.aelyst` for apps that ask for it: `/// <reference types="@aelyst/express/env" />`. Like `getAelyst` it
 * throws if no client is attached.
 */
import type { Aelyst } from "@aelyst/node"

declare global {
  // Express is extended through this namespace
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      /** The client that `aelyst()` attached. */
      readonly aelyst: Aelyst
    }
  }
}
