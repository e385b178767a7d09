/**
 * The files of the command: where they are, and how those with a secret are read and written. A file is written beside
 * its place and renamed, so it is never half there; a symbolic link in its place is refused.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"

import * as Effect from "effect/Effect"

import { Failure, file } from "./Failure.ts"
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

/** Holds where the files are; undefined where there is no home directory. */
export interface Paths {
  readonly config: string | undefined
  readonly credentials: string | undefined
  readonly state: string | undefined
  readonly project: string
}

/** Finds the files: `AELYST_CONFIG` and `AELYST_STATE_DIR`, else the XDG directories, else below the home directory. */
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

/** Gives the system's code of a failure, such as `ENOENT`. */
const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined
  return typeof code === "string" ? code : "UNKNOWN"
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be opened",
  EPERM: "may not be opened",
  EISDIR: "is a directory",
  ENOTDIR: "lies below something that is no directory",
  EROFS: "lies on a read-only file system",
  EFBIG: "is larger than 1 MiB",
  ENOSPC: "does not fit: the disk is full",
}

const unusable = (path: string, error: unknown): Failure => {
  const code = codeOf(error)
  return file(`${visible(path)} ${reasons[code] ?? "cannot be used"} (${code})`)
}

const maxBytes = 1_048_576

const open = (path: string): { readonly text: string; readonly stat: Fs.Stats } => {
  const fd = Fs.openSync(path, "r")
  try {
    const stat = Fs.fstatSync(fd)
    if (stat.size > maxBytes) throw Object.assign(new Error("too large"), { code: "EFBIG" })
    return { text: Fs.readFileSync(fd, "utf8"), stat }
  } finally {
    Fs.closeSync(fd)
  }
}

/** Reads a file; a file that does not exist is undefined. */
export const read = (path: string): Effect.Effect<string | undefined, Failure> =>
  Effect.try({ try: () => open(path).text, catch: (error) => error }).pipe(
    Effect.catch((error) =>
      codeOf(error) === "ENOENT" ? Effect.succeed(undefined) : Effect.fail(unusable(path, error)),
    ),
  )

/** Reads a file that has to exist. */
export const readExisting = (path: string): Effect.Effect<string, Failure> =>
  Effect.try({ try: () => open(path).text, catch: (error) => unusable(path, error) })

const isOpenToOthers = (stat: Fs.Stats): boolean =>
  process.platform !== "win32" && stat.isFile() && (stat.mode & 0o077) !== 0

/** Reads a file with a secret; refuses one that others may read. A file that does not exist is undefined. */
export const readPrivate = (path: string): Effect.Effect<string | undefined, Failure> =>
  Effect.try({ try: () => open(path), catch: (error) => error }).pipe(
    Effect.flatMap(({ text, stat }) =>
      isOpenToOthers(stat)
        ? Effect.fail(
            file(
              `${visible(path)} can be read by others (mode ${(stat.mode & 0o777).toString(8)})`,
              `it holds a token: chmod 600 ${visible(path)}`,
            ),
          )
        : Effect.succeed(text),
    ),
    Effect.catch((error) =>
      error instanceof Failure
        ? Effect.fail(error)
        : codeOf(error) === "ENOENT"
          ? Effect.succeed(undefined)
          : Effect.fail(unusable(path, error)),
    ),
  )

const replace = (path: string, text: string): void => {
  const directory = Path.dirname(path)
  Fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  const there = Fs.lstatSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile()) {
    throw Object.assign(new Error("not a file"), { code: "NOT_A_FILE" })
  }
  // a directory of its own, since two runs may write at once
  const beside = Fs.mkdtempSync(Path.join(directory, `.${Path.basename(path)}.`))
  try {
    const temporary = Path.join(beside, "new")
    // with its mode from the start: there is no moment in which others could open it
    const fd = Fs.openSync(temporary, "wx", 0o600)
    try {
      Fs.writeFileSync(fd, text)
      Fs.fsyncSync(fd)
    } finally {
      Fs.closeSync(fd)
    }
    Fs.renameSync(temporary, path)
  } finally {
    Fs.rmSync(beside, { recursive: true, force: true })
  }
}

/** Writes a file that only its owner may read, in one step; a symbolic link or a directory in its place is refused. */
export const writePrivate = (path: string, text: string): Effect.Effect<void, Failure> =>
  Effect.try({
    try: () => replace(path, text),
    catch: (error) =>
      codeOf(error) === "NOT_A_FILE"
        ? file(`${visible(path)} is a link or a directory, and is not written over`)
        : unusable(path, error),
  })
