import type { Request, Response } from "express"
import { connect } from "node:net"
import { describe, expect, it, vi } from "vitest"

import type { CreatedContact, LogEntry, Submitted } from "../src/index.ts"
import { aelyst, contactProxy, createContact, getSubmissionCounts } from "../src/index.ts"
import { start } from "./apps.ts"
import { hold, settled } from "./held.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

describe.each(versionCells)("createContact, Express $version", ({ version }) => {
  it("works without aelyst(), with the options of a client", async () => {
    await using on = await start(
      (app) => {
        app.post(
          "/signup",
          createContact({ client: { baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok } }),
        )
      },
      { version },
    )
    expect(await send(`${on.url}/signup`, { body: ana })).toMatchObject({
      status: 201,
      json: { status: "created" },
    })
    const wrong = await send(`${on.url}/signup`, { form: { name: "", Mail: "ana@" } })
    expect(wrong.status).toBe(422)
    expect(wrong.json).toMatchObject({
      code: "invalid_contact",
      issues: [
        { field: "Mail", path: ["email"], code: "EMAIL_INVALID" },
        { field: "name", path: ["firstName"], code: "FIRST_NAME_MISSING" },
      ],
    })
  })

  it("passes identifier and contact to respond, and once to onCreated", async () => {
    const created: Array<CreatedContact> = []
    await using on = await start(
      (app) => {
        app.use(aelyst(client))
        app.post(
          "/signup",
          createContact({
            map: (req) => ({
              firstName: req.body.name,
              phone: req.body.tel,
              customFields: { Source: "signup" },
            }),
            identifyBy: ["email", "phone"],
            onCreated: (one) => created.push(one),
            respond: (res, contact) => res.status(200).json(contact),
          }),
        )
      },
      { version },
    )
    const contact = {
      firstName: "Ana",
      phone: "+60123456789",
      customFields: { Source: "signup" },
    }
    const reply = await send(`${on.url}/signup`, { body: { name: "Ana", tel: "+60123456789" } })
    expect(reply.status).toBe(200)
    expect(reply.headers["cache-control"]).toBe("no-store")
    expect(reply.json).toEqual({ identifier: "phone:+60123456789", contact })
    await settled()
    expect(created).toEqual([{ identifier: "phone:+60123456789", contact, result: "created" }])
    expect(sandbox.contacts()).toMatchObject([
      { firstName: "Ana", custom_fields: [{ name: "Source", value: "signup" }] },
    ])
  })

  it("responds to a caught bot exactly as to a person, valid or not, and sends nothing", async () => {
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client, honeypot: "website", log: () => {} }))
      },
      { version },
    )
    const { date: _a, ...person } = (await send(on.url, { form: { ...ana, website: "" } })).headers
    const bot = await send(on.url, { form: { ...ana, website: "http://spam.example" } })
    const { date: _b, ...caught } = bot.headers
    expect(bot).toMatchObject({ status: 201, json: { status: "created" } })
    expect(caught).toEqual(person)
    const wrong = await send(on.url, { form: { ...ana, email: "x", website: "spam" } })
    expect(wrong.status).toBe(422)
    expect(sandbox.requests()).toHaveLength(1)
  })

  it("R5: tells the operator of a filled-in honeypot by a hook, a count and a log line without values", async () => {
    const entries: Array<LogEntry> = []
    const caught: Array<Submitted> = []
    const onHoneypot = (submitted: Submitted) => {
      caught.push(submitted)
      throw new Error("no mail server")
    }
    await using on = await start(
      (app) => {
        const setup = { log: (entry: LogEntry) => entries.push(entry) }
        const honeypot = "favourite_colour"
        app.post("/", createContact({ client, honeypot, onHoneypot, ...setup }))
      },
      { version },
    )
    const form = { ...ana, favourite_colour: "Berlin" } // as a browser's autofill may do
    expect(await send(on.url, { form })).toMatchObject({
      status: 201,
      json: { status: "created" },
    })
    expect(sandbox.requests()).toEqual([])
    expect(caught).toEqual([{ identifier: "email:ana@example.com", contact: ana }])
    expect(getSubmissionCounts(on.app)).toMatchObject({ honeypot: 1, created: 0 })
    expect(entries.map(({ code }) => code)).toEqual(["ERR_AELYST_EXPRESS_HONEYPOT"])
    expect(JSON.stringify(entries)).not.toMatch(/Berlin|ana/)
  })

  it("U12: responds to a contact that exists with already_exists, or as to a created one", async () => {
    const created: Array<CreatedContact> = []
    const onCreated = (one: CreatedContact) => created.push(one)
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client, onCreated }))
        app.post("/again", createContact({ client, onCreated, existing: "accept" }))
        app.use(contactProxy({ client, authorize: () => true }))
      },
      { version },
    )
    const first = await send(on.url, { body: ana })
    const second = await send(on.url, { body: ana })
    expect(second).toMatchObject({ status: 422, json: { code: "already_exists" } })
    expect(Object(second.json).message).not.toContain("check")
    const accepted = await send(`${on.url}/again`, { body: ana })
    expect(accepted).toMatchObject({ status: 201, json: first.json })
    const proxied = await send(`${on.url}/contact/email:ana@example.com`, { body: ana })
    expect(proxied).toMatchObject({ status: 400, json: { error: "already_exists" } })
    await settled()
    expect(created).toHaveLength(1)
    expect(getSubmissionCounts(on.app)).toMatchObject({ created: 1, existed: 3 })
  })

  it("responds with success if onCreated fails, and logs that it did", async () => {
    const entries: Array<LogEntry> = []
    await using on = await start(
      (app) => {
        app.post(
          "/",
          createContact({
            client,
            log: (entry) => entries.push(entry),
            onCreated: () => Promise.reject(new Error("no mail server")),
          }),
        )
      },
      { version },
    )
    expect((await send(on.url, { body: ana })).status).toBe(201)
    await settled()
    expect(entries.map(({ code }) => code)).toEqual(["ERR_AELYST_EXPRESS_ON_CREATED_FAILED"])
    expect(JSON.stringify(entries)).not.toContain("mail server")
  })

  it("passes what a map throws to the app", async () => {
    await using on = await start(
      (app) => {
        app.post(
          "/",
          createContact({
            client,
            map: () => {
              throw new Error("mine")
            },
          }),
        )
        app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
          res.status(418).send(error.message)
        })
      },
      { version },
    )
    expect(await send(on.url, { body: ana })).toMatchObject({ status: 418, text: "mine" })
  })

  it.each([
    { name: "no contact", map: () => undefined, codes: ["IDENTIFIER_MISSING", "CONTACT_TYPE"] },
    { name: "a string", map: () => "Ana", codes: ["IDENTIFIER_MISSING", "CONTACT_TYPE"] },
    {
      name: "a number that JSON cannot hold",
      map: () => ({ ...ana, customFields: { a: 1n } }),
      codes: ["CUSTOM_FIELD_VALUE"],
    },
    {
      name: "an email that is not a string",
      map: () => ({ firstName: "Ana", email: 7 }),
      codes: ["STRING_EXPECTED"],
    },
  ])("lists the issues if the map returns $name", async ({ codes, map }) => {
    await using on = await start(
      (app) => {
        // safe: what a map without types may return
        app.post("/", createContact({ client, map: map as () => { readonly firstName: string } }))
      },
      { version },
    )
    const reply = await send(on.url, { body: ana })
    expect(reply.status).toBe(422)
    const issues: ReadonlyArray<{ readonly code: string }> = Object(reply.json).issues
    expect(issues.map(({ code }) => code)).toEqual(codes)
  })

  it("finishes a create after the visitor has left", async () => {
    await using held = await hold()
    const created: Array<CreatedContact> = []
    await using on = await start(
      (app) => {
        app.post(
          "/",
          createContact({
            client: { baseUrl: held.sandbox.baseUrl, token: held.sandbox.tokens.ok },
            onCreated: (one) => created.push(one),
          }),
        )
      },
      { version },
    )
    const body = JSON.stringify(ana)
    const socket = connect(Number(new URL(on.url).port), "127.0.0.1")
    const gone = new Promise((resolve) =>
      on.server.once("connection", (one) => one.once("close", resolve)),
    )
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await held.arrived(1)
    socket.resetAndDestroy()
    await gone
    held.release()
    await vi.waitFor(() => expect(created).toHaveLength(1), { interval: 5, timeout: 60_000 })
    expect(held.sandbox.ledger()).toMatchObject([{ posts: 1, created: 1 }])
  })
})
