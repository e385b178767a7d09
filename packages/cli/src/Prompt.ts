/** A question on the terminal whose answer is not shown. It is asked on stderr: stdout is for data alone. */
import * as Readline from "node:readline"
import { Writable } from "node:stream"

import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"

/** Asks, and gives what was typed. Ctrl-C interrupts the program as a signal would, Ctrl-D answers nothing. */
export const askHidden = (question: string): Effect.Effect<string, Failure> =>
  Effect.callback<string, Failure>((resume) => {
    // readline repeats what is typed on its output, which is nowhere
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    const asking = Readline.createInterface({
      input: process.stdin,
      output: nowhere,
      terminal: true,
    })
    process.stderr.write(question)
    const end = () => {
      process.stderr.write("\n")
      asking.close()
    }
    asking.once("line", (line) => {
      asking.removeAllListeners("close")
      end()
      resume(Effect.succeed(line))
    })
    asking.once("SIGINT", () => {
      asking.removeAllListeners("close")
      end()
      // without the question nothing keeps the process until a real signal would arrive
      process.emit("SIGINT", "SIGINT")
    })
    asking.once("close", () => {
      process.stderr.write("\n")
      resume(Effect.fail(usage("no token was given")))
    })
    return Effect.sync(() => asking.close())
  })
