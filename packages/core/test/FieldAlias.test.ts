import { assert, describe, it } from "@effect/vitest"
import * as FieldAlias from "../src/contact/FieldAlias.ts"
import { runs, text } from "./inputs.ts"

const targets = (headers: ReadonlyArray<string>) =>
  Object.fromEntries(headers.map((header) => [header, FieldAlias.match(header)?.target]))

describe("FieldAlias.match", () => {
  it("reads Google's contacts", () => {
    assert.deepStrictEqual(
      targets([
        "First Name",
        "Middle Name",
        "Last Name",
        "E-mail 1 - Label",
        "E-mail 1 - Value",
        "Phone 1 - Value",
        "Address 1 - Country",
        "Photo",
        "Labels",
      ]),
      {
        "First Name": "firstName",
        "Middle Name": undefined,
        "Last Name": "lastName",
        "E-mail 1 - Label": undefined,
        "E-mail 1 - Value": "email",
        "Phone 1 - Value": "phone",
        "Address 1 - Country": "countryCode",
        Photo: "profilePic",
        Labels: undefined,
      },
    )
  })

  it("reads Google's older contacts", () => {
    assert.deepStrictEqual(
      targets(["Name", "Given Name", "Family Name", "Language", "E-mail 1 - Type"]),
      {
        Name: "fullName",
        "Given Name": "firstName",
        "Family Name": "lastName",
        Language: "language",
        "E-mail 1 - Type": undefined,
      },
    )
  })

  it("reads Outlook's contacts", () => {
    assert.deepStrictEqual(
      targets([
        "Title",
        "First Name",
        "Last Name",
        "E-mail Address",
        "Mobile Phone",
        "Primary Phone",
        "Home Country/Region",
      ]),
      {
        Title: undefined,
        "First Name": "firstName",
        "Last Name": "lastName",
        "E-mail Address": "email",
        "Mobile Phone": "phone",
        "Primary Phone": "phone",
        "Home Country/Region": "countryCode",
      },
    )
  })

  it("reads HubSpot's contacts and leaves the record id alone", () => {
    assert.deepStrictEqual(
      targets([
        "Record ID",
        "First Name",
        "Email",
        "Phone Number",
        "Mobile Phone Number",
        "WhatsApp Phone Number",
        "Country/Region",
        "Preferred language",
      ]),
      {
        "Record ID": undefined,
        "First Name": "firstName",
        Email: "email",
        "Phone Number": "phone",
        "Mobile Phone Number": "phone",
        "WhatsApp Phone Number": "phone",
        "Country/Region": "countryCode",
        "Preferred language": "language",
      },
    )
  })

  it("reads Salesforce's, Mailchimp's and Brevo's contacts", () => {
    assert.deepStrictEqual(
      targets([
        "FirstName",
        "LastName",
        "MobilePhone",
        "MailingCountry",
        "Email Address",
        "PRENOM",
        "NOM",
        "SMS",
        "WHATSAPP",
      ]),
      {
        FirstName: "firstName",
        LastName: "lastName",
        MobilePhone: "phone",
        MailingCountry: "countryCode",
        "Email Address": "email",
        PRENOM: "firstName",
        NOM: "lastName",
        SMS: "phone",
        WHATSAPP: "phone",
      },
    )
  })

  it("reads the headers of a German sheet", () => {
    assert.deepStrictEqual(
      targets(["Vorname", "Nachname", "E-Mail-Adresse", "Telefon", "Handy", "Sprache", "Land"]),
      {
        Vorname: "firstName",
        Nachname: "lastName",
        "E-Mail-Adresse": "email",
        Telefon: "phone",
        Handy: "phone",
        Sprache: "language",
        Land: "countryCode",
      },
    )
  })

  it("reads a German Outlook's and Pipedrive's contacts", () => {
    assert.deepStrictEqual(
      targets([
        "Telefon geschäftlich",
        "Telefon (privat)",
        "Land/Region geschäftlich",
        "Weitere Vornamen",
        "Person - Name*",
        "Person - Email (Work)",
        "Person - Phone - Mobile",
        "Organization - Name*",
      ]),
      {
        "Telefon geschäftlich": "phone",
        "Telefon (privat)": "phone",
        "Land/Region geschäftlich": "countryCode",
        "Weitere Vornamen": undefined,
        "Person - Name*": "fullName",
        "Person - Email (Work)": "email",
        "Person - Phone - Mobile": "phone",
        "Organization - Name*": undefined,
      },
    )
  })

  it("reads the wire's own names", () => {
    for (const name of [
      "firstName",
      "lastName",
      "phone",
      "email",
      "language",
      "profilePic",
      "countryCode",
      "identifier",
    ] as const) {
      assert.strictEqual(FieldAlias.match(name)?.target, name)
      assert.strictEqual(
        FieldAlias.match(name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))?.target,
        name,
      )
    }
  })

  it("leaves names of other things alone", () => {
    for (const header of [
      "Email consent",
      "Email opt-in date",
      "Contact number",
      "Email domain",
      "Record ID",
      "Contact ID",
      "id",
      "co",
      "Corporate",
      "Phone type",
      "Company name",
      "Company Website",
      "Country calling code",
      "Nationality",
      "",
      "  ",
      "*",
    ]) {
      assert.isUndefined(FieldAlias.match(header), header)
    }
  })

  it("looks at letters and digits alone", () => {
    for (const header of [
      "e-mail",
      " E Mail ",
      "\ufeffEmail",
      "EMAIL:",
      "* email",
      "ｅｍａｉｌ",
      "é-mail",
    ]) {
      assert.strictEqual(FieldAlias.match(header)?.target, "email", header)
    }
    assert.strictEqual(FieldAlias.match("pre\u0301nom")?.target, "firstName")
    assert.strictEqual(FieldAlias.match("pr\u00e9nom")?.target, "firstName")
  })

  it("ranks the names of a phone in the order of preference", () => {
    const order = [
      "WhatsApp",
      "Mobile",
      "Cell",
      "Phone 1 - Value",
      "Primary phone",
      "Phone number",
      "SMS",
      "Home",
      "Work phone",
    ]
    assert.deepStrictEqual(
      order.map((header) => FieldAlias.match(header)?.rank),
      order.map((_, rank) => rank),
    )
  })

  it("ranks a country code before a country", () => {
    assert.isBelow(
      FieldAlias.match("Country code")?.rank ?? 9,
      FieldAlias.match("Country")?.rank ?? 0,
    )
  })

  it("matches no header of over 200 characters", () => {
    assert.isUndefined(FieldAlias.match(`email${" ".repeat(200)}`))
    assert.isUndefined(FieldAlias.match("\u0301".repeat(10_000_000)))
  })
})

describe("FieldAlias.aliases", () => {
  it("hold each name once", () => {
    const names = Object.values(FieldAlias.aliases).flat(2).map(FieldAlias.normalise)
    assert.deepStrictEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    )
  })

  it("match at their own target and rank", () => {
    for (const [target, ranks] of Object.entries(FieldAlias.aliases)) {
      ranks.forEach((rank, index) => {
        for (const alias of rank) assert.deepEqual(FieldAlias.match(alias), { target, rank: index })
      })
    }
  })
})

describe("FieldAlias.normalise", () => {
  it.prop(
    "F3: changes nothing the second time",
    [text],
    ([header]) => {
      const once = FieldAlias.normalise(header)
      assert.strictEqual(FieldAlias.normalise(once), once)
    },
    runs,
  )
})
