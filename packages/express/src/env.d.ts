/**
 * The type of `req.aelyst`, for who asks for it: `/// <reference types="@aelyst/express/env" />`. It fails, as
 * `getAelyst` does, where no client is attached.
 */
import type { Aelyst } from "@aelyst/node"

declare global {
  // the namespace that Express itself is extended by
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      /** The client that `aelyst()` attached. */
      readonly aelyst: Aelyst
    }
  }
}
