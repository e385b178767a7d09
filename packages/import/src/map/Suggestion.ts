/** Suggests what columns could be that are not sent. Nothing is mapped because of it. */
import { FieldAlias } from "@aelyst/core"
import { suggest } from "@aelyst/core/adapter"

import type { FieldName, Mapping, PresetName } from "../types.ts"
import { quote, reference } from "./Column.ts"
import { namesDialingCode } from "./HeaderWarning.ts"
import { presets } from "./Preset.ts"

/** A way to send a column that is not sent. */
export interface MappingSuggestion {
  readonly column: string
  /** The option to add, ready to paste, such as `--map countryCode=CC`. */
  readonly flag: string
}

// names that other programs use for several things, so that only a person can tell
const perhaps: Readonly<Record<string, FieldName>> = {
  cc: "countryCode",
  contactnumber: "phone",
  number: "phone",
  contact: "fullName",
  contactid: "identifier",
}

/** Returns the type that a custom field of a column probably has. */
const typeOf = (header: string): string => {
  if (/web|url|link/i.test(header)) return ":url"
  if (/birthday|geburtstag|anniversary|\bdate\b|[_ ](?:at|date|time)$/i.test(header)) return ":date"
  return ""
}

let known: readonly (readonly [string, FieldName])[] | undefined

/** Returns the field whose alias is nearest to a header. */
const nearField = (header: string): FieldName | undefined => {
  known ??= Object.values(FieldAlias.aliases)
    .flat(2)
    .flatMap((alias) => {
      const target = FieldAlias.match(alias)?.target
      return target === undefined ? [] : [[alias, target] as const]
    })
  const meant = suggest(
    header,
    known.map(([alias]) => alias),
  )
  return known.find(([alias]) => alias === meant)?.[1]
}

const fieldOf = (header: string, preset: PresetName | undefined): FieldName | undefined => {
  if (namesDialingCode(header)) return "dialingCode"
  const name = FieldAlias.normalise(header)
  const own = preset === undefined ? undefined : presets[preset].suggestions?.[header]
  return own ?? perhaps[name] ?? nearField(header)
}

/** Returns how each unmapped column could be sent. */
export const suggestions = (mapping: Mapping): readonly MappingSuggestion[] =>
  mapping.unmapped.flatMap((at) => {
    const header = mapping.columns[at] ?? ""
    if (header.trim() === "") return []
    const column = reference(mapping.columns, at)
    const field = fieldOf(header, mapping.preset)
    if (field !== undefined && mapping.fields[field] === undefined) {
      return [{ column: header, flag: `--map ${quote(`${field}=${column}`)}` }]
    }
    const name = header.trim().replaceAll(":", "\\:")
    const from = column === header.trim() && typeOf(header) !== "" ? "" : `=${column}`
    return [{ column: header, flag: `--custom ${quote(`${name}${typeOf(header)}${from}`)}` }]
  })
