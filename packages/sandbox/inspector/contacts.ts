/** Shows, searches and exports the contacts. */
import type { SandboxContact } from "../src/api/types.ts"
import { SHOWN, call } from "./admin.ts"
import { isReal, now } from "./clock.ts"
import { attempt, byId, h } from "./dom.ts"

interface Contacts {
  readonly contacts: ReadonlyArray<SandboxContact>
  readonly total: number
}

const query = (): string => {
  const input = byId("search")
  return input instanceof HTMLInputElement ? input.value : ""
}

const fieldsOf = ({ custom_fields: fields }: SandboxContact): string =>
  (fields ?? []).map(({ name, value }) => `${name}: ${value ?? ""}`).join(", ")

let phaseTimer: ReturnType<typeof setTimeout> | undefined

const loadContacts = async (): Promise<void> => {
  const { contacts, total } = await call<Contacts>(
    `/contacts?limit=${SHOWN}&query=${encodeURIComponent(query())}`,
  )
  const at = now()
  byId("rows").replaceChildren(
    ...contacts.toReversed().map((contact) => {
      const texts = [
        contact.identifier,
        contact.firstName,
        contact.lastName ?? "",
        contact.email ?? "",
        contact.phone ?? "",
        fieldsOf(contact),
        contact.phase,
      ]
      return h("tr", {}, ...texts.map((text) => h("td", {}, text)))
    }),
  )
  if (query() === "") byId("count-contacts").textContent = String(total)
  byId("found").textContent =
    total > contacts.length ? `the newest ${contacts.length} of ${total}` : `${total} found`
  clearTimeout(phaseTimer)
  const next = contacts
    .filter(({ phase }) => phase === "processing")
    .reduce((least, { readyAt }) => Math.min(least, readyAt), Infinity)
  if (next < Infinity && isReal())
    phaseTimer = setTimeout(loadContactsSoon, Math.max(50, next - at))
}

let loading = false
let again = false
/** Loads the contacts, one load at a time however many are created meanwhile. */
export const loadContactsSoon = (): void => {
  if (loading) {
    again = true
    return
  }
  loading = true
  attempt(async () => {
    try {
      await loadContacts()
      await new Promise((resolve) => setTimeout(resolve, 200))
    } finally {
      loading = false
      if (again) {
        again = false
        loadContactsSoon()
      }
    }
  })
}

/**
 * Writes a cell of CSV that a spreadsheet does not read as a formula: text that begins like one, after spaces and quotes,
 * gets an apostrophe in front. So does a phone, because it begins with a plus.
 */
const cell = (value: unknown): string => {
  const text = value === undefined ? "" : String(value)
  // oxlint-disable-next-line no-control-regex -- matching them is the point
  const safe = /^(?:[\t\r\n\0]|[\s"'\u00A0\u3000]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/.test(text)
    ? `'${text}`
    : text
  // oxlint-disable-next-line no-control-regex -- matching them is the point
  return /[",;\r\n\t\0']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const csvOf = (contacts: ReadonlyArray<SandboxContact>): string => {
  const plain = [
    "id",
    "identifier",
    "firstName",
    "lastName",
    "phone",
    "email",
    "language",
    "profilePic",
    "countryCode",
    "phase",
  ] as const
  const custom = [
    ...new Set(
      contacts.flatMap(({ custom_fields: fields }) => (fields ?? []).map(({ name }) => name)),
    ),
  ]
  const table = contacts.map((contact) => {
    const values = new Map(
      (contact.custom_fields ?? []).map(({ name, value }) => [name, value] as const),
    )
    return [...plain.map((name) => contact[name]), ...custom.map((name) => values.get(name))]
  })
  return [[...plain, ...custom], ...table]
    .map((cells) => `${cells.map(cell).join(",")}\r\n`)
    .join("")
}

/** Saves the contacts that match the search as a file. */
export const download = (type: "csv" | "json"): void =>
  attempt(async () => {
    const { contacts } = await call<Contacts>(`/contacts?query=${encodeURIComponent(query())}`)
    const text = type === "csv" ? csvOf(contacts) : `${JSON.stringify(contacts, null, 2)}\n`
    const mime = type === "csv" ? "text/csv;charset=utf-8" : "application/json"
    const url = URL.createObjectURL(new Blob([text], { type: mime }))
    const anchor = h("a", { href: url, download: `contacts.${type}` })
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })
