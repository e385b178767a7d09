/** Finds codes of countries and languages by their names in the languages of `languages`. */
import { FieldAlias } from "@aelyst/core"
import { suggest } from "@aelyst/core/adapter"

const languages = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "id", "ms", "zh"]

// more names than most files have; a file with endless different values costs no more memory
const MAX_CACHED = 1000

/** The names of codes. */
export interface NameIndex {
  /** Returns the code that a whole name stands for, in any of the languages. */
  readonly find: (name: string) => string | undefined
  /** Returns `Malaysia (MY)` for a name that is nearly one. */
  readonly near: (name: string) => string | undefined
}

/** Creates an index over codes and further names. A name that several codes share finds none of them. */
export const make = (
  type: "region" | "language",
  codes: readonly string[],
  more: Readonly<Record<string, string>>,
): NameIndex => {
  const index = new Map<string, string | undefined>()
  const english = new Map<string, string>()
  for (const language of languages) {
    const names = new Intl.DisplayNames(language, { type, fallback: "none" })
    for (const code of codes) {
      const name = names.of(code)
      if (name === undefined) continue
      if (language === "en") english.set(name, code)
      const key = FieldAlias.normalise(name)
      index.set(key, index.has(key) && index.get(key) !== code ? undefined : code)
    }
  }
  for (const [name, code] of Object.entries(more)) index.set(FieldAlias.normalise(name), code)
  return {
    find: (name) => index.get(FieldAlias.normalise(name)),
    near: (name) => {
      const meant = suggest(name, english.keys())
      return meant === undefined ? undefined : `${meant} (${english.get(meant) ?? ""})`
    },
  }
}

/** Remembers the results of a function for the texts that it was called with, up to a bound. */
export const remembered = <A>(f: (text: string) => A): ((text: string) => A) => {
  const known = new Map<string, A>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const result = f(text)
    // a copy, since a text cut out of a file keeps the part of the file alive
    if (known.size < MAX_CACHED) known.set(Buffer.from(text).toString(), result)
    return result
  }
}
