/**
 * The values of `--set`, which contacts get: a journal keeps none of them, so that `aelyst resume` must be given them again. A short hash
 * tells whether they are the same.
 */
import * as Result from "effect/Result"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { visible } from "../Text.ts"
import { shortHash } from "./ShortHash.ts"

/** Holds the short hash of each value, by its field. */
export type SetHashes = Readonly<Record<string, string>>

/** Returns the hashes of `field=value` options; the last one of a field counts. */
export const hashesOf = (set: ReadonlyArray<string>): SetHashes =>
  Object.fromEntries(
    set.map((option) => {
      const [name = ""] = option.split("=", 1)
      return [name.trim(), shortHash("--set", option.slice(name.length))]
    }),
  )

/** Returns the command that resumes a run, with the flags whose values it must be given again. */
export const resumeCommand = (run: string, hashes: SetHashes): string =>
  [`aelyst resume ${run}`, ...Object.keys(hashes).map((field) => `--set ${field}=…`)].join(" ")

const importAgain = "or import the file again: rows that exist are skipped"

/** Checks that a run is resumed with the values that it was started with. */
export const check = (
  run: string,
  recorded: SetHashes,
  given: ReadonlyArray<string>,
): Result.Result<void, Failure> => {
  const hashes = hashesOf(given)
  const missing = Object.keys(recorded).find((field) => hashes[field] === undefined)
  if (missing !== undefined) {
    return Result.fail(
      usage(
        `run ${run} was started with --set ${missing}, and its journal does not keep the value`,
        `fix:   ${resumeCommand(run, recorded)}, with the same value`,
      ),
    )
  }
  const changed = Object.keys(hashes).find((field) => hashes[field] !== recorded[field])
  if (changed === undefined) return Result.void
  return Result.fail(
    recorded[changed] === undefined
      ? usage(
          `run ${run} was started without --set ${visible(changed)}`,
          `fix:   leave it out, ${importAgain}`,
        )
      : usage(
          `--set ${changed} has another value than when run ${run} was started`,
          `fix:   give the same value, ${importAgain}`,
        ),
  )
}
