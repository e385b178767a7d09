/** `aelyst template`: prints an example of a file that imports as it is. */
import * as Effect from "effect/Effect"

import type { Failure } from "../Failure.ts"
import * as FlagValues from "../import/FlagValues.ts"
import { Screen } from "../Screen.ts"

type Table = readonly [header: ReadonlyArray<string>, ...rows: ReadonlyArray<ReadonlyArray<string>>]

const own: Table = [
  ["First Name", "Last Name", "Email", "Phone", "Country", "Language", "Profile Pic"],
  ["Ana", "Peña", "ana@example.com", "+12025550101", "US", "es", "https://example.com/ana.png"],
  ["Siti", "binti Ahmad", "siti@example.com", "+60123456789", "Malaysia", "ms", ""],
  ["Bo", "", "", "+447700900123", "GB", "", ""],
]

/** The header rows are those that these programs write, without the columns that a contact has no field for. */
const presets = {
  hubspot: [
    ["Record ID", "First Name", "Last Name", "Email", "Phone Number", "Country/Region"],
    ["1", "Ana", "Peña", "ana@example.com", "+12025550101", "United States"],
    ["2", "Siti", "binti Ahmad", "siti@example.com", "+60123456789", "Malaysia"],
  ],
  google: [
    [
      "First Name",
      "Middle Name",
      "Last Name",
      "Organization Name",
      "Birthday",
      "Notes",
      "Labels",
      "E-mail 1 - Label",
      "E-mail 1 - Value",
      "Phone 1 - Label",
      "Phone 1 - Value",
    ],
    [
      "Ana",
      "",
      "Peña",
      "",
      "",
      "",
      "* myContacts",
      "* Home",
      "ana@example.com",
      "Mobile",
      "+12025550101",
    ],
    [
      "Siti",
      "",
      "binti Ahmad",
      "",
      "",
      "",
      "* myContacts",
      "* Work",
      "siti@example.com",
      "Mobile",
      "+60123456789",
    ],
  ],
  outlook: [
    [
      "First Name",
      "Middle Name",
      "Last Name",
      "Title",
      "Suffix",
      "E-mail Address",
      "E-mail 2 Address",
      "Home Phone",
      "Business Phone",
      "Mobile Phone",
    ],
    ["Ana", "", "Peña", "", "", "ana@example.com", "", "", "", "+12025550101"],
    ["Siti", "", "binti Ahmad", "", "", "siti@example.com", "", "", "", "+60123456789"],
  ],
} as const satisfies Readonly<Record<string, Table>>

const presetNames = ["hubspot", "google", "outlook"] as const

const examples = [
  {
    identifier: "phone:+60123456789",
    firstName: "Siti",
    lastName: "binti Ahmad",
    phone: "+60123456789",
    countryCode: "MY",
    custom_fields: [
      { name: "Company Website", value: "https://example.com" },
      { name: "Seats", value: 12 },
    ],
  },
  { identifier: "email:ana@example.com", firstName: "Ana", email: "ana@example.com" },
]

const cell = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

const csv = (table: Table): string => table.map((row) => row.map(cell).join(",")).join("\n")

/** Holds the flags of `template`. */
export interface TemplateFlags {
  readonly format: string | undefined
  readonly preset: string | undefined
}

/** Prints the example. */
export const run = Effect.fnUntraced(function* (
  flags: TemplateFlags,
): Effect.fn.Return<void, Failure, Screen> {
  const printer = yield* Screen
  const format = yield* Effect.fromResult(
    FlagValues.oneOf("--format", ["csv", "ndjson"])(flags.format ?? "csv"),
  )
  const preset = yield* Effect.fromResult(
    FlagValues.optional(flags.preset, FlagValues.oneOf("--preset", presetNames)),
  )
  if (format === "ndjson") {
    return printer.data(examples.map((example) => JSON.stringify(example)).join("\n"))
  }
  return printer.data(csv(preset === undefined ? own : presets[preset]))
})
