/** Runs one process of a campaign, kills it at a moment, and returns what it had printed by then. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"

import type { SandboxProcess } from "./SandboxProcess.ts"

/** When a process is killed. */
export type Kill =
  /** A moment after the server has received so many requests. */
  | { readonly at: "request"; readonly requests: number; readonly delayMs: number }
  /** So long after its start: while it starts, plans or recovers. */
  | { readonly at: "time"; readonly delayMs: number }
  /** At its nth system call that writes to, or syncs, a file: by `strace`, before the call is made. */
  | { readonly at: "syscall"; readonly nth: number }
  /** Not killed, but stopped by a signal for a time, some requests after its start: a laptop that sleeps. */
  | { readonly at: "freeze"; readonly requests: number; readonly ms: number }
  /** Not at all. */
  | { readonly at: "never" }

/** The output of a process, and its end. */
export interface Ended {
  /** Its lines of standard output; a last line without an end is left out. */
  readonly lines: ReadonlyArray<string>
  readonly errors: string
  /** Undefined if it was killed. */
  readonly exitCode: number | undefined
}

// standard output is written by `write`, so that these are the journal's
const syscalls = "pwrite64,fsync,fdatasync,ftruncate,unlink"

/** Returns the command that runs another one under `strace`, which kills it at its nth call. */
const traced = (nth: number, command: ReadonlyArray<string>) => [
  "strace",
  "--follow-forks",
  "--quiet=all",
  "--output=/dev/null",
  `--trace=${syscalls}`,
  `--inject=${syscalls}:signal=KILL:when=${nth}`,
  ...command,
]

const never = new Promise<never>(() => undefined)

/** Stops a group of processes for a time. */
const freeze = async (group: number, ms: number): Promise<void> => {
  process.kill(-group, "SIGSTOP")
  await sleep(ms)
  process.kill(-group, "SIGCONT")
}

/** Waits for the moment to kill; forever if `strace` does it. */
const momentOf = async (kill: Kill, sandbox: SandboxProcess): Promise<unknown> => {
  switch (kill.at) {
    case "request":
      await sandbox.afterRequests(kill.requests)
      return sleep(kill.delayMs)
    case "time":
      return sleep(kill.delayMs)
    default:
      return never
  }
}

/** Runs a command until it ends or is killed. */
export const runKilled = async (
  command: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv,
  kill: Kill,
  sandbox: SandboxProcess,
): Promise<Ended> => {
  const [program = "", ...args] = kill.at === "syscall" ? traced(kill.nth, command) : command
  // its own group, so that a tracer and the traced process are killed together
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  let errors = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text
  })
  const ended = once(child, "close")
  if (kill.at === "freeze" && child.pid !== undefined) {
    await Promise.race([sandbox.afterRequests(kill.requests), ended])
    await freeze(child.pid, kill.ms)
  }
  await Promise.race([momentOf(kill, sandbox), ended])
  const isRunning = child.exitCode === null && child.signalCode === null
  if (isRunning && child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
  const [exitCode]: ReadonlyArray<unknown> = await ended
  return {
    lines: output.split("\n").slice(0, -1),
    errors,
    exitCode: typeof exitCode === "number" ? exitCode : undefined,
  }
}
