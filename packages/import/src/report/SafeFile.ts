/**
 * Writes a file completely or not at all: into a temporary file next to it, which gets the name when everything is on the
 * disk. A file that exists is never replaced: the next free name is taken, `leads.2.csv`.
 */
import { rmSync } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import { lstat, open, rename, unlink } from "node:fs/promises"
import { basename, dirname, join, parse } from "node:path"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { ReportError, errnoOf } from "./ReportError.ts"

/** A file that is being written. */
export interface SafeFile {
  /** Adds text to the end. Once that has failed, it and `commit` fail: a file with a gap gets no name. */
  readonly write: (text: string) => Effect.Effect<void, ReportError>
  /** Renames the file to its path, and returns the path that it got. Call it once, last. */
  readonly commit: Effect.Effect<string, ReportError>
}

// contacts are personal data: only the owner can read the file
const mode = 0o600

const attempt = <A>(path: string, f: () => Promise<A>): Effect.Effect<A, ReportError> =>
  Effect.tryPromise({
    try: f,
    catch: (cause) => new ReportError({ path, reason: "system", errno: errnoOf(cause) }),
  })

/** Fails for a path that is a link, a directory or a device: only a file of a free name is written. */
const checkPath = (path: string): Effect.Effect<void, ReportError> =>
  Effect.gen(function* () {
    const status = yield* attempt(path, () =>
      lstat(path).catch((cause: unknown) => {
        if (errnoOf(cause) === "ENOENT") return undefined
        throw cause
      }),
    )
    if (status?.isSymbolicLink() === true) {
      return yield* new ReportError({ path, reason: "link" })
    }
    if (status?.isDirectory() === true) {
      return yield* new ReportError({ path, reason: "directory" })
    }
    if (status?.isFile() === false) {
      return yield* new ReportError({ path, reason: "device" })
    }
  })

/** Creates an empty file with the first free name. A link is not followed, and counts as not free. */
const reserve = async (path: string): Promise<string> => {
  const { dir, name, ext } = parse(path)
  for (let number = 1; ; number++) {
    const free = number === 1 ? path : join(dir, `${name}.${number}${ext}`)
    try {
      await (await open(free, "wx", mode)).close()
      return free
    } catch (cause) {
      if (errnoOf(cause) !== "EEXIST") throw cause
    }
  }
}

/** Writes the new name to the disk; not every system can do that for a directory. */
const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(dirname(path), "r").catch(() => undefined)
  await directory?.sync().catch(() => undefined)
  await directory?.close()
}

const commit = async (file: FileHandle, temporary: string, path: string): Promise<string> => {
  await file.sync()
  await file.close()
  const name = await reserve(path)
  await rename(temporary, name)
  await syncDirectory(name)
  return name
}

/** The temporary files of this process. */
const unfinished = new Set<string>()

/** Removes them if the process ends at once, as by a second Ctrl-C: they hold contacts. */
const removeUnfinished = (): void => {
  for (const path of unfinished) rmSync(path, { force: true })
}

/** Forgets a temporary file that has its name, or is removed. */
const forget = (temporary: string): void => {
  unfinished.delete(temporary)
  if (unfinished.size === 0) process.off("exit", removeUnfinished)
}

/** Creates a temporary file. */
const create = async (temporary: string): Promise<FileHandle> => {
  if (unfinished.size === 0) process.once("exit", removeUnfinished)
  unfinished.add(temporary)
  try {
    return await open(temporary, "wx", mode)
  } catch (cause) {
    forget(temporary)
    throw cause
  }
}

/**
 * Opens a file to be written. Until it is committed it has another name, and the end of the scope removes it.
 *
 * Fails with `ReportError` for a path that is a symbolic link, a directory or a device, or cannot be written.
 */
export const openFile = (path: string): Effect.Effect<SafeFile, ReportError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* checkPath(path)
    const unique = crypto.randomUUID().slice(0, 12)
    const temporary = join(dirname(path), `.${basename(path)}.${unique}.tmp`)
    const file = yield* Effect.acquireRelease(
      attempt(path, () => create(temporary)),
      (opened) =>
        unfinished.has(temporary)
          ? Effect.promise(async () => {
              await opened.close().catch(() => undefined)
              await unlink(temporary).catch(() => undefined)
              forget(temporary)
            })
          : Effect.void,
    )
    let failure: ReportError | undefined
    const unlessFailed = <A>(f: () => Promise<A>) =>
      Effect.suspend(() => (failure === undefined ? attempt(path, f) : Effect.fail(failure)))
    return {
      write: (text) =>
        unlessFailed(() => file.appendFile(text, "utf8")).pipe(
          Effect.tapError((error) =>
            Effect.sync(() => {
              failure = error
            }),
          ),
        ),
      commit: unlessFailed(async () => {
        const name = await commit(file, temporary, path)
        forget(temporary)
        return name
      }),
    }
  })
