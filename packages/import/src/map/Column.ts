/** Finds columns by the names that people write in flags and files. */
import { FieldAlias } from "@aelyst/core"
import { suggest } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

import type { MappingIssue } from "./MappingError.ts"

const own = "_aelyst_"

/** Returns whether a column was added by an earlier report, so it is not data. */
export const isOwn = (name: string): boolean => name.trim().toLowerCase().startsWith(own)

/** Writes text so that a shell takes it as one word. */
export const quote = (text: string): string =>
  /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

// a name comes from a file: printing it must not move the cursor or reverse the text
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Returns a name in quotation marks, for messages. */
export const shownName = (name: string): string => `"${name.replace(unsafe, "\ufffd")}"`

/** Returns how a flag names a column: by its name, or as `#7` if others have the name, or it is blank or unsafe to print. */
export const reference = (columns: readonly string[], at: number): string => {
  const name = columns[at] ?? ""
  return find(columns, name) === at && name.search(unsafe) === -1 ? name : `#${at + 1}`
}

const isOnly = (found: readonly number[]): found is readonly [number] => found.length === 1

const positions = (columns: readonly string[], holds: (name: string) => boolean) =>
  columns.flatMap((name, at) => (holds(name) ? [at] : []))

/** Returns the position of the one column that a text names: exactly, as `#7`, or after normalising. */
const find = (columns: readonly string[], text: string): number | undefined => {
  if (text.trim() === "") return undefined
  const exact = positions(columns, (name) => name === text)
  if (isOnly(exact)) return exact[0]
  if (exact.length > 1) return undefined
  const [, number] = /^#(\d{1,5})$/.exec(text) ?? []
  if (number !== undefined) {
    const at = Number(number) - 1
    return at >= 0 && at < columns.length ? at : undefined
  }
  const wanted = FieldAlias.normalise(text)
  const similar = positions(columns, (name) => FieldAlias.normalise(name) === wanted)
  return wanted !== "" && isOnly(similar) ? similar[0] : undefined
}

const shown = (columns: readonly string[]): string => {
  const names = columns.filter((name) => !isOwn(name)).map(shownName)
  return names.slice(0, 20).join(", ") + (names.length > 20 ? ", …" : "")
}

/** Finds the column that a text names; fails with the names that there are. */
export const resolve = (
  columns: readonly string[],
  text: string,
): Result.Result<number, MappingIssue> => {
  const at = find(columns, text)
  if (at !== undefined) return Result.succeed(at)
  const same = positions(
    columns,
    (name) => FieldAlias.normalise(name) === FieldAlias.normalise(text),
  )
  if (same.length > 1) {
    const ways = same.map((one) => `#${one + 1}`).join(" or ")
    return Result.fail({
      reason: "unknown_column",
      message: `${same.length} columns are called ${shownName(text)}`,
      fix: `write ${ways} for its position`,
    })
  }
  const meant = suggest(text, columns)
  return Result.fail({
    reason: "unknown_column",
    message: `there is no column ${shownName(text)}`,
    fix:
      meant === undefined
        ? `the columns are ${shown(columns)}`
        : `did you mean ${shownName(meant)}?`,
  })
}

/** Finds the columns of `Column|Column2`, in order; a name that contains `|` itself is found whole. */
export const resolveAll = (
  columns: readonly string[],
  text: string,
): Result.Result<readonly number[], MappingIssue> => {
  const single = find(columns, text)
  if (single !== undefined) return Result.succeed([single])
  return Result.all(text.split("|").map((name) => resolve(columns, name.trim())))
}
