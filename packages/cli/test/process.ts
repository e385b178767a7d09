/** Runs the command in a process, as people do; its environment holds only the variables of the test. */
import { execFileSync, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"

import { describe, it, vi } from "vitest"

// a net for a process that hangs, not a judge of speed
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

type Register<Body> = (name: string, body: Body) => void
type Test = Register<() => Promise<void>>
type Suite = Register<() => void>
const nothing = () => undefined

/** Returns the function that registers a test if a condition holds; else one that does nothing. */
export const itIf = (condition: boolean): Test => (condition ? it : nothing)

const posix = process.platform !== "win32"
/** Registers a test on systems with signals, file modes and pseudo-terminals. */
export const onPosix: Test = itIf(posix)
/** Registers a suite on these systems. */
export const suiteOnPosix: Suite = posix ? describe.concurrent : nothing

const root = fileURLToPath(new URL("..", import.meta.url))

/** Unpacks a tarball into a folder: each file follows a header of 512 bytes, and its name is short. */
const unpack = (tarball: string, folder: string): void => {
  const bytes = gunzipSync(readFileSync(tarball))
  const field = (at: number, length: number) =>
    bytes.toString("latin1", at, at + length).split("\0", 1)[0] ?? ""
  for (let at = 0; field(at, 100) !== "";) {
    const file = join(folder, field(at, 100))
    const size = Number.parseInt(field(at + 124, 12), 8)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
}

/** Returns the folder of the package as published: packed and unpacked once for each build, by the first test file. */
const unpacked = (): string => {
  const files = [
    "package.json",
    "README.md",
    ...globSync("dist/**/*.js*", { cwd: root }).toSorted(),
  ]
  const hash = createHash("sha256")
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)))
  const all = join(root, ".pack")
  const folder = join(all, hash.digest("hex").slice(0, 16))
  if (existsSync(folder)) return folder
  mkdirSync(all, { recursive: true })
  const earlier = globSync("*", { cwd: all })
  const packing = mkdtempSync(join(all, "packing-"))
  const packed = execFileSync("pnpm", ["pack", "--json", "--pack-destination", packing], {
    cwd: root,
    encoding: "utf8",
    shell: !posix,
    stdio: ["ignore", "pipe", "inherit"],
  })
  const { filename }: { filename: string } = JSON.parse(packed)
  unpack(filename, packing)
  try {
    renameSync(join(packing, "package"), folder)
  } catch (error) {
    // another worker was faster
    if (!existsSync(folder)) throw error
  }
  rmSync(packing, { recursive: true })
  for (const old of earlier) {
    if (!old.startsWith("packing-")) rmSync(join(all, old), { recursive: true, force: true })
  }
  return folder
}

/** The command from the packed tarball; build the package before the tests. */
export const bin = join(unpacked(), "dist", "bin.js")

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: string | Uint8Array
  /** Leaves standard input open, to be typed into. */
  readonly open?: boolean
}

/** A directory that is removed after the test. */
export class Home implements Disposable {
  readonly path: string
  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "aelyst-cli-"))
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter)

/** A running command. */
export class Running {
  readonly child
  stdout = ""
  stderr = ""
  readonly ended: Promise<Ended>
  readonly #watchers = new Set<() => void>()

  constructor(command: string, args: ReadonlyArray<string>, options: Options = {}) {
    this.child = spawn(command, args, {
      env: { PATH: path, ...options.env },
      cwd: options.cwd ?? tmpdir(),
      stdio: ["pipe", "pipe", "pipe"],
    })
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
      this.#notify()
    })
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
      this.#notify()
    })
    // a command that does not read its input may end before it is written
    this.child.stdin.on("error", () => undefined)
    if (options.open !== true) this.child.stdin.end(options.stdin ?? "")
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject)
      this.child.once("close", (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
        this.#notify()
      })
    })
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Waits until the output fulfils a condition; fails if the command ends before. */
  until(condition: (running: Running) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        if (condition(this)) resolve()
        else if (this.child.exitCode === null && this.child.signalCode === null) return
        else reject(new Error(`ended with ${this.child.exitCode}: ${this.stdout}${this.stderr}`))
        this.#watchers.delete(watcher)
      }
      this.#watchers.add(watcher)
      watcher()
    })
  }
}

/** Starts `aelyst`. */
export const start = (args: ReadonlyArray<string>, options?: Options): Running =>
  new Running(process.execPath, [bin, ...args], options)

/** Runs `aelyst` to its end. */
export const aelyst = (args: ReadonlyArray<string>, options?: Options): Promise<Ended> =>
  start(args, options).ended

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** Starts `aelyst` in a pseudo-terminal, which joins both streams to stdout. */
export const startInTerminal = (args: ReadonlyArray<string>, options: Options = {}): Running => {
  const command = [process.execPath, bin, ...args]
  return new Running(
    "script",
    process.platform === "linux"
      ? ["-qefc", `exec ${command.map(quote).join(" ")}`, "/dev/null"]
      : ["-q", "/dev/null", ...command],
    {
      open: true,
      ...options,
      env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...options.env },
    },
  )
}

/** Runs `aelyst` to its end in a pseudo-terminal. */
export const inTerminal = (args: ReadonlyArray<string>, options?: Options): Promise<Ended> =>
  startInTerminal(args, options).ended
