/**
 * Runs the program inside the test's own process, for what does not depend on there being one: everything that it reads
 * and writes is given to it.
 */
import { tmpdir } from "node:os"
import { Readable } from "node:stream"

import * as Effect from "effect/Effect"

import { Host } from "../src/Host.ts"
import * as Run from "../src/Run.ts"
import { Printer, lookOf } from "../src/Screen.ts"
import type { Ended, Options } from "./process.ts"

/** Runs `aelyst` to its end, without a terminal. */
export const inside = async (
  args: ReadonlyArray<string>,
  { env = {}, cwd = tmpdir(), stdin = "" }: Options = {},
): Promise<Ended> => {
  const written = { stdout: "", stderr: "" }
  const writer = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      written[name] += text
    },
  })
  const streams = { stdout: writer("stdout"), stderr: writer("stderr") }
  const printer = new Printer({ ...lookOf(args), env, ...streams })
  const host = Host.of({ env, cwd, stdin: Readable.from([stdin]), ...streams })
  const exit = await Effect.runPromiseExit(Run.run("0.0.0", args, host, printer))
  const code = Run.finish(exit, args, printer)
  return { code, signal: null, ...written }
}
