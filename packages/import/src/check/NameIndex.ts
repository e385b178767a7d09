/** Finds codes of countries and languages by their names in several languages. */
import { FieldAlias } from "@aelyst/core"
import { suggest } from "@aelyst/core/adapter"

const others = ["de", "fr", "es", "pt", "it", "nl", "pl", "id", "ms", "zh"]

// more names than most files have; a file with endless different values costs no more memory
const MAX_CACHED = 1000

/** The names of codes. */
export interface NameIndex {
  /** Returns the code that a whole name stands for, in any of the languages. */
  readonly find: (name: string) => string | undefined
  /** Returns `Malaysia (MY)` for a name that is nearly one. */
  readonly near: (name: string) => string | undefined
}

type Names = Map<string, string | undefined>

/** Adds names as they are looked for; one that several codes share stands for none of them. */
const addNames = (index: Names, names: Iterable<readonly [string, string]>): Names => {
  for (const [name, code] of names) {
    const key = FieldAlias.normalise(name)
    index.set(key, index.has(key) && index.get(key) !== code ? undefined : code)
  }
  return index
}

/** Returns the names of codes in a language, as `Intl` knows them. */
export const namesIn = (
  language: string,
  type: "region" | "language",
  codes: readonly string[],
): readonly (readonly [name: string, code: string])[] => {
  const display = new Intl.DisplayNames(language, { type, fallback: "none" })
  return codes.flatMap((code) => {
    const name = display.of(code)
    return name === undefined ? [] : [[name, code] as const]
  })
}

/**
 * Creates an index over English names, further names, which win, and the names in other languages, which are read when one is
 * looked for that is neither. A name that several codes share finds none of them.
 */
export const make = (
  type: "region" | "language",
  english: readonly (readonly [name: string, code: string])[],
  more: Readonly<Record<string, string>>,
): NameIndex => {
  const given = addNames(new Map(), Object.entries(more))
  const inEnglish = addNames(new Map(), english)
  const suggested = new Map(english)
  const codes = english.map(([, code]) => code)
  let inOthers: Names | undefined
  return {
    find: (name) => {
      const key = FieldAlias.normalise(name)
      for (const index of [given, inEnglish]) if (index.has(key)) return index.get(key)
      inOthers ??= addNames(
        new Map(),
        others.flatMap((language) => namesIn(language, type, codes)),
      )
      return inOthers.get(key)
    },
    near: (name) => {
      const meant = suggest(name, suggested.keys())
      return meant === undefined ? undefined : `${meant} (${suggested.get(meant) ?? ""})`
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
