/** Runs `aelyst` as people do: a process with its own streams, here those of this one. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../../../packages/cli/src/bin.ts", import.meta.url))

/** A running command. */
export interface Command {
  /** Ends the process at once, as a crash does. */
  readonly kill: () => void
  /** Waits for the end; returns the exit code, or null after a kill. */
  readonly ended: Promise<number | null>
}

/** Starts `aelyst` with arguments and variables; nothing else of the environment but what a terminal and Node.js need. */
export const start = (
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>>,
): Command => {
  const { CI, NO_COLOR, PATH, TERM } = process.env
  const child = spawn(process.execPath, [bin, ...args], {
    env: { CI, NO_COLOR, PATH, TERM, ...variables },
    stdio: ["ignore", "inherit", "inherit"],
  })
  return {
    kill: () => void child.kill("SIGKILL"),
    ended: once(child, "exit").then(([code]) => (typeof code === "number" ? code : null)),
  }
}
