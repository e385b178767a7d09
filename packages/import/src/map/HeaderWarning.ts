/** Headers that a person should look at before contacts are created. */
import { FieldAlias } from "@aelyst/core"

import type { SourceRow } from "../types.ts"
import { quote, reference, shownName } from "./Column.ts"

/** A column that needs a decision. */
export interface MappingWarning {
  /** `opted_out`: it marks people that have unsubscribed; `dialing_code`: it holds calling codes such as 60, not countries. */
  readonly code: "opted_out" | "dialing_code"
  readonly column: string
  readonly message: string
}

const optOuts = new Set(
  `unsub time, unsub campaign title, unsub reason, unsubscribed, unsubscribed at, unsubscribe date,
  unsubscribed from all email, email blacklisted, sms blacklisted, whatsapp blacklisted,
  email opt out, has opted out of email, sms opt out, opt out, opted out, opt out date,
  do not call, do not contact, do not email, do not mail, abgemeldet, désinscrit, desinscrit,
  baja, correo excluido`
    .split(",")
    .map(FieldAlias.normalise),
)

/** Returns whether a header marks people that have unsubscribed. */
export const isOptOut = (header: string): boolean => optOuts.has(FieldAlias.normalise(header))

const dialingCodes = new Set(
  `dialling code, dialing code, dial code, calling code, country calling code, phone country code,
  phone code, isd code, country dialling code, country dial code, ländervorwahl, vorwahl land,
  indicatif, indicatif pays, prefijo, kode negara telepon`
    .split(",")
    .map(FieldAlias.normalise),
)

/** Returns whether a header names calling codes, such as 60 for Malaysia. */
export const namesDialingCode = (header: string): boolean =>
  dialingCodes.has(FieldAlias.normalise(header))

/** Returns whether every value of a column looks like a calling code: `60`, `+60`, `0060`. */
export const holdsDialingCodes = (rows: readonly SourceRow[], column: number): boolean => {
  const values = rows.map(({ cells }) => (cells[column] ?? "").trim()).filter((text) => text !== "")
  return (
    values.length > 0 && values.every((text) => /^['(]?(?:\+|00)? ?[1-9]\d{0,3}\)?$/.test(text))
  )
}

/** Returns the warnings of the columns that are open, which no option names. */
export const warningsOf = (
  columns: readonly string[],
  isOpen: (column: number) => boolean,
  isDialing: (column: number) => boolean,
  hasDialingCode: boolean,
): readonly MappingWarning[] =>
  columns.flatMap((column, at): readonly MappingWarning[] => {
    if (!isOpen(at)) return []
    if (isOptOut(column)) {
      const message = `the column ${shownName(column)} marks people that have unsubscribed: remove their rows before you import, unless you may contact them`
      return [{ code: "opted_out", column, message }]
    }
    if (hasDialingCode || !(isDialing(at) || namesDialingCode(column))) return []
    const flag = `--map ${quote(`dialingCode=${reference(columns, at)}`)}`
    const message = `the column ${shownName(column)} holds calling codes, not countries: ${flag} puts them before the phone numbers`
    return [{ code: "dialing_code", column, message }]
  })
