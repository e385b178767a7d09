/** A directory with files to import, one sandbox, and the command in the process of the test. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

import { inside } from "./inside.ts"
import type { Ended, Options } from "./process.ts"
import { Home } from "./process.ts"

/** A table of contacts as people have it. */
export const csv = (...rows: ReadonlyArray<string>): string =>
  ["First Name,Email,Phone,Country", ...rows, ""].join("\n")

/** Rows of so many contacts, each with another address. */
export const people = (count: number, from = 1): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) => `Ana ${from + at},ana${from + at}@example.com,,`)

/** Holds what a test of an import needs. */
export interface Importing extends AsyncDisposable {
  readonly sandbox: Sandbox
  readonly home: Home
  readonly env: Readonly<Record<string, string>>
  /** Writes a file, and returns its path. */
  readonly write: (name: string, text: string | Uint8Array) => string
  readonly read: (name: string) => string
  /** Runs the command in this directory. */
  readonly run: (args: ReadonlyArray<string>, more?: Omit<Options, "cwd">) => Promise<Ended>
  /** The identifiers of the contacts that were created. */
  readonly created: () => ReadonlyArray<string>
  /** The requests that the sandbox received since the last call. */
  readonly requests: () => number
}

/** Starts a sandbox without a limit, unless options say otherwise, in a new directory. */
export const importing = async (options: SandboxOptions = {}): Promise<Importing> => {
  const sandbox = await Sandbox.start({ limit: 10_000, ...options })
  const home = new Home()
  const env = {
    HOME: home.path,
    AELYST_STATE_DIR: join(home.path, "state"),
    AELYST_TOKEN: sandbox.tokens.ok,
    AELYST_BASE_URL: sandbox.baseUrl,
  }
  let seen = 0
  return {
    sandbox,
    home,
    env,
    write: (name, text) => {
      const path = join(home.path, name)
      writeFileSync(path, text)
      return path
    },
    read: (name) => readFileSync(join(home.path, name), "utf8"),
    run: (args, more = {}) =>
      inside(args, { ...more, cwd: home.path, env: { ...env, ...more.env } }),
    created: () => sandbox.contacts().map(({ identifier }) => identifier),
    requests: () => {
      const all = sandbox.ledger().reduce((sum, { posts }) => sum + posts, 0)
      const fresh = all - seen
      seen = all
      return fresh
    },
    [Symbol.asyncDispose]: async () => {
      await sandbox.close()
      home[Symbol.dispose]()
    },
  }
}
