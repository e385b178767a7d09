/** Languages by BCP 47 tag or by name, as people write them. */
import * as Result from "effect/Result"

import type { Read } from "./Fault.ts"
import { fault } from "./Fault.ts"
import * as NameIndex from "./NameIndex.ts"

// ISO 639-1, the languages whose names people write
const codes = (
  "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo " +
  "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka " +
  "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng " +
  "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su " +
  "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
).split(" ")

const more = {
  Deutsch: "de",
  "Bahasa Malaysia": "ms",
  "Bahasa Melayu": "ms",
  "Bahasa Indonesia": "id",
  Mandarin: "zh",
  Chinese: "zh",
  Farsi: "fa",
  Tagalog: "tl",
} as const

let names: Intl.DisplayNames | undefined

/** Returns whether a language exists. */
const exists = (language: string): boolean => {
  names ??= new Intl.DisplayNames("en", { type: "language", fallback: "none" })
  return names.of(language) !== undefined
}

/** Returns a tag in its canonical form if its language exists: `iw` becomes `he`. */
const canonical = (text: string): string | undefined => {
  try {
    const [tag = ""] = Intl.getCanonicalLocales(text)
    // `Intl` accepts any word of up to eight letters as a language
    const [language = ""] = tag.split("-")
    const isKnown = language.length <= 3 && exists(language)
    return isKnown ? tag : undefined
  } catch {
    return undefined
  }
}

let index: NameIndex.NameIndex | undefined

/** Returns the tag of a language that is written as a tag, also with `_`, or as a name. */
export const read: (text: string) => Read = NameIndex.remembered((text) => {
  const tag = canonical(text.replaceAll("_", "-"))
  if (tag !== undefined) return Result.succeed(tag)
  index ??= NameIndex.make("language", NameIndex.namesIn("en", "language", codes), more)
  const named = index.find(text)
  if (named !== undefined) return Result.succeed(named)
  const near = index.near(text)
  return fault(
    "LANGUAGE_UNKNOWN",
    "no language has this code or name",
    near === undefined ? "write a language code, such as ms or pt-BR" : `did you mean ${near}?`,
  )
})
