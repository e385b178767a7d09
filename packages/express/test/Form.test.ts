import { describe, expect, it } from "vitest"

import type { LogEntry } from "../src/index.ts"
import { aelyst, createContact } from "../src/index.ts"
import { fieldIssues } from "../src/Form.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

describe.each(versionCells)("Form, Express $version", ({ version }) => {
  it("reads the best-named field that is filled in", async () => {
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client }))
      },
      { version },
    )
    const form = {
      "First name": " ",
      Vorname: "Ana",
      "Work email": "work@example.com",
      email: "ana@example.com",
      mobile: "",
      Telephone: "+60 (12) 345-6789",
      surname: " Ng",
      name: "Unused",
      "Email consent": "yes",
    }
    expect((await send(on.url, { form })).status).toBe(201)
    expect(JSON.parse(sandbox.requests()[0]?.body ?? "")).toEqual({
      firstName: "Ana",
      lastName: " Ng",
      email: "ana@example.com",
      phone: "+60123456789",
    })
  })

  it("U10: reads custom fields by their names, and tells the operator once what was left out", async () => {
    const fields: Array<string | undefined> = []
    await using on = await start(
      (app) => {
        const customFields = { company: "Company Name", Newsletter: "Newsletter" }
        const setup = { log: ({ field }: LogEntry) => fields.push(field) }
        app.post("/", createContact({ client, customFields, ...setup }))
      },
      { version },
    )
    const form = { ...ana, Company: "Acme", newsletter: "yes", budget: "10", referrer: "" }
    expect((await send(on.url, { form })).status).toBe(201)
    const nested = { "Company Name": "x", company: "Bolt", Role: "admin", email: "eve@example.com" }
    const bo = { firstName: "Bo", email: "bo@example.com", budget: "10" }
    expect((await send(on.url, { body: { ...bo, customFields: nested } })).status).toBe(201)
    expect(sandbox.contacts()).toMatchObject([
      {
        email: "ana@example.com",
        custom_fields: [
          { name: "Company Name", value: "Acme" },
          { name: "Newsletter", value: "yes" },
        ],
      },
      { email: "bo@example.com", custom_fields: [{ name: "Company Name", value: "Bolt" }] },
    ])
    expect(fields).toEqual(["budget", "Company Name", "Role", "email"])
  })

  it("shows an issue of a custom field at the form's field", async () => {
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client, customFields: { company: "Company Name" } }))
      },
      { version },
    )
    const reply = await send(on.url, { body: { ...ana, company: { a: 1 } } })
    expect(reply).toMatchObject({ status: 422, json: { issues: [{ field: "company" }] } })
  })

  it("U11 reads a phone number as visitors write it, with the country of the client", async () => {
    const { baseUrl, tokens } = sandbox
    const options = { baseUrl, token: tokens.ok, defaultCountry: "MY" }
    await using on = await start(
      (app) => {
        app.post("/any", createContact({ client }))
        app.post("/my", createContact({ client: options }))
        app.post("/shared", aelyst(options), createContact())
      },
      { version },
    )
    const submit = (path: string, phone: string) =>
      send(on.url + path, { form: { name: "Ana", Mobile: phone } })
    for (const [path, phone, wanted] of [
      ["/any", "+60 (12) 345-6789", "+60123456789"],
      ["/any", "+44 (0)20 7946 0958", "+442079460958"],
      ["/any", "+39 06 12345678", "+390612345678"],
      ["/my", "012-345 6780", "+60123456780"],
      ["/shared", "+49 (0) 209 1234567", "+492091234567"],
      ["/shared", "012-345 6781", "+60123456781"],
    ] as const) {
      expect((await submit(path, phone)).status).toBe(201)
      expect(sandbox.contacts().at(-1)).toMatchObject({ identifier: `phone:${wanted}` })
    }
  })

  it("R3 never keeps a trunk zero, and says what a person understands", async () => {
    const { baseUrl, tokens } = sandbox
    const options = { baseUrl, token: tokens.ok, defaultCountry: "GB" }
    await using on = await start(
      (app) => {
        app.post("/any", createContact({ client, honeypot: "website" }))
        app.post("/gb", createContact({ client: options }))
      },
      { version },
    )
    const rule = "Enter a phone number with its country code, such as +60 12 345 6789"
    for (const [path, phone, code, suggestion] of [
      ["/any", "+44 0161 496 0000", "PHONE_INVALID", "leave out the 0 after the country code"],
      ["/gb", "+44 0161 496 0000", "PHONE_INVALID", "leave out the 0 after the country code"],
      ["/any", "+4402079460958", "PHONE_INVALID", "leave out the 0 after the country code"],
      ["/gb", "+4402079460958", "PHONE_INVALID", "leave out the 0 after the country code"],
      [
        "/any",
        "020 7946 0958",
        "PHONE_NO_COUNTRY",
        "begin with + and the country code, such as +60",
      ],
      ["/any", "6.01E+10", "PHONE_SCIENTIFIC", "re-export the column as text"],
      ["/any", "my number", "PHONE_INVALID", undefined],
    ] as const) {
      for (const website of ["", "https://spam.example"]) {
        const form = { Telephone: phone, Email: "no address", website }
        const { json, status } = await send(on.url + path, { form })
        expect(status).toBe(422)
        expect(json).toMatchObject({
          code: "invalid_contact",
          issues: [
            { field: "Telephone", code, rule, ...(suggestion !== undefined && { suggestion }) },
            { field: "Email", code: "EMAIL_INVALID" },
            { field: "firstName", code: "FIRST_NAME_MISSING" },
          ],
        })
        expect(JSON.stringify(json)).not.toContain(phone)
      }
    }
    const single = await send(`${on.url}/any`, { form: { name: "Ana", Phone: "+44 (0)1" } })
    expect(single.json).toMatchObject({ issues: [{ field: "Phone", code: "PHONE_INVALID" }] })
    expect(sandbox.requests()).toEqual([])
  })

  it("takes the identifier from a function", async () => {
    await using on = await start(
      (app) => {
        app.post(
          "/signup",
          createContact({ client, identifyBy: async (_contact, req) => `id:${req.body.id}` }),
        )
      },
      { version },
    )
    const body = { firstName: "Ana", id: "7" }
    expect((await send(`${on.url}/signup`, { body })).status).toBe(201)
    expect(sandbox.contacts()).toMatchObject([{ identifier: "id:7" }])
    const wrong = await send(`${on.url}/signup`, { body: { firstName: "Ana", id: "" } })
    expect(wrong.json).toMatchObject({
      issues: [{ field: "identifier", code: "IDENTIFIER_MISSING" }],
    })
  })

  it("never reads the honeypot as a contact's field, whatever its name", async () => {
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client, honeypot: "phone" }))
      },
      { version },
    )
    expect((await send(on.url, { form: { ...ana, phone: "buy now" } })).status).toBe(201)
    expect(sandbox.requests()).toEqual([])
  })
})

describe("Form (security 25)", () => {
  const extra = {
    ...ana,
    identifier: "id:admin",
    id: "admin",
    profilePic: "https://evil.example/pixel.png",
    custom_fields: [{ name: "Role", value: "admin" }],
    customFields: { Role: "admin" },
    role: "admin",
    token: "x",
    retries: 9,
    __proto__: undefined,
  }

  it("takes only the fields of the default map from a form", async () => {
    await using on = await start((app) => {
      app.post("/signup", createContact({ client }))
    })
    expect((await send(`${on.url}/signup`, { body: extra })).status).toBe(201)
    expect(sandbox.requests()).toMatchObject([
      { identifier: "email:ana@example.com", body: JSON.stringify(ana) },
    ])
  })

  it("takes only the fields that the app lists from a form", async () => {
    await using on = await start((app) => {
      app.post("/signup", createContact({ client, fields: ["firstName", "email", "profilePic"] }))
    })
    const body = { ...extra, phone: "+60123456789" }
    expect((await send(`${on.url}/signup`, { body })).status).toBe(201)
    expect(JSON.parse(sandbox.requests()[0]?.body ?? "")).toEqual({
      ...ana,
      profilePic: extra.profilePic,
    })
  })
})

const issue = (path: ReadonlyArray<string | number>, code = "EMAIL_INVALID") => ({
  path,
  code,
  rule: "the rule",
})

describe("fieldIssues", () => {
  const names = new Map([["email", "Your e-mail"]])

  it("names the form's field that the contact's field came from", () => {
    expect(fieldIssues([issue(["email"])], { identifiedBy: "phone", names })).toEqual([
      { field: "Your e-mail", path: ["email"], code: "EMAIL_INVALID", rule: "the rule" },
    ])
  })

  it("joins the path by dots below the top", () => {
    expect(fieldIssues([issue(["custom_fields", 0, "name"])], undefined)).toMatchObject([
      { field: "custom_fields.0.name" },
    ])
  })

  it("shows an issue of the identifier once, at the field that gave it", () => {
    const issues = [issue(["identifier"]), issue(["email"])]
    expect(fieldIssues(issues, { identifiedBy: "email", names })).toMatchObject([
      { field: "Your e-mail", path: ["email"] },
    ])
    expect(fieldIssues(issues, undefined)).toMatchObject([
      { field: "identifier" },
      { field: "email" },
    ])
  })

  it("says that the field is required if there is no identifier", () => {
    const missing = [issue(["identifier"], "IDENTIFIER_MISSING")]
    expect(fieldIssues(missing, { identifiedBy: "email", names: new Map() })).toMatchObject([
      { field: "email", rule: "This is required" },
    ])
  })
})
