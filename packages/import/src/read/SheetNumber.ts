/** Writes the numbers of a sheet as a person sees them: dates and times of ISO 8601, digits without exponent. */

/** The kinds of number formats. */
export type NumberFormat = "number" | "date" | "time" | "datetime" | { readonly zeros: number }

const DAY = 86_400
/** Days from 1899-12-30, from which Excel counts, to 1970-01-01. */
const EPOCH = 25_569
/** Days by which workbooks of old Macs count later. */
const MAC = 1_462
/** 9999-12-31. */
const LAST = 2_958_465

const builtIn = (id: number): NumberFormat => {
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58))
    return "date"
  if (id === 22) return "datetime"
  return (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47)
    ? "time"
    : "number"
}

/** Reads a format code such as `dd/mm/yyyy` or `0000000000`. Text in quotes, colours and conditions do not count. */
export const formatOf = (id: number, code: string | undefined): NumberFormat => {
  if (code === undefined) return builtIn(id)
  const [section = ""] = code
    .replaceAll(/"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]|am\/pm|a\/p/gi, "")
    .split(";")
  if (/^0{2,}$/.test(section)) return { zeros: section.length }
  if (/general|standard|[#0?]/i.test(section.replace(/s\.0+/gi, "s"))) return "number"
  const hasDate = /[yd]/i.test(section) || /m/i.test(section.replaceAll(/h+\W*m+|m+\W*s+/gi, ""))
  const hasTime = /[hs]/i.test(section)
  if (hasDate) return hasTime ? "datetime" : "date"
  return hasTime ? "time" : "number"
}

const two = (value: number): string => String(value).padStart(2, "0")

const timeOf = (seconds: number): string => {
  const rest = seconds % 60
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}${rest === 0 ? "" : `:${two(rest)}`}`
}

const dateText = (serial: number, format: NumberFormat, isMac: boolean): string | undefined => {
  // Excel believes in a 29 February 1900, so earlier days are one off
  const days = serial + (isMac ? MAC : serial < 60 && serial >= 1 ? 1 : 0)
  if (!(days >= 0 && days <= LAST) || Math.floor(serial) === 60) return undefined
  const seconds = Math.round(days * DAY)
  const day = Math.floor(seconds / DAY)
  const time = timeOf(seconds % DAY)
  if (format === "time" || (format === "datetime" && day === 0)) return time
  const date = new Date((day - EPOCH) * DAY * 1000).toISOString().slice(0, 10)
  return format === "date" || seconds % DAY === 0 ? date : `${date}T${time}`
}

/** Returns the text of a number: `45355` as a date is `2024-03-04`, `6.0123E10` is `60123000000`. */
export const textOf = (raw: string, format: NumberFormat, isMac: boolean): string => {
  const value = Number(raw)
  if (raw.trim() === "" || !Number.isFinite(value)) return raw
  if (typeof format === "object")
    return Number.isSafeInteger(value) ? String(value).padStart(format.zeros, "0") : raw
  if (format !== "number") return dateText(value, format, isMac) ?? raw
  if (Number.isInteger(value)) return Number.isSafeInteger(value) ? String(value) : raw
  // Excel has 15 digits; what is behind them is noise of binary fractions
  return String(Number(value.toPrecision(15)))
}
