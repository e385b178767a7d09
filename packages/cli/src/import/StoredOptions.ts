/**
 * The part of a command line that its run records, so that `aelyst resume` can run it again: the path of the file and the flags.
 * Nothing of it belongs to a contact, and no token is in it.
 */
import type { ImportFlags } from "../ImportFlags.ts"
import type { SetHashes } from "./SetValues.ts"

/** Holds the recorded command line. */
export interface StoredOptions {
  readonly version: 1
  /** The absolute path of the file; `-` for standard input, which cannot be read again. */
  readonly file: string
  /** Without the values of `--set`. */
  readonly flags: Omit<ImportFlags, "set">
  readonly set: SetHashes
  readonly profile: string
  readonly baseUrl: string
  readonly delivery: string
  readonly rate: number | undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** Reads what a run recorded; undefined if another program made the run. */
export const read = (options: unknown): StoredOptions | undefined =>
  isObject(options) &&
  options["version"] === 1 &&
  typeof options["file"] === "string" &&
  isObject(options["flags"]) &&
  isObject(options["set"])
    ? // safe: this program wrote it, in this version of its shape
      (options as unknown as StoredOptions)
    : undefined
