import { assert, describe, it } from "@effect/vitest"

import { checkRows, contactOf, outcomes } from "./tables.ts"

describe("reading a row", () => {
  it("takes the first cell of a field that is not empty", async () => {
    const columns = ["First name", "Mobile", "Phone"]
    assert.deepStrictEqual(await outcomes(columns, [["Ana", " ", "+60123456789"]]), [
      "phone:+60123456789",
    ])
    assert.deepStrictEqual(await outcomes(columns, [["Ana", "12-34", "+60123456789"]]), [
      "PHONE_INVALID Mobile",
    ])
  })

  it("brings every field into the form of the API", async () => {
    assert.deepStrictEqual(
      await contactOf(
        ["Vorname", "Nachname", "E-Mail", "Handy", "Land", "Sprache", "Avatar"],
        [
          '="Ana"',
          "'t Hart",
          "\u200bana@example.com ",
          "012-345 6789",
          "Malaysia",
          "iw",
          "https://a.bc/x",
        ],
      ),
      {
        firstName: "Ana",
        lastName: "'t Hart",
        email: "ana@example.com",
        phone: "+60123456789",
        countryCode: "MY",
        language: "he",
        profilePic: "https://a.bc/x",
      },
    )
  })

  it("reads phones by the calling code, then the row's country, then the default", async () => {
    const columns = ["First name", "Phone", "Country", "Code"]
    const options = { defaultCountry: "GB", map: { map: ["dialingCode=Code"] } }
    assert.deepStrictEqual(
      await outcomes(
        columns,
        [
          ["A", "012-345 6789", "FR", "60"],
          ["B", "01 23 45 67 89", "FR", ""],
          ["C", "020 7946 0958", "", ""],
          ["D", "+65 9123 4567", "FR", "60"],
          ["E", "012-345 6789", "", "999"],
          ["F", "60123456780", "", "+60"],
          ["G", "06 6982 1234", "", "39"],
        ],
        options,
      ),
      [
        "phone:+60123456789",
        "phone:+33123456789",
        "phone:+442079460958",
        "phone:+6591234567",
        "PHONE_INVALID Phone",
        "phone:+60123456780",
        "phone:+390669821234",
      ],
    )
  })

  it("uses the first of several values of Google (R26)", async () => {
    const columns = ["First Name", "E-mail 1 - Value", "Phone 1 - Value", "Labels"]
    const options = { map: { custom: ["Labels"] } }
    const cells = [
      "Ana",
      "a@b.cd ::: e@f.gh",
      "+60123456789 ::: +60123456780",
      "* myContacts ::: VIP",
    ]
    assert.deepStrictEqual(await contactOf(columns, cells, options), {
      firstName: "Ana",
      email: "a@b.cd",
      phone: "+60123456789",
      customFields: { Labels: "myContacts, VIP" },
    })
  })

  it("puts a full name whole into the first name, or splits it if asked", async () => {
    const cells = ["Ana Maria Lee", "ana@example.com"]
    assert.strictEqual((await contactOf(["Name", "Email"], cells))["firstName"], "Ana Maria Lee")
    const split = await contactOf(["Name", "Email"], cells, { map: { splitName: true } })
    assert.deepStrictEqual([split["firstName"], split["lastName"]], ["Ana Maria", "Lee"])
    const one = await contactOf(["Name", "Email"], ["Ana", "a@b.cd"], { map: { splitName: true } })
    assert.deepStrictEqual([one["firstName"], one["lastName"]], ["Ana", undefined])
  })

  it("fills in constants if a row has no value", async () => {
    const map = { set: ["firstName=Friend", "countryCode=Malaysia", "language=ms"] }
    for (const columns of [
      ["First name", "Phone", "Country"],
      ["Name", "Phone", "Country"],
    ]) {
      assert.deepInclude(await contactOf(columns, ["", "012-345 6789", ""], { map }), {
        firstName: "Friend",
        phone: "+60123456789",
        countryCode: "MY",
        language: "ms",
      })
      assert.deepInclude(await contactOf(columns, ["Ana", "020 7946 0958", "UK"], { map }), {
        firstName: "Ana",
        countryCode: "GB",
      })
    }
  })

  it("takes a constant for the full name, too", async () => {
    const contact = await contactOf(["Name", "Email"], ["", "a@b.cd"], {
      map: { set: ["fullName=Dear customer"] },
    })
    assert.strictEqual(contact["firstName"], "Dear customer")
  })

  it("takes no object of JSON for a value", async () => {
    const row = {
      number: 1,
      line: 1,
      cells: ['{"first":"Ana"}', "a@b.cd", '["x"]'],
      record: { firstName: { first: "Ana" }, email: "a@b.cd", Note: ["x"] },
    }
    const options = { map: { custom: ["Note"] } }
    const { rows } = await checkRows(["firstName", "email", "Note"], [row], options, "json")
    assert(rows[0]?.state === "invalid")
    assert.deepStrictEqual(
      rows[0].problems.map(({ code, column }) => `${code} ${column}`),
      ["VALUE_INVALID firstName", "VALUE_INVALID Note", "FIRST_NAME_MISSING firstName"],
    )
  })

  it("blames the column that should have had the value", async () => {
    const { rows } = await checkRows(["Name", "Email"], [{ number: 1, line: 7, cells: ["", "b@"] }])
    assert(rows[0]?.state === "invalid")
    assert.deepStrictEqual(rows[0].problems, [
      {
        code: "EMAIL_INVALID",
        line: 7,
        column: "Email",
        reason: "not an email address",
        value: "b@",
      },
      {
        code: "FIRST_NAME_MISSING",
        line: 7,
        column: "Name",
        reason: "the first name is missing",
      },
    ])
  })

  it("takes JSON's own custom fields with their types, and refuses lost digits (D16)", async () => {
    const columns = ["firstName", "email", "customFields", "id"]
    const record = {
      firstName: "Ana",
      email: "ana@example.com",
      customFields: { Age: 42, Vip: true },
      id: 2 ** 60,
    }
    const cells = ["Ana", "ana@example.com", '{"Age":42,"Vip":true}', "12345678901234567000"]
    const row = { number: 1, line: 1, cells, record }
    const plain = await checkRows(columns, [row], {}, "ndjson")
    assert(plain.rows[0]?.state === "ready")
    assert.deepStrictEqual(plain.rows[0].contact["customFields"], { Age: 42, Vip: true })
    const wrong = { ...record, customFields: [{ name: "Age", value: { a: 1 } }] }
    const invalid = await checkRows(columns, [{ ...row, record: wrong }], {}, "ndjson")
    assert(invalid.rows[0]?.state === "invalid")
    assert.strictEqual(invalid.rows[0].problems[0]?.column, "customFields")
    const named = await checkRows(
      ["firstName", "email", "id"],
      [{ ...row, cells: ["Ana", "a@b.cd", "1"] }],
      { map: { custom: ["id"] } },
      "ndjson",
    )
    assert(named.rows[0]?.state === "invalid")
    assert.strictEqual(named.rows[0].problems[0]?.suggestion, "send it as text: put it in quotes")
  })
})
