import { Sandbox } from "@aelyst/sandbox"
import { afterAll, beforeAll } from "@effect/vitest"

import { Home, startInTerminal } from "./process.ts"

/** Runs the command in a terminal on one sandbox and in a new home; both end with the tests of the file. */
export const terminal = () => {
  let sandbox: Sandbox
  const home = new Home()
  beforeAll(async () => {
    sandbox = await Sandbox.start({ limit: 100 })
  })
  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]()
    home[Symbol.dispose]()
  })
  const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
    startInTerminal(args, {
      env: {
        HOME: home.path,
        AELYST_TOKEN: "sandbox_ok",
        AELYST_BASE_URL: sandbox.baseUrl,
        ...env,
      },
    })
  const run = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
    start(args, env).ended
  return { home, start, run }
}
