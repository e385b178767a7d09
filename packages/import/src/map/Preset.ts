/** The exports of known programs: how their headers are recognised, and the columns that need care. */
import { FieldAlias } from "@aelyst/core"
import * as Records from "effect/Record"

import type { FieldName, PresetName } from "../types.ts"

interface Preset {
  /** The name of the program. */
  readonly title: string
  /** Groups of headers; a file with all headers of one group is of this program. */
  readonly signs: readonly (readonly string[])[]
  /** Headers that mean something else than their names say elsewhere. */
  readonly others?: readonly string[]
  /** Headers that may mean a field, but only a person can tell. */
  readonly suggestions?: Readonly<Record<string, FieldName>>
}

/**
 * The presets by name. The order counts: the first whose signs are there is taken.
 *
 * **Example**
 *
 * ```ts
 * import { presets } from "@aelyst/import"
 *
 * console.log(presets.hubspot.title) // => HubSpot
 * ```
 */
export const presets: Readonly<Record<PresetName, Preset>> = {
  google: {
    title: "Google Contacts",
    signs: [["E-mail 1 - Value"], ["Phone 1 - Value"]],
  },
  pipedrive: {
    title: "Pipedrive",
    signs: [["Person - Name"], ["Person - First name"]],
  },
  outlook: {
    title: "Outlook",
    signs: [
      ["E-mail Address", "E-mail 2 Address"],
      ["E-mail Address", "Business Phone", "Car Phone"],
      ["E-Mail-Adresse", "Mobiltelefon", "Weitere Vornamen"],
      ["E-Mail-Adresse", "E-Mail 2: Adresse"],
    ],
  },
  mailchimp: {
    title: "Mailchimp",
    signs: [["MEMBER_RATING"], ["LEID", "EUID"]],
    suggestions: { CC: "countryCode" },
  },
  brevo: {
    title: "Brevo",
    signs: [
      ["EMAIL", "EMAIL_BLACKLISTED"],
      ["EMAIL", "LANDLINE_NUMBER"],
      ["CONTACT ID", "EMAIL", "SMS"],
    ],
  },
  zoho: {
    title: "Zoho CRM",
    signs: [
      ["Record Id", "Contact Owner.id"],
      ["Contact Owner", "Email Opt Out"],
    ],
  },
  salesforce: {
    title: "Salesforce",
    signs: [
      ["AccountId", "LastName"],
      ["Account Name", "Last Name", "Email"],
    ],
  },
  // in HubSpot's own sample, Name is the company
  hubspot: {
    title: "HubSpot",
    signs: [["Company Domain Name"], ["Record ID", "Lead Status"], ["Record ID", "Contact owner"]],
    others: ["Name"],
  },
}

const names = Records.keys(presets)

/** Returns whether a text is the name of a preset. */
export const isPreset = (name: string): name is PresetName => Object.hasOwn(presets, name)

/** Returns the program whose export has these columns; undefined if none is known. */
export const recognise = (columns: readonly string[]): PresetName | undefined => {
  const there = new Set(columns.map(FieldAlias.normalise))
  return names.find((name) =>
    presets[name].signs.some((group) =>
      group.every((header) => there.has(FieldAlias.normalise(header))),
    ),
  )
}
