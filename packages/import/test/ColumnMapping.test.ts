import { assert, describe, it } from "@effect/vitest"

import type { Mapping } from "../src/types.ts"
import { issuesOf, mapped, rowsOf } from "./tables.ts"

const columnsOf = (header: string, delimiter = ",") => header.split(delimiter)

/** Returns the fields of a mapping with the names of their columns. */
const named = ({ columns, fields }: Mapping) =>
  Object.fromEntries(
    Object.entries(fields).map(([field, from]) => [field, from.map((at) => columns[at])]),
  )

const fieldsOf = (header: string, delimiter?: string) =>
  named(mapped(columnsOf(header, delimiter)).mapping)

describe("map", () => {
  it("reads Google's contacts, of today and before", () => {
    const today = mapped(
      columnsOf(
        "First Name,Middle Name,Last Name,Phonetic First Name,Name Prefix,Nickname,File As,Organization Name,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - Country,Website 1 - Value",
      ),
    ).mapping
    assert.strictEqual(today.preset, "google")
    assert.deepStrictEqual(named(today), {
      firstName: ["First Name"],
      lastName: ["Last Name"],
      profilePic: ["Photo"],
      email: ["E-mail 1 - Value"],
      phone: ["Phone 1 - Value"],
      countryCode: ["Address 1 - Country"],
    })
    const before = mapped(
      columnsOf(
        "Name,Given Name,Additional Name,Family Name,Yomi Name,Notes,Language,Photo,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value",
      ),
    ).mapping
    assert.strictEqual(before.preset, "google")
    assert.deepStrictEqual(named(before), {
      firstName: ["Given Name"],
      lastName: ["Family Name"],
      language: ["Language"],
      profilePic: ["Photo"],
      email: ["E-mail 1 - Value"],
      phone: ["Phone 1 - Value"],
    })
  })

  it("reads Outlook's contacts in English and German", () => {
    const english = mapped(
      columnsOf(
        "First Name,Middle Name,Last Name,Title,Suffix,E-mail Address,E-mail 2 Address,Home Phone,Home Phone 2,Business Phone,Mobile Phone,Car Phone,Other Phone,Primary Phone,Home Country/Region",
      ),
    ).mapping
    assert.strictEqual(english.preset, "outlook")
    assert.deepStrictEqual(named(english), {
      firstName: ["First Name"],
      lastName: ["Last Name"],
      email: ["E-mail Address"],
      phone: ["Mobile Phone", "Primary Phone", "Home Phone", "Business Phone", "Other Phone"],
      countryCode: ["Home Country/Region"],
    })
    const german = mapped(
      columnsOf(
        "Anrede,Vorname,Weitere Vornamen,Nachname,Firma,Telefon geschäftlich,Telefon privat,Mobiltelefon,E-Mail-Adresse,Land/Region privat,Sprache",
      ),
    ).mapping
    assert.strictEqual(german.preset, "outlook")
    assert.deepStrictEqual(named(german), {
      firstName: ["Vorname"],
      lastName: ["Nachname"],
      phone: ["Mobiltelefon", "Telefon privat", "Telefon geschäftlich"],
      email: ["E-Mail-Adresse"],
      countryCode: ["Land/Region privat"],
      language: ["Sprache"],
    })
  })

  it("takes HubSpot's Name for a company (R27), and its record ID for no identifier", () => {
    assert.deepStrictEqual(
      fieldsOf(
        "First Name,Last Name,Email Address,Name,Company Domain Name,Phone Number,Favorite Food",
      ),
      {
        firstName: ["First Name"],
        lastName: ["Last Name"],
        email: ["Email Address"],
        phone: ["Phone Number"],
      },
    )
    assert.deepStrictEqual(
      fieldsOf(
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Country/Region",
      ),
      {
        firstName: ["First Name"],
        lastName: ["Last Name"],
        email: ["Email"],
        phone: ["Phone Number"],
        countryCode: ["Country/Region"],
      },
    )
    const [companies] = issuesOf(columnsOf("Name,Company Domain Name,Phone Number"))
    assert.strictEqual(companies?.reason, "first_name_missing")
  })

  it("reads Salesforce, Mailchimp, Brevo, Zoho and Pipedrive", () => {
    const presets = [
      ["salesforce", "Id,AccountId,FirstName,LastName,Title,Department,Email,Phone,MobilePhone"],
      ["salesforce", "First Name,Last Name,Email,Phone,Account Name"],
      [
        "mailchimp",
        "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CC,LEID,EUID,TAGS",
      ],
      ["brevo", "CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS,LANDLINE_NUMBER,WHATSAPP,INTERESTS"],
      [
        "zoho",
        "Record Id,Contact Owner.id,Contact Owner,First Name,Last Name,Account Name,Email,Phone,Mobile,Contact Name,Email Opt Out",
      ],
      [
        "pipedrive",
        "Person - Name*,Person - First name,Person - Last name,Person - Phone,Person - Email (Work),Person - Email (Home),Organization - Name*",
      ],
    ] as const
    for (const [preset, header] of presets) {
      const { mapping } = mapped(columnsOf(header))
      assert.strictEqual(mapping.preset, preset, header)
      assert.strictEqual(mapping.fields.fullName, undefined, header)
      assert.lengthOf(mapping.fields.firstName ?? [], 1, header)
    }
    assert.strictEqual(
      mapped(columnsOf("EMAIL;LASTNAME;FIRSTNAME;SMS;EMAIL_BLACKLISTED", ";")).mapping.preset,
      "brevo",
    )
    assert.deepStrictEqual(fieldsOf(presets[5][1])["email"], [
      "Person - Email (Work)",
      "Person - Email (Home)",
    ])
    assert.deepStrictEqual(
      fieldsOf("Person - Name,Person - Email - Work,Person - Phone - Mobile")["fullName"],
      ["Person - Name"],
    )
  })

  it("never maps a header that only contains an alias", () => {
    const { mapping } = mapped([
      "First name",
      "Email",
      "Email consent",
      "Email opt-in date",
      "Contact number",
      "Email domain",
      "Corporate",
    ])
    assert.deepStrictEqual(mapping.unmapped, [2, 3, 4, 5, 6])
  })

  it("refuses two columns of equal rank with an option to paste", () => {
    const [issue] = issuesOf(["First name", "Phone", "Telephone"])
    assert.deepStrictEqual(issue, {
      reason: "ambiguous",
      message: 'phone could be "Phone" or "Telephone"',
      fix: "--map 'phone=Phone|Telephone' takes the first that is not empty; leave one out to use only the other",
    })
    assert.deepStrictEqual(
      mapped(["First name", "Phone", "Telephone"], { map: ["phone=Telephone"] }).mapping.fields
        .phone,
      [2],
    )
  })

  it("names columns of the same name by their position", () => {
    const [issue] = issuesOf(["First name", "Email", "Email"])
    assert.include(issue?.fix ?? "", "--map 'email=#2|#3'")
    assert.deepStrictEqual(
      mapped(["First name", "Email", "Email"], { map: ["email=#3"] }).mapping.fields.email,
      [2],
    )
  })

  it("says what is missing before any row is looked at", () => {
    assert.deepStrictEqual(
      issuesOf(["Company", "Frist Name"]).map(({ reason, fix }) => [reason, fix]),
      [
        ["first_name_missing", "--map 'firstName=Frist Name'"],
        ["identifier_missing", "--map 'email=Column' or --map 'phone=Column'"],
      ],
    )
  })

  it("lists every mistake at once", () => {
    assert.deepStrictEqual(
      issuesOf(["First name", "Email"], {
        map: ["emial=Email", "phone=Fone", "lastName"],
        ignore: ["Nothing"],
        set: ["email=a@b.c"],
        custom: ["Age:nubmer=Email"],
      }).map(({ reason, fix }) => [reason, fix]),
      [
        ["unknown_field", "did you mean email?"],
        ["syntax", "write --map field=Column"],
        ["unknown_column", 'the columns are "First name", "Email"'],
        ["constant", "--map email=Column takes it from a column"],
        ["custom_field", "did you mean number?"],
        ["unknown_column", 'the columns are "First name", "Email"'],
      ],
    )
  })

  it("identifies by the columns of the file, or by those of the option", () => {
    assert.deepStrictEqual(mapped(["First name", "Email", "Phone"]).mapping.identifyBy, [
      "phone",
      "email",
    ])
    assert.deepStrictEqual(
      mapped(["First name", "Email", "Phone"], { identifyBy: ["email"] }).mapping.identifyBy,
      ["email"],
    )
    assert.strictEqual(
      issuesOf(["First name", "Email"], { identifyBy: ["phone"] })[0]?.reason,
      "identify_by",
    )
  })

  it("sends the rest as custom fields of their names", () => {
    const { mapping } = mapped(["First name", "Email", "City", "", "_aelyst_line", "Secret"], {
      customRest: true,
      ignore: ["Secret"],
    })
    assert.deepStrictEqual(mapping.custom, [{ name: "City", type: "text", column: 2 }])
    assert.deepStrictEqual(mapping.unmapped, [3])
  })

  it("refuses two custom fields of one name, and a column that is used and ignored", () => {
    const columns = ["First name", "Email", "City", "Town"]
    assert.strictEqual(
      issuesOf(columns, { custom: ["City", "City=Town"] })[0]?.fix,
      "--custom 'City 2:text=Town', or --ignore Town",
    )
    assert.strictEqual(
      issuesOf(columns, { custom: ["City"], ignore: ["City"] })[0]?.reason,
      "used_twice",
    )
  })

  it("leaves out the columns of an earlier report", () => {
    const { mapping } = mapped(["First name", "Email", "_aelyst_line", "_aelyst_reason"])
    assert.deepStrictEqual(mapping.unmapped, [])
  })

  it("warns of people that have unsubscribed (R30), and suggests CC", () => {
    const { warnings, suggestions, mapping } = mapped([
      "Email Address",
      "First Name",
      "MEMBER_RATING",
      "CC",
      "UNSUB_TIME",
    ])
    assert.deepStrictEqual(
      warnings.map(({ code, column }) => [code, column]),
      [["opted_out", "UNSUB_TIME"]],
    )
    assert.strictEqual(mapping.fields.countryCode, undefined)
    assert.deepInclude(suggestions, { column: "CC", flag: "--map countryCode=CC" })
  })

  it("proposes to join calling codes (R32), and maps country codes", () => {
    const columns = ["First Name", "Phone", "Country Code"]
    const codes = rowsOf([
      ["Ana", "123456789", "60"],
      ["Bo", "9123456789", "+91"],
      ["Cy", "1", ""],
    ])
    const { mapping, warnings } = mapped(columns, { sample: codes })
    assert.strictEqual(mapping.fields.countryCode, undefined)
    assert.include(warnings[0]?.message ?? "", "--map 'dialingCode=Country Code'")
    const countries = mapped(columns, { sample: rowsOf([["Ana", "1", "MY"]]) })
    assert.deepStrictEqual(countries.mapping.fields.countryCode, [2])
    assert.deepStrictEqual(countries.warnings, [])
    const joined = mapped(columns, { sample: codes, map: ["dialingCode=Country Code"] })
    assert.deepStrictEqual(joined.mapping.fields.dialingCode, [2])
    assert.deepStrictEqual(joined.warnings, [])
  })

  it("takes the API's own custom fields of JSON records", () => {
    const columns = ["firstName", "email", "custom_fields"]
    assert.strictEqual(mapped(columns, {}, "ndjson").mapping.apiFields, 2)
    assert.strictEqual(mapped(columns, {}, "csv").mapping.apiFields, undefined)
  })
})
