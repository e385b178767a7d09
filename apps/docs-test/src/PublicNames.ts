/** The values that an entry of a package makes public, each with the file and the docstring that it comes from. */
import { dirname, join } from "node:path/posix"
import type { Source } from "./Examples.ts"

/** Names one public value. */
export interface PublicName {
  /** The name as it is imported, such as `Identifier.parse`. */
  readonly name: string
  /** The file that declares it. */
  readonly file: string
  readonly local: string
  /** Whether an example shows it: its own, or for a value that is no function any example of its file. */
  readonly hasExample: boolean
}

const word = (name: string) => new RegExp(`\\b${name}\\b`)

/**
 * Returns every value that `entry` exports, whole modules member by member.
 *
 * A value that is neither a function nor a class needs no example of its own, if another one of its file uses it.
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
