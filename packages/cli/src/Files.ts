/**
 * The files of the command: their paths, and how those with a secret are read and written. A file is written under another
 * name and then renamed, so it is never half written; a symbolic link is not followed.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"

import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { file } from "./Failure.ts"
import type { Environment } from "./Host.ts"
import { variable } from "./Host.ts"
import { visible } from "./Text.ts"

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && Path.isAbsolute(path) ? path : undefined

const home = (env: Environment, xdg: string, below: string): string | undefined => {
  const base = absolute(variable(env, xdg))
  if (base !== undefined) return Path.join(base, "aelyst")
  const user = absolute(variable(env, "HOME") ?? variable(env, "USERPROFILE"))
  return user === undefined ? undefined : Path.join(user, below, "aelyst")
}

/** Holds the paths of the files; undefined without a home directory. */
export interface Paths {
  readonly config: string | undefined
  readonly credentials: string | undefined
  readonly state: string | undefined
  readonly project: string
}

/** Returns the paths: `AELYST_CONFIG` and `AELYST_STATE_DIR`, else in the XDG directories, else in the home directory. */
export const pathsOf = (env: Environment, cwd: string): Paths => {
  const named = variable(env, "AELYST_CONFIG")
  const directory = home(env, "XDG_CONFIG_HOME", ".config")
  const config =
    named === undefined
      ? directory && Path.join(directory, "config.json")
      : Path.resolve(cwd, named)
  const state = variable(env, "AELYST_STATE_DIR")
  return {
    config,
    credentials: config && Path.join(Path.dirname(config), "credentials.json"),
    state:
      state === undefined ? home(env, "XDG_STATE_HOME", ".local/state") : Path.resolve(cwd, state),
    project: Path.join(cwd, "aelyst.config.json"),
  }
}

/** Returns the system's code of a failure, such as `ENOENT`. */
export const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined
  return typeof code === "string" ? code : "UNKNOWN"
}

const permission = ["cannot be opened: permission denied", "check the permissions of the path"]

const reasons: Readonly<Record<string, ReadonlyArray<string>>> = {
  ENOENT: ["does not exist", "check the path; it is read from the directory of this command"],
  EACCES: permission,
  EPERM: permission,
  EISDIR: ["is a directory", "name a file"],
  ENOTDIR: ["has a parent that is not a directory", "check the path"],
  ELOOP: ["is a link that leads to itself", "name the file itself"],
  ENAMETOOLONG: ["has a name that is too long", "check the path"],
  EROFS: ["is on a read-only file system", "set AELYST_CONFIG to a path that can be written"],
  EFBIG: ["is larger than 1 MiB", "check the path"],
  ENOSPC: ["cannot be written: the disk is full", "free some space"],
  EDQUOT: ["cannot be written: the quota of the disk is used up", "free some space"],
}

const unusable = (path: string, error: unknown): Failure => {
  const code = codeOf(error)
  const [reason = "cannot be used", fix = "check the path"] = reasons[code] ?? []
  return file(`${visible(path)} ${reason} (${code})`, `fix:   ${fix}`)
}

/** A text, and the encoding that its bytes were in. */
export interface Text {
  readonly text: string
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be"
}

/** Decodes a text by its byte order mark, which is removed; UTF-8 without one. */
export const decode = (bytes: Uint8Array): Text => {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : "utf-8"
  return { text: new TextDecoder(encoding).decode(bytes), encoding }
}

/** The most bytes of a file or of standard input. */
export const maxBytes = 1_048_576

interface Opened {
  readonly text: Text
  readonly stat: Fs.Stats
}

const open = (path: string): Opened => {
  const fd = Fs.openSync(path, "r")
  try {
    const stat = Fs.fstatSync(fd)
    if (stat.size > maxBytes) throw Object.assign(new Error("too large"), { code: "EFBIG" })
    return { text: decode(Fs.readFileSync(fd)), stat }
  } finally {
    Fs.closeSync(fd)
  }
}

/** Reads a file that must exist; returns its owner and mode, too. */
export const readWithStat = (path: string): Effect.Effect<Opened, Failure> =>
  Effect.try({ try: () => open(path), catch: (error) => unusable(path, error) })

/** Reads a file that must exist. */
export const readExisting = (path: string): Effect.Effect<string, Failure> =>
  Effect.map(readWithStat(path), ({ text }) => text.text)

const ifExists = (path: string): Effect.Effect<Opened | undefined, Failure> =>
  Effect.try({ try: () => open(path), catch: (error) => error }).pipe(
    Effect.catch((error) =>
      codeOf(error) === "ENOENT" ? Effect.succeed(undefined) : Effect.fail(unusable(path, error)),
    ),
  )

/** Reads a file; returns undefined if it does not exist. */
export const read = (path: string): Effect.Effect<string | undefined, Failure> =>
  Effect.map(ifExists(path), (opened) => opened?.text.text)

/** Returns whether others than its owner can read a file. */
export const isOpenToOthers = (stat: Fs.Stats): boolean =>
  process.platform !== "win32" && stat.isFile() && (stat.mode & 0o077) !== 0

/** Reads a file of saved tokens; returns undefined if it does not exist, and fails if others can read it. */
export const readPrivate = (path: string): Effect.Effect<string | undefined, Failure> =>
  Effect.flatMap(ifExists(path), (opened) =>
    opened !== undefined && isOpenToOthers(opened.stat)
      ? Effect.fail(
          file(
            `${visible(path)} can be read by others (mode ${(opened.stat.mode & 0o777).toString(8)})`,
            `fix:   chmod 600 ${visible(path)}`,
          ),
        )
      : Effect.succeed(opened?.text.text),
  )

const replace = (path: string, text: string): void => {
  const directory = Path.dirname(path)
  Fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  const there = Fs.lstatSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile()) {
    throw Object.assign(new Error("not a file"), { code: "NOT_A_FILE" })
  }
  // in a new directory, since two runs may write at once
  const folder = Fs.mkdtempSync(Path.join(directory, `.${Path.basename(path)}.`))
  try {
    const temporary = Path.join(folder, "new")
    // with its mode from the start: others cannot open it at any moment
    const fd = Fs.openSync(temporary, "wx", 0o600)
    try {
      Fs.writeFileSync(fd, text)
      Fs.fsyncSync(fd)
    } finally {
      Fs.closeSync(fd)
    }
    Fs.renameSync(temporary, path)
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes a file that only its owner can read, in one step; fails if the path is a symbolic link or a directory. */
export const writePrivate = (path: string, text: string): Effect.Effect<void, Failure> =>
  Effect.try({
    try: () => replace(path, text),
    catch: (error) =>
      codeOf(error) === "NOT_A_FILE"
        ? file(
            `${visible(path)} is a link or a directory; it was not overwritten`,
            "fix:   remove it, or set AELYST_CONFIG to another path",
          )
        : unusable(path, error),
  })
