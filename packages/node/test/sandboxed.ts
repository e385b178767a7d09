/** A client on a sandbox of its own, for the tests; both end with the block that uses them. */
import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

import type { AelystOptions } from "../src/index.ts"
import { Aelyst } from "../src/index.ts"

export const setUp = async (options: AelystOptions = {}, settings: SandboxOptions = {}) => {
  const sandbox = await Sandbox.start({ limit: 1_000, ...settings })
  const aelyst = new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    ...options,
  })
  return {
    sandbox,
    aelyst,
    /** Requests that arrived complete, by key. */
    posts: () => sandbox.ledger().reduce((sum, { posts }) => sum + posts, 0),
    /** Waits for something to happen in the sandbox. */
    until: (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        const stop = sandbox.subscribe(() => check())
        const check = () => {
          if (!holds()) return
          stop()
          resolve()
        }
        check()
      }),
    [Symbol.asyncDispose]: async () => {
      await aelyst.close({ timeoutMs: 0 })
      await sandbox.close()
    },
  }
}
