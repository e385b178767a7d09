/** A hidden prompt on the terminal. It is printed on stderr: stdout is only for data. */
import * as Readline from "node:readline"
import { Writable } from "node:stream"

import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"

/** Reads a line that is not shown. Ctrl-C interrupts the program as a signal would; Ctrl-D fails with a usage error. */
export const askHidden = (
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: Pick<NodeJS.WritableStream, "write"> = process.stderr,
): Effect.Effect<string, Failure> =>
  Effect.callback<string, Failure>((resume) => {
    // readline echoes to its output, which is discarded
    const discarded = new Writable({ write: (_chunk, _encoding, done) => done() })
    const asking = Readline.createInterface({
      input,
      output: discarded,
      terminal: true,
    })
    output.write(question)
    const end = () => {
      output.write("\n")
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
      // without the prompt nothing keeps the process alive until a real signal arrives
      process.emit("SIGINT", "SIGINT")
    })
    asking.once("close", () => {
      output.write("\n")
      resume(
        Effect.fail(
          usage("no token was given", "fix:   paste it and press Enter, or use --token-stdin"),
        ),
      )
    })
    return Effect.sync(() => asking.close())
  })
