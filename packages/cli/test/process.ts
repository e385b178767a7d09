/** Runs the command as people do: a process of its own, with nothing in its environment but what a test gives. */
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

// a test waits for processes, and how fast those are is the machine's affair
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

type Register<Body> = (name: string, body: Body) => void
type Test = Register<() => Promise<void>>
type Suite = Register<() => void>
const nothing = () => undefined

/** Gives what registers a test where a condition holds; elsewhere there is nothing that could be asked. */
export const where = (condition: boolean): Test => (condition ? it : nothing)

const posix = process.platform !== "win32"
/** Registers a test where there are signals, file modes and pseudo-terminals. */
export const onPosix: Test = where(posix)
/** Registers a suite there. */
export const suiteOnPosix: Suite = posix ? describe.concurrent : nothing

const root = fileURLToPath(new URL("..", import.meta.url))

/** Writes what is in a tarball into a folder: a header of 512 bytes before each file, whose names are short here. */
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

/**
 * Gives the folder of the package as it would be published: packed and unpacked, once for each build, whichever of the
 * test files comes first.
 */
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
  const beside = mkdtempSync(join(all, "packing-"))
  const packed = execFileSync("pnpm", ["pack", "--json", "--pack-destination", beside], {
    cwd: root,
    encoding: "utf8",
    shell: !posix,
    stdio: ["ignore", "pipe", "inherit"],
  })
  const { filename }: { filename: string } = JSON.parse(packed)
  unpack(filename, beside)
  try {
    renameSync(join(beside, "package"), folder)
  } catch (error) {
    // the other worker was faster
    if (!existsSync(folder)) throw error
  }
  rmSync(beside, { recursive: true })
  for (const old of earlier) {
    if (!old.startsWith("packing-")) rmSync(join(all, old), { recursive: true, force: true })
  }
  return folder
}

/** The command out of the packed tarball; the build comes before the tests. */
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
  readonly stdin?: string
  /** Leaves standard input open, to be typed into. */
  readonly open?: boolean
}

/** A directory that is gone after the test. */
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
  private readonly watchers = new Set<() => void>()

  constructor(command: string, args: ReadonlyArray<string>, options: Options = {}) {
    this.child = spawn(command, args, {
      env: { PATH: path, ...options.env },
      cwd: options.cwd ?? tmpdir(),
      stdio: ["pipe", "pipe", "pipe"],
    })
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
      this.tell()
    })
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
      this.tell()
    })
    // a command that does not read its input may be gone before it is written
    this.child.stdin.on("error", () => undefined)
    if (options.open !== true) this.child.stdin.end(options.stdin ?? "")
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject)
      this.child.once("close", (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
        this.tell()
      })
    })
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher()
  }

  /** Waits until the output so far fulfils a condition; fails when the command ends before. */
  until(condition: (running: Running) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        if (condition(this)) resolve()
        else if (this.child.exitCode === null && this.child.signalCode === null) return
        else reject(new Error(`ended with ${this.child.exitCode}: ${this.stdout}${this.stderr}`))
        this.watchers.delete(watcher)
      }
      this.watchers.add(watcher)
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

/** Starts `aelyst` in a pseudo-terminal of its own; both streams come out of it together, as stdout. */
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

/** Runs `aelyst` there to its end. */
export const inTerminal = (args: ReadonlyArray<string>, options?: Options): Promise<Ended> =>
  startInTerminal(args, options).ended
