/** Lists the values that an entry of a package makes public, with their file and docstring. */
import { dirname, join } from "node:path/posix"
import type { Source } from "./Examples.ts"

/** Describes one public value. */
export interface PublicName {
  /** The name for importers, such as `Identifier.parse`. */
  readonly name: string
  /** The file that declares it. */
  readonly file: string
  readonly local: string
  /** Whether an example shows it; for a value that is not a function, any example of the file counts. */
  readonly hasExample: boolean
}

const word = (name: string) => new RegExp(`\\b${name}\\b`)

/**
 * Returns every value that `entry` exports, and every member of an exported namespace.
 *
 * A value that is neither a function nor a class may be shown by any example of its file.
 */
export const publicNames = (
  entry: string,
  read: (file: string) => Source,
): ReadonlyArray<PublicName> => {
  const source = read(entry)
  const own = source.declarations
    .filter(({ name }) => !name.includes("."))
    .map(({ name, isFunction, hasExample }) => ({
      name,
      file: entry,
      local: name,
      hasExample:
        hasExample || (!isFunction && source.examples.some(({ code }) => word(name).test(code))),
    }))
  const others = source.passedOn.flatMap(({ as, name, from }) => {
    const file = join(dirname(entry), from)
    const names = publicNames(file, read)
    if (name === "*") return names.map((one) => ({ ...one, name: `${as}.${one.name}` }))
    const found = names.find((one) => one.name === name)
    if (found === undefined) throw new Error(`${entry}: no ${name} in ${file}`)
    return [{ ...found, name: as }]
  })
  return [...own, ...others]
}
