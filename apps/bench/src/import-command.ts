/** Runs the built `aelyst` over a file of contacts, and notes what the sandbox received and when. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, open, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import type { Sandbox } from "@aelyst/sandbox"

import { columns, rowText } from "./check-rows.ts"

const bin = fileURLToPath(new URL("../../../packages/cli/dist/bin.js", import.meta.url))
const file = "contacts.csv"

/** A run of the command. Times are milliseconds since the start of its process. */
export interface CommandRun {
  /** When it said how it has read the file, which it does at the end of the check. */
  readonly checkedMs: number
  readonly firstRequestMs: number
  readonly lastResponseMs: number
  readonly endMs: number
}

/** Options of one run. */
export interface CommandOptions {
  readonly args: ReadonlyArray<string>
  /** Passes the file to standard input. */
  readonly isPiped?: boolean
  /** Stops the run, as Ctrl-C does, when so many requests have arrived. */
  readonly stopAfter?: number
}

/** A home directory with a file of so many contacts, all valid and different. */
export class Office implements AsyncDisposable {
  readonly #home: string
  /** The arguments that import the file without a question, and without other files. */
  static readonly importArgs: ReadonlyArray<string> = [
    "import",
    file,
    "--yes",
    "--rejects",
    "none",
    "--report",
    "none",
  ]

  private constructor(home: string) {
    this.#home = home
  }

  static async create(rows: number): Promise<Office> {
    const home = await mkdtemp(join(tmpdir(), "aelyst-bench-"))
    // one of 50 rows of the check is not valid, and one of 100 a duplicate
    const texts = Array.from({ length: rows }, (_, row) => rowText(row + Math.floor(row / 49)))
    await writeFile(join(home, file), [`${columns.join(",")}\n`, ...texts].join(""))
    return new Office(home)
  }

  /** Runs the command to its end, or to its stop; throws if it ends otherwise. */
  async run(
    sandbox: Sandbox,
    { args, isPiped = false, stopAfter }: CommandOptions,
  ): Promise<CommandRun> {
    const input = isPiped ? await open(join(this.#home, file)) : undefined
    const began = performance.now()
    const now = () => performance.now() - began
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: this.#home,
      env: {
        HOME: this.#home,
        PATH: process.env["PATH"],
        AELYST_TOKEN: sandbox.tokens.ok,
        AELYST_BASE_URL: sandbox.baseUrl,
        // Node's compile cache
        TMPDIR: this.#home,
      },
      stdio: [input?.fd ?? "ignore", "ignore", "pipe"],
    })
    let requests = 0
    let checkedMs = Number.NaN
    let firstRequestMs = Number.NaN
    let lastResponseMs = Number.NaN
    let notices = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      notices += text
      if (Number.isNaN(checkedMs) && notices.includes(`Reading ${file}`)) checkedMs = now()
    })
    const unsubscribe = sandbox.subscribe(({ type }) => {
      if (type === "response") lastResponseMs = now()
      if (type !== "request") return
      requests += 1
      if (requests === 1) firstRequestMs = now()
      if (requests === stopAfter) child.kill("SIGINT")
    })
    const [code] = await once(child, "close")
    const endMs = now()
    unsubscribe()
    await input?.close()
    if (code !== (stopAfter === undefined ? 0 : 130)) {
      throw new Error(`${args.join(" ")} ended with ${code}: ${notices}`)
    }
    return { checkedMs, firstRequestMs, lastResponseMs, endMs }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true, force: true })
  }
}
