/**
 * The names of the files of runs in a directory: `r_7Q2F-<fingerprint>-<generation>.db`. Programs that start one import at the
 * same moment compute the same name, so the lock of the file keeps all but one out.
 */
import { mkdirSync, readdirSync, statSync, unlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Result from "effect/Result"

import type { RunFacts } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import { sha256 } from "./RowChecksum.ts"
import { fingerprint } from "./RunTables.ts"
import { tryFile } from "./SqliteFile.ts"

/** Letters and digits that cannot be confused (Crockford's). */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const idLength = 4

/** A file of a run. */
export interface RunFile {
  readonly id: string
  readonly path: string
  /** The beginning of the fingerprint of its input, origin and account. */
  readonly input: string
  /** Counts the runs of one input from 1. */
  readonly generation: number
}

/** Creates the directory, for its owner only. Fails with `unsafe` if other users can write to it. */
export const prepareDirectory = (directory: string): Result.Result<void, JournalError> =>
  tryFile(directory, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { mode } = statSync(directory)
    if (process.platform !== "win32" && (mode & 0o022) !== 0)
      throw new JournalError({
        reason: "unsafe",
        path: directory,
        detail: `mode ${(mode & 0o7777).toString(8).padStart(4, "0")}`,
      })
  })

/** Lists the files of runs; none if there is no directory. */
export const listFiles = (
  directory: string,
): Result.Result<ReadonlyArray<RunFile>, JournalError> => {
  const names = tryFile(directory, () => readdirSync(directory))
  if (Result.isFailure(names))
    return names.failure.reason === "deleted" ? Result.succeed([]) : Result.fail(names.failure)
  return Result.succeed(
    names.success.flatMap((name) => {
      const [, id, input, generation] =
        /^(r_[0-9A-HJKMNP-TV-Z]{4,})-([0-9a-f]{16})-(\d+)\.db$/.exec(name) ?? []
      return id === undefined || input === undefined
        ? []
        : [{ id, path: join(directory, name), input, generation: Number(generation) }]
    }),
  )
}

/** Returns the newest file of an input. */
export const newestOf = (files: ReadonlyArray<RunFile>, facts: RunFacts): RunFile | undefined => {
  const input = fingerprint(facts).slice(0, 16)
  return files
    .filter((file) => file.input === input)
    .toSorted((a, b) => b.generation - a.generation)[0]
}

/** Returns the ID of this length, by default the shortest, that a name has. */
export const idOf = (name: string, length = idLength): string => {
  const bytes = Buffer.from(sha256(name), "hex")
  return `r_${Array.from(bytes.subarray(0, length), (byte) => alphabet[byte % 32]).join("")}`
}

/** Returns an ID for a new run that no other file of the directory has. */
const freeId = (files: ReadonlyArray<RunFile>, name: string, length = idLength): string => {
  const id = idOf(name, length)
  return files.some((file) => file.id === id) ? freeId(files, name, length + 1) : id
}

/** Returns the name of the next file of an input. */
export const nextOf = (
  directory: string,
  files: ReadonlyArray<RunFile>,
  facts: RunFacts,
): RunFile => {
  const generation = (newestOf(files, facts)?.generation ?? 0) + 1
  const input = fingerprint(facts).slice(0, 16)
  const id = freeId(files, `${fingerprint(facts)}-${generation}`)
  return { id, path: join(directory, `${id}-${input}-${generation}.db`), input, generation }
}

/** Finds a run by its ID, or by the path of its file. */
export const findFile = (
  directory: string,
  id: string,
): Result.Result<{ readonly path: string }, JournalError> => {
  if (!/^r_\w+$/.test(id)) return Result.succeed({ path: resolve(id) })
  return Result.flatMap(listFiles(directory), (files) => {
    const found = files.filter((file) => file.id.toLowerCase() === id.toLowerCase())
    const [first] = found
    if (first === undefined)
      return Result.fail(new JournalError({ reason: "not_found", path: directory, detail: id }))
    if (found.length > 1)
      return Result.fail(new JournalError({ reason: "ambiguous", path: directory, detail: id }))
    return Result.succeed(first)
  })
}

/** Deletes the file of a run, and the files that SQLite keeps next to it. */
export const deleteFile = (path: string): void => {
  for (const suffix of ["-wal", "-shm", "-journal", ""]) {
    const file = `${path}${suffix}`
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) unlinkSync(file)
  }
}
