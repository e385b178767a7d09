/** Prints a question with the answers yes and no on stderr, and reads the answer: stdout is only for data. */
import * as Readline from "node:readline"

import * as Effect from "effect/Effect"

/** Reads answers: y and yes, n and no, in any case. An empty line and the end of the input answer `byDefault`. */
const decisionOf = (line: string, byDefault: boolean): boolean | undefined => {
  const text = line.trim().toLowerCase()
  if (text === "") return byDefault
  if (text === "y" || text === "yes") return true
  return text === "n" || text === "no" ? false : undefined
}

/** Reads lines until one is an answer. Ctrl-C ends the program as a signal does; Ctrl-D answers no. */
export const confirm = (
  question: string,
  byDefault: boolean,
  input: NodeJS.ReadableStream = process.stdin,
  output: Pick<NodeJS.WritableStream, "write"> = process.stderr,
): Effect.Effect<boolean> => {
  const asked = `${question} ${byDefault ? "[Y/n]" : "[y/N]"} `
  return Effect.callback<boolean>((resume) => {
    // not a terminal: the system's own line editing is enough, and its Ctrl-C reaches the process as a signal
    const asking = Readline.createInterface({ input, terminal: false })
    const end = (decision: boolean) => {
      asking.removeAllListeners("close")
      asking.close()
      resume(Effect.succeed(decision))
    }
    asking.on("line", (line) => {
      const decision = decisionOf(line, byDefault)
      if (decision === undefined) output.write(asked)
      else end(decision)
    })
    asking.once("close", () => {
      output.write("\n")
      end(false)
    })
    output.write(asked)
    return Effect.sync(() => {
      output.write("\n")
      asking.removeAllListeners("close")
      asking.close()
    })
  })
}
