import { fileURLToPath } from "node:url"
import { CustomField, validate } from "@aelyst/core"
import * as Result from "effect/Result"
import { beforeAll, describe, expect, it } from "vitest"
import type { Row } from "../src/Rows.ts"
import { fields, parseLine, readRows } from "../src/Rows.ts"

const catalogue = CustomField.define(fields)
const rows: Array<Row> = []
beforeAll(async () => {
  const file = fileURLToPath(new URL("../contacts.ndjson", import.meta.url))
  for await (const row of readRows(file)) rows.push(row)
})

const given = () => rows.flatMap((row) => row.custom_fields ?? [])

describe("contacts.ndjson", () => {
  it("has 60 contacts, each with a different identifier", () => {
    expect(rows).toHaveLength(60)
    expect(new Set(rows.map((row) => row.identifier)).size).toBe(60)
  })

  it("begins with the example of the vendor's page, without the space that a file does not keep (W2, W3)", () => {
    expect(rows[0]).toStrictEqual({
      identifier: "example",
      firstName: "Muhammad",
      lastName: "Mahin",
      phone: "+60123456789",
      email: "test@example.com",
      language: "ms",
      profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
      countryCode: "MY",
      custom_fields: [{ name: "Company Website", value: "https://example.com" }],
    })
  })

  it("is valid in every row", () => {
    const invalid = rows.flatMap(({ identifier, ...contact }, index) => {
      const checked = validate(identifier, contact, { customFields: catalogue })
      return Result.isSuccess(checked) ? [] : [{ row: index + 1, issues: checked.failure }]
    })
    expect(invalid).toStrictEqual([])
  })

  it("uses every type of custom field that the page documents (W4)", () => {
    const types = new Set(given().map((field) => catalogue.get(field.name)?.type))
    expect([...types].toSorted()).toStrictEqual([
      "checkbox",
      "date",
      "email",
      "list",
      "number",
      "text",
      "time",
      "url",
    ])
  })

  it("names contacts by email, phone, contact ID and bare ID (W2, D1)", () => {
    const kinds = new Set(
      rows.map((row) => /^(email|phone|id):/.exec(row.identifier)?.[1] ?? "bare"),
    )
    expect([...kinds].toSorted()).toStrictEqual(["bare", "email", "id", "phone"])
  })

  it("holds no real address: every email is of a domain that is reserved for examples", () => {
    const addresses = rows.flatMap((row) => (row.email ? [row.email] : []))
    expect(addresses.filter((address) => !/@example\.(com|net|org)$/.test(address))).toStrictEqual(
      [],
    )
  })
})

describe("parseLine", () => {
  it("names the line that is not JSON, without quoting it", () => {
    expect(() => parseLine("ana@example.com", 7)).toThrow(/^line 7 is not JSON$/)
  })

  it("names the line that is JSON but not a contact", () => {
    expect(() => parseLine('{"identifier":"id:5"}', 8)).toThrow(/^line 8 is not a contact$/)
    expect(() => parseLine("null", 9)).toThrow(/^line 9 is not a contact$/)
  })
})
