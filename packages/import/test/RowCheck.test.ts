import { assert, describe, it } from "@effect/vitest"
import { CustomField } from "@aelyst/core"

import { checkRows, outcomes, rowsOf } from "./tables.ts"

const columns = ["First name", "Email", "Phone", "Country", "Born"]
const map = { custom: ["Born:date"] }

describe("checking a row", () => {
  it("reports every problem of every row, in the order in which fields are read", async () => {
    assert.deepStrictEqual(
      await outcomes(
        columns,
        [
          ["", "b@", "6.01E+10", "Malayisa", "03/04/2024"],
          ["Ana", "", "", "", ""],
          ["", "", "", "", "2024-01-01"],
          ["Ana", "a@b.cd", "", "", "", "more"],
          ["Ana", "a@b.cd", "", "", "", "", ""],
        ],
        { map },
      ),
      [
        "EMAIL_INVALID Email, COUNTRY_UNKNOWN Country, PHONE_SCIENTIFIC Phone, DATE_AMBIGUOUS Born, FIRST_NAME_MISSING First name",
        "IDENTIFIER_MISSING Phone",
        "IDENTIFIER_MISSING Phone, FIRST_NAME_MISSING First name",
        "ROW_TOO_LONG",
        "email:a@b.cd",
      ],
    )
  })

  it("drops values that are not valid if asked, and says which", async () => {
    const { rows, summary } = await checkRows(
      columns,
      rowsOf([
        ["Ana", "b@", "+60123456789", "Malayisa", "soon"],
        ["Ana", "b@", "", "", ""],
        ["", "a@b.cd", "", "", ""],
        ["Ana", "a@b.cd", "", "", "", "more"],
      ]),
      { map, onInvalid: "drop-field" },
    )
    assert.deepStrictEqual(
      rows.map(({ state }) => state),
      ["ready", "invalid", "invalid", "invalid"],
    )
    assert(rows[0]?.state === "ready")
    assert.strictEqual(rows[0].identifier, "phone:+60123456789")
    assert.deepStrictEqual(rows[0].contact, {
      firstName: "Ana",
      phone: "+60123456789",
      customFields: {},
    })
    assert.deepStrictEqual(
      rows[0].dropped?.map(({ code }) => code),
      ["EMAIL_INVALID", "COUNTRY_UNKNOWN", "DATE_INVALID"],
    )
    assert.strictEqual(summary.omissions.dropped, 3)
  })

  it("drops what only core refuses, too", async () => {
    const { rows } = await checkRows(
      ["First name", "Email", "Avatar", "Tier"],
      rowsOf([["Ana", "a@b.cd", "not a url", "Bronze"]]),
      {
        map: { custom: ["Tier"] },
        onInvalid: "drop-field",
        customFields: CustomField.define({ Tier: { type: "list", options: ["Gold"] } }),
      },
    )
    assert(rows[0]?.state === "ready")
    assert.deepStrictEqual(
      rows[0].dropped?.map(({ code, column }) => [code, column]),
      [
        ["URL_INVALID", "Avatar"],
        ["VALUE_INVALID", "Tier"],
      ],
    )
    assert.deepStrictEqual(rows[0].contact, {
      firstName: "Ana",
      email: "a@b.cd",
      customFields: {},
    })
  })

  it("identifies a row by the first field that it can use", async () => {
    const names = ["Identifier", "First name", "Email", "Phone"]
    const rows = [
      ["id:5", "Ana", "a@b.cd", "+60123456789"],
      ["a@b.cd", "Ana", "", ""],
      ["+60 12-345 6789", "Ana", "", ""],
      ["phone:012-345 6780", "Ana", "", ""],
      ["12345", "Ana", "", ""],
      ["email:b@", "Ana", "", ""],
      ["0123456789", "Ana", "", ""],
      ["", "Ana", "a@b.ef", "+60123456781"],
    ]
    assert.deepStrictEqual(await outcomes(names, rows, { defaultCountry: "MY" }), [
      "id:5",
      "email:a@b.cd",
      "phone:+60123456789",
      "phone:+60123456780",
      "12345",
      "VALUE_INVALID Identifier",
      "VALUE_INVALID Identifier",
      "phone:+60123456781",
    ])
    const byEmail = { defaultCountry: "MY", map: { identifyBy: ["email", "phone"] } } as const
    assert.strictEqual((await outcomes(names, rows, byEmail))[0], "email:a@b.cd")
  })

  it("takes no address that is no identifier, and sends its domain composed", async () => {
    const cells = [
      ["Ana", "id:5@example.com", "", "", ""],
      ["Bo", `bo@${"\u0958".repeat(200)}.com`, "", "", ""],
      ["Cy", "id:5@example.com", "+60123456789", "", ""],
      ["Di", "di@ne\u0301.com", "", "", ""],
    ]
    const { rows } = await checkRows(columns, rowsOf(cells), {
      map: { ...map, identifyBy: ["email", "phone"] },
      onInvalid: "drop-field",
    })
    assert.deepStrictEqual(
      rows.map((row) =>
        row.state === "ready" ? [row.identifier, row.contact["email"]] : row.state,
      ),
      [
        "invalid",
        "invalid",
        ["phone:+60123456789", undefined],
        ["email:di@n\u00e9.com", "di@ne\u0301.com"],
      ],
    )
  })

  it("takes footers and subtotals for no rows, also with a constant (R29)", async () => {
    const names = ["Identifier", "Amount", "Phone", "Email"]
    const notes = [
      ["Subtotal", "12", "", ""],
      ["Acme (3 records)"],
      ["Grand Totals (5700 records)"],
      [""],
      ["Confidential Information - Do Not Distribute"],
      ["Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."],
      ["A report of mine"],
    ]
    const { rows, summary } = await checkRows(
      names,
      rowsOf([["id:1", "2", "", ""], ...notes.filter((cells) => cells[0] !== "")]),
      { map: { set: ["firstName=Friend"] } },
    )
    assert.deepStrictEqual(
      rows.map(({ state }) => state),
      ["ready", "foreign", "foreign", "foreign", "foreign", "foreign", "foreign"],
    )
    assert.strictEqual(summary.rows, 1)
    assert.strictEqual(summary.foreign, 6)
  })

  it("never takes a row with an address or a number for a footer", async () => {
    assert.deepStrictEqual(
      await outcomes(
        ["First name", "Email", "Phone"],
        [
          ["Total", "", "+60123456789"],
          ["Grand Total", "total@example.com", ""],
          ["Total", "", ""],
        ],
      ),
      ["phone:+60123456789", "email:total@example.com", "foreign"],
    )
  })

  it("keeps Google's odd rows apart (R26)", async () => {
    assert.deepStrictEqual(
      await outcomes(
        [
          "First Name",
          "Last Name",
          "Notes",
          "E-mail 1 - Value",
          "Phone 1 - Value",
          "Address 1 - Formatted",
        ],
        [
          ["ana@example.com", "", "", "ana@example.com", "", ""],
          ["", "", "", "", "+60123456789", ""],
          ["", "", "", "", "", "1 Jalan Ampang\nKuala Lumpur"],
          ["Bo", "", "first\nsecond", "bo@example.com", "", ""],
        ],
      ),
      [
        "email:ana@example.com",
        "FIRST_NAME_MISSING First Name",
        "IDENTIFIER_MISSING Phone 1 - Value, FIRST_NAME_MISSING First Name",
        "email:bo@example.com",
      ],
    )
  })
})
