/** Runs a server of another project as a process, with a temporary folder. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { chown, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

/** The user that a program runs as; undefined for the present one. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** How a server is started. */
export interface ServerCommand {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly user?: User | undefined
  /** Resolves once the server takes connections; rejects as long as it does not. */
  readonly greet: () => Promise<void>
}

/** Returns the processes that a process has started, by their ids. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number)

/** Sends a signal to a process, unless it has ended meanwhile. */
const signalTo = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
  }
}

/** A running server, which can be killed, frozen and started again. */
export class ServerProcess {
  readonly #command: ServerCommand
  #child: ChildProcess

  private constructor(command: ServerCommand, child: ChildProcess) {
    this.#command = command
    this.#child = child
  }

  /** Starts it, and waits until it takes connections. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    return new ServerProcess(command, await begin(command))
  }

  /** Starts it again after its end. */
  async restart(): Promise<void> {
    this.#child = await begin(this.#command)
  }

  #signal(signal: NodeJS.Signals): void {
    const { exitCode, pid, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    // stopped first, so that it starts no other meanwhile
    signalTo(pid, "SIGSTOP")
    for (const one of [...childrenOf(pid), pid]) signalTo(one, signal)
  }

  /** Kills it with SIGKILL, and all that it has started. */
  async kill(): Promise<void> {
    const gone = once(this.#child, "exit")
    const { exitCode, signalCode } = this.#child
    this.#signal("SIGKILL")
    if (exitCode === null && signalCode === null) await gone
  }

  /** Stops it with SIGSTOP: connections stay open, and nothing is answered. */
  freeze(): void {
    this.#signal("SIGSTOP")
  }

  /** Lets a frozen server continue. */
  thaw(): void {
    this.#signal("SIGCONT")
  }
}

const begin = async ({ args, greet, program, user }: ServerCommand): Promise<ChildProcess> => {
  const child = spawn(program, [...args], { stdio: ["ignore", "pipe", "pipe"], ...user })
  let said = ""
  child.stdout.on("data", (chunk) => (said += String(chunk)))
  child.stderr.on("data", (chunk) => (said += String(chunk)))
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said}`)))
  })
  failed.catch(() => undefined)
  const greeted = async (): Promise<void> => {
    while (child.exitCode === null && child.signalCode === null) {
      try {
        return await greet()
      } catch {
        await sleep(50)
      }
    }
  }
  await Promise.race([greeted(), failed])
  return child
}

/** Creates a folder for a server, which that user owns. */
export const folder = async (
  name: string,
  user?: User,
): Promise<AsyncDisposable & { readonly path: string }> => {
  const path = await mkdtemp(join(tmpdir(), `aelyst-${name}-`))
  if (user !== undefined) await chown(path, user.uid, user.gid)
  const remove = () => rm(path, { recursive: true, force: true })
  return { path, [Symbol.asyncDispose]: remove }
}
