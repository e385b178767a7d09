/** The rows of the file that the benchmark of a check reads: the same for the same number, so that nothing is held. */

export const columns = ["First Name", "Last Name", "Email", "Phone", "Country"] as const

/** Ways in which people write one number of Malaysia. */
const forms: readonly ((digits: string) => string)[] = [
  (digits) => `0${digits.slice(0, 2)}-${digits.slice(2, 5)} ${digits.slice(5)}`,
  (digits) => `+60${digits}`,
  (digits) => `+60 ${digits.slice(0, 2)}-${digits.slice(2)}`,
  (digits) => `0${digits}`,
  (digits) => `60${digits}`,
]

/** Returns the phone number of a row; one of 50 is too short. */
export const phoneOf = (row: number): string => {
  const digits = `12${String((row * 7919) % 10_000_000).padStart(7, "0")}`
  const form = forms[row % forms.length] ?? String
  return row % 50 === 49 ? form(digits).slice(0, -3) : form(digits)
}

/** Returns the text of a row; one of 100 has the contact of the row before it. */
export const rowText = (row: number): string => {
  const person = row % 100 === 99 ? row - 1 : row
  return `Person ${person},"O'Neil, ${row % 977}",person.${person}@example.com,${phoneOf(person)},Malaysia\n`
}
