/** Runs the program in the test's process, which is faster; its environment and streams are the test's. */
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
  const host = Host.of({
    env,
    cwd,
    stdin: Readable.from([stdin], { objectMode: false }),
    ...streams,
  })
  const exit = await Effect.runPromiseExit(Run.run("0.0.0", args, host, printer))
  const code = Run.reportEnd(exit, args, printer)
  return { code, signal: null, ...written }
}
