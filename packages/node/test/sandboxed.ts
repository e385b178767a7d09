/** Starts a client on a sandbox, for the tests; both end with the block that uses them. */
import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

import type { AelystOptions } from "../src/index.ts"
import { Aelyst } from "../src/index.ts"

export const ana = { firstName: "Ana" }

/** Returns the value that a promise rejects with. */
export const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("the promise did not reject")
}

/** Waits for a state that no event reports, checking it in every iteration of the event loop. */
export const poll = async (holds: () => boolean): Promise<void> => {
  if (holds()) return
  await new Promise((resolve) => setImmediate(resolve))
  await poll(holds)
}

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
    /** Returns how many requests have arrived complete. */
    posts: () => sandbox.ledger().reduce((sum, { posts }) => sum + posts, 0),
    /** Waits for an event of the sandbox. */
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
