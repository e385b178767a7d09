/** Shows, searches and exports the contacts. */
import type { SandboxContact } from "../src/api/types.ts"
import { SHOWN, call } from "./admin.ts"
import { isReal, now } from "./clock.ts"
import { attempt, byId, h, inputOf, plural, terms, time, isolated } from "./dom.ts"

interface Contacts {
  readonly contacts: ReadonlyArray<SandboxContact>
  readonly total: number
}

const search = inputOf("search-contacts")

/** The ids of the contacts that are open. */
const opened = new Set<string>()

const card = (contact: SandboxContact): HTMLElement => {
  const { custom_fields: fields, id, identifier, phase } = contact
  const name = [contact.firstName, contact.lastName ?? ""].join(" ")
  const details = h(
    "details",
    { open: opened.has(id) },
    h(
      "summary",
      { id: `contact-${id}` },
      isolated(identifier),
      isolated(name),
      h("span", { class: `phase ${phase}` }, phase),
    ),
    terms([
      ["Id", id],
      ["First name", contact.firstName],
      ["Last name", contact.lastName],
      ["Email", contact.email],
      ["Phone", contact.phone],
      ["Language", contact.language],
      ["Profile picture", contact.profilePic],
      ["Country", contact.countryCode],
      ...(fields ?? []).map((field) => [field.name, String(field.value ?? "(empty)")] as const),
      ["Created", time(contact.createdAt, true)],
      ["Ready", time(contact.readyAt, true)],
      ["Merged", plural(contact.merges, "time")],
    ]),
  )
  details.addEventListener("toggle", () => {
    if (details.hasAttribute("open")) opened.add(id)
    else opened.delete(id)
  })
  return h("li", {}, details)
}

let phaseTimer: ReturnType<typeof setTimeout> | undefined

const loadContacts = async (): Promise<void> => {
  const { contacts, total } = await call<Contacts>(
    `/contacts?limit=${SHOWN}&query=${encodeURIComponent(search.value)}`,
  )
  const at = now()
  const focused = document.activeElement?.id
  byId("rows").replaceChildren(...contacts.toReversed().map(card))
  if (focused?.startsWith("contact-") === true) document.getElementById(focused)?.focus()
  if (search.value === "") byId("count-contacts").textContent = String(total)
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
    const { contacts } = await call<Contacts>(`/contacts?query=${encodeURIComponent(search.value)}`)
    const text = type === "csv" ? csvOf(contacts) : `${JSON.stringify(contacts, null, 2)}\n`
    const mime = type === "csv" ? "text/csv;charset=utf-8" : "application/json"
    const url = URL.createObjectURL(new Blob([text], { type: mime }))
    const anchor = h("a", { href: url, download: `contacts.${type}` })
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })
