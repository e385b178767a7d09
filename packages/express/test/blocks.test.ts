import { Aelyst, RateLimitError, customFields, isAelystError } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import type { Request, Response } from "express"
import { connect } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest"

import type { ClientSource, CreatedContact, LogEntry } from "../src/index.ts"
import { aelyst, aelystErrors, contactProxy, createContact, getAelyst } from "../src/index.ts"
import { start, versions } from "./apps.ts"
import { Counter, hold, settled } from "./held.ts"
import { send } from "./http.ts"

let sandbox: Sandbox
let client: Aelyst
beforeAll(async () => {
  sandbox = await Sandbox.start({ limit: 1_000 })
  client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok, retries: 0 })
})
beforeEach(() => sandbox.reset())
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

const ana = { firstName: "Ana", email: "ana@example.com" }
const both = [{ version: 5 }, { version: 4 }] as const

describe.each(both)("aelyst and getAelyst, Express $version", ({ version }) => {
  it("give the client to a route of one's own", async () => {
    await using on = await start(
      (app) => {
        app.use(aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok }))
        app.post("/orders", (req, res) => {
          void getAelyst(req)
            .contacts.tryCreate("email:ana@example.com", { firstName: "Ana" })
            .then(({ ok }) => res.sendStatus(ok ? 204 : 500))
        })
      },
      { version },
    )
    expect((await send(`${on.url}/orders`)).status).toBe(204)
    expect(sandbox.contacts()).toMatchObject([{ firstName: "Ana" }])
  })

  it("take a client as it is, and give it also as req.aelyst", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        app.use(aelyst(client))
        app.get("/", (req, res) => {
          seen.push(getAelyst(req), Reflect.get(req, "aelyst"), Object.keys(req).includes("aelyst"))
          res.end()
        })
      },
      { version },
    )
    await send(on.url, { method: "GET" })
    expect(seen[0]).toBe(client)
    expect(seen[1]).toBe(client)
    expect(seen[2]).toBe(false)
  })

  it("leave the name to whoever has it, before and after", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        app.use("/before", (req, _res, next) => {
          Object.assign(req, { aelyst: "theirs" })
          next()
        })
        app.use(aelyst(client))
        app.use("/after", (req, _res, next) => {
          Object.assign(req, { aelyst: "theirs" })
          next()
        })
        app.use((req, res) => {
          seen.push(Reflect.get(req, "aelyst"), getAelyst(req))
          res.end()
        })
      },
      { version },
    )
    await send(`${on.url}/before`)
    await send(`${on.url}/after`)
    expect(seen).toEqual(["theirs", client, "theirs", client])
  })

  it("throw where no client is attached, naming what to do", async () => {
    let error: unknown
    await using on = await start(
      (app) => {
        app.get("/", (req, res) => {
          try {
            getAelyst(req)
          } catch (thrown) {
            error = thrown
          }
          res.end()
        })
      },
      { version },
    )
    vi.spyOn(process, "emitWarning").mockImplementation(() => {})
    await send(on.url, { method: "GET" })
    vi.restoreAllMocks()
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toContain("app.use(aelyst())")
    expect(String(error)).toContain("ERR_AELYST_EXPRESS_NO_CLIENT")
  })
})

it("aelyst throws at once for options that make no sense", () => {
  expect(() => aelyst({ token: sandbox.tokens.ok, baseUrl: "ftp://x" })).toThrow(
    expect.objectContaining({ code: "ERR_AELYST_CONFIG", option: "baseUrl" }),
  )
})

describe.each(both)("createContact, Express $version", ({ version }) => {
  it("works alone, with the options of a client", async () => {
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

  it("takes the best name that is filled in", async () => {
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
      name: "Nobody",
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

  it("gives what it made of the request to respond, and to onCreated once", async () => {
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

  it.each([
    { verdict: true, status: 201 },
    { verdict: false, status: 403 },
    { verdict: 401, status: 401 },
    { verdict: 403, status: 403 },
    { verdict: undefined, status: 403 },
    { verdict: "yes", status: 403 },
  ])("answers $status where the guard says $verdict", async ({ status, verdict }) => {
    await using on = await start(
      (app) => {
        // safe: what a guard without types may return
        app.post("/", createContact({ client, guard: async () => verdict as boolean }))
      },
      { version },
    )
    const reply = await send(on.url, { body: ana })
    expect(reply.status).toBe(status)
    expect(sandbox.requests()).toHaveLength(status === 201 ? 1 : 0)
  })

  it("leaves the answer to a guard that gives one", async () => {
    await using on = await start(
      (app) => {
        app.post(
          "/",
          createContact({
            client,
            guard: (_req, res) => {
              res.status(401).set("WWW-Authenticate", "Basic").send("no")
              return true
            },
          }),
        )
      },
      { version },
    )
    const reply = await send(on.url, { body: ana })
    expect([reply.status, reply.text]).toEqual([401, "no"])
    expect(reply.headers["www-authenticate"]).toBe("Basic")
    expect(sandbox.requests()).toEqual([])
  })

  it("answers a caught bot exactly as a person, right and wrong, and sends nothing", async () => {
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client, honeypot: "website" }))
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

  it("does not look at a honeypot as a field, whatever its name", async () => {
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client, honeypot: "phone" }))
      },
      { version },
    )
    expect((await send(on.url, { form: { ...ana, phone: "buy now" } })).status).toBe(201)
    expect(sandbox.requests()).toEqual([])
  })

  it("tells the visitor so when onCreated fails, and logs that it did", async () => {
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

  it("gives what a map throws to the app", async () => {
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
    { name: "a text", map: () => "Ana", codes: ["IDENTIFIER_MISSING", "CONTACT_TYPE"] },
    {
      name: "a number that JSON cannot hold",
      map: () => ({ ...ana, customFields: { a: 1n } }),
      codes: ["CUSTOM_FIELD_VALUE"],
    },
    {
      name: "an email that is no text",
      map: () => ({ firstName: "Ana", email: 7 }),
      codes: ["STRING_EXPECTED"],
    },
  ])("says what is wrong where the map gives $name", async ({ codes, map }) => {
    await using on = await start(
      (app) => {
        // safe: what a map without types may give
        app.post("/", createContact({ client, map: map as () => { readonly firstName: string } }))
      },
      { version },
    )
    const reply = await send(on.url, { body: ana })
    expect(reply.status).toBe(422)
    const issues: ReadonlyArray<{ readonly code: string }> = Object(reply.json).issues
    expect(issues.map(({ code }) => code)).toEqual(codes)
  })

  it("tells a visitor whose body does not arrive, and lets go", async () => {
    await using on = await start(
      (app) => {
        app.post(
          "/",
          createContact({
            client,
            rate: (_req, _res, next) => {
              vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
              next()
            },
          }),
        )
      },
      { version },
    )
    const socket = connect(Number(new URL(on.url).port), "127.0.0.1")
    let answer = ""
    socket.on("data", (data) => {
      answer += String(data)
    })
    const closed = new Promise((resolve) => socket.once("close", resolve))
    socket.write(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    )
    await vi.waitUntil(() => vi.isFakeTimers() && vi.getTimerCount() > 0, { interval: 5 })
    vi.advanceTimersByTime(10_000)
    vi.useRealTimers()
    await closed
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*"code":"timeout"/s)
    expect(sandbox.requests()).toEqual([])
  })

  it("takes a visitor who leaves before the body is read for what it is", async () => {
    const entries: Array<LogEntry> = []
    const seen = new Counter()
    await using on = await start(
      (app) => {
        app.use(aelystErrors())
        app.post(
          "/",
          createContact({
            client,
            checks: { mapperBeforeHandler: false },
            log: (entry) => entries.push(entry),
            rate: (req, _res, next) => {
              req.once("close", () => next())
              seen.add()
            },
            errors: "next",
          }),
        )
        app.use((error: unknown, _req: Request, res: Response, _next: unknown) => {
          entries.push(Object(error))
          res.end()
        })
      },
      { version },
    )
    const socket = connect(Number(new URL(on.url).port), "127.0.0.1")
    socket.write(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    )
    await seen.reached(1)
    socket.resetAndDestroy()
    await vi.waitUntil(() => entries.length > 0, { interval: 5 })
    expect(entries).toMatchObject([{ code: "malformed" }])
  })

  it("goes on with a create whose visitor has left", async () => {
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
    await vi.waitFor(() => expect(created).toHaveLength(1), { interval: 5 })
    expect(held.sandbox.ledger()).toMatchObject([{ posts: 1, created: 1 }])
  })
})

const failing = (options: Parameters<typeof createContact>[0] = {}) =>
  createContact({
    client: new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.unauthorized }),
    log: () => {},
    ...options,
  })

describe.each(both)("errors, Express $version", ({ version }) => {
  it("go to the mapper behind the route, in a router too", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        const router = versions[version].Router()
        router.post("/signup", failing())
        app.use("/deep", router)
        app.post("/flat", failing())
        app.use(
          aelystErrors({ log: () => {}, onError: (error) => seen.push(error), shape: "problem" }),
        )
      },
      { version },
    )
    for (const path of ["/deep/signup", "/flat"]) {
      const reply = await send(on.url + path, { body: ana })
      expect(reply.status).toBe(502)
      expect(reply.headers["content-type"]).toBe("application/problem+json; charset=utf-8")
      expect(reply.json).toEqual({
        type: "about:blank",
        title: "This is not available at the moment. Please try again later.",
        status: 502,
        code: "upstream_auth",
      })
    }
    expect(seen.every(isAelystError)).toBe(true)
    expect(seen).toHaveLength(2)
  })

  it("go to the mapper of the parent app", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        const child = versions[version]()
        child.post("/signup", failing())
        app.use("/child", child)
        app.use(aelystErrors({ log: () => {}, onError: (error) => seen.push(error) }))
      },
      { version },
    )
    expect((await send(`${on.url}/child/signup`, { body: ana })).status).toBe(502)
    expect(seen).toHaveLength(1)
  })

  it("are answered by the handler where the mapper of the parent app stands before it", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        const child = versions[version]()
        child.post("/signup", failing())
        app.use(aelystErrors({ log: () => {}, onError: (error) => seen.push(error) }))
        app.use("/child", child)
      },
      { version },
    )
    const reply = await send(`${on.url}/child/signup`, { body: ana })
    expect(reply).toMatchObject({ status: 502, json: { code: "upstream_auth" } })
    expect(seen).toEqual([])
  })

  it("are answered by the handler where the only mapper stands below another path, or before it", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        app.use(aelystErrors({ onError: (error) => seen.push(error) }))
        app.post("/signup", failing())
        app.use("/other", aelystErrors({ onError: (error) => seen.push(error) }))
      },
      { version },
    )
    const reply = await send(`${on.url}/signup`, { body: ana })
    expect(reply).toMatchObject({ status: 502, json: { code: "upstream_auth" } })
    expect(seen).toEqual([])
  })

  it("go to a handler of one's own with errors: next, as they are", async () => {
    await using on = await start(
      (app) => {
        app.post("/", failing({ errors: "next" }))
        app.use((error: unknown, _req: Request, res: Response, _next: unknown) => {
          res.status(599).send(isAelystError(error) ? error.name : "other")
        })
      },
      { version },
    )
    expect(await send(on.url, { body: ana })).toMatchObject({
      status: 599,
      text: "AuthenticationError",
    })
  })

  it("that are not ours go on, and so do ours once the answer has begun", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        app.get("/theirs", (_req, _res, next) => next(new Error("theirs")))
        app.get("/begun", (_req, res, next) => {
          res.write("half")
          next(new RateLimitErrorLike())
        })
        app.use(aelystErrors({ onError: () => seen.push("never") }))
        app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
          seen.push(error)
          if (!res.headersSent) res.status(418)
          res.end()
        })
      },
      { version },
    )
    expect((await send(`${on.url}/theirs`, { method: "GET" })).status).toBe(418)
    expect((await send(`${on.url}/begun`, { method: "GET" })).text).toBe("half")
    expect(seen).toMatchObject([{ message: "theirs" }, { name: "RateLimitError" }])
  })

  it("of a route of one's own are answered as the table says", async () => {
    await using on = await start(
      (app) => {
        app.post("/orders", async (_req, res, next) => {
          const created = await client.contacts.tryCreate("email:x", { firstName: "Ana" })
          if (created.ok) res.end()
          else next(created.error)
        })
        app.use(aelystErrors({ expose: "full" }))
      },
      { version },
    )
    const reply = await send(`${on.url}/orders`)
    expect(reply.status).toBe(422)
    expect(reply.json).toMatchObject({
      code: "invalid_contact",
      error: "InvalidContactError",
      outcome: "not_sent",
      docs: expect.stringContaining("errors.md#"),
      issues: [{ field: "identifier", code: "EMAIL_INVALID" }],
    })
  })

  it("are answered by one's own words, with status and headers set", async () => {
    sandbox.fail({ status: 429, retryAfter: 2.5, times: 1 })
    const hurried = new Aelyst({
      baseUrl: sandbox.baseUrl,
      token: sandbox.tokens.limit1,
      maxWaitMs: 0,
      retries: 0,
    })
    await using on = await start(
      (app) => {
        app.post("/", createContact({ client: hurried }))
        app.use(
          aelystErrors({
            respond: (res, problem) => res.send(`come back in ${problem.retryAfter}`),
          }),
        )
      },
      { version },
    )
    const reply = await send(on.url, { body: ana })
    expect(reply).toMatchObject({ status: 503, text: "come back in 3" })
    expect(reply.headers).toMatchObject({ "retry-after": "3", "cache-control": "no-store" })
  })

  it("keep the API's words from visitors, unless expose is full", async () => {
    sandbox.fail({ status: 400, body: { code: 400, message: "ana@example.com is on a list" } })
    await using on = await start(
      (app) => {
        app.post("/safe", createContact({ client }), aelystErrors())
        app.post("/full", createContact({ client }), aelystErrors({ expose: "full" }))
      },
      { version },
    )
    const safe = await send(`${on.url}/safe`, { body: ana })
    expect(safe.text).not.toContain("list")
    expect(Object.keys(Object(safe.json))).toEqual(["code", "message"])
    const full = await send(`${on.url}/full`, { body: ana })
    expect(full.json).toMatchObject({
      error: "BadRequestError",
      outcome: "rejected",
      apiMessage: "ana@example.com is on a list",
    })
  })
})

/** An error of another copy of the SDK: the brand is what counts. */
class RateLimitErrorLike extends Error {
  override readonly name = "RateLimitError"
  constructor() {
    super("of another copy")
    Object.defineProperty(this, Symbol.for("@aelyst/core/AelystError"), { value: this.name })
  }
}

it("knows an error of another copy of the SDK", () => {
  expect(new RateLimitErrorLike()).toBeInstanceOf(RateLimitError)
})

describe.each(both)("contactProxy, Express $version", ({ version }) => {
  it.each([
    { method: "GET", path: "/crm/contact/email:a@b.c", status: 405, allow: "POST" },
    { method: "OPTIONS", path: "/crm/contact/x", status: 405, allow: "POST" },
    { method: "POST", path: "/crm/contact", status: 404 },
    { method: "POST", path: "/crm/contact/", status: 404 },
    { method: "POST", path: "/crm/contact/a/b", status: 404 },
    { method: "POST", path: "/crm/contact/email:a@b.c/", status: 404 },
    { method: "POST", path: "/crm/contact/%E0%A4%A", status: 400 },
  ])("answers $method $path with $status in JSON", async ({ allow, method, path, status }) => {
    await using on = await start(
      (app) => {
        app.use("/crm", contactProxy({ client, authorize: () => true }))
      },
      { version },
    )
    const reply = await send(on.url + path, { method, ...(method === "POST" && { body: ana }) })
    expect(reply.status).toBe(status)
    expect(reply.headers["content-type"]).toBe("application/json; charset=utf-8")
    expect(reply.headers.allow).toBe(allow)
    expect(reply.json).toMatchObject({ code: status })
    expect(sandbox.requests()).toEqual([])
  })

  it("leaves other paths to the app", async () => {
    await using on = await start(
      (app) => {
        app.use("/crm", contactProxy({ client, authorize: () => true }))
        app.use((_req, res) => res.status(299).end())
      },
      { version },
    )
    for (const path of ["/crm", "/crm/contacts", "/contact/x", "/"])
      expect((await send(on.url + path, { body: ana })).status).toBe(299)
  })

  it("decodes the identifier once", async () => {
    await using on = await start(
      (app) => {
        app.use("/crm", contactProxy({ client, authorize: () => true }))
      },
      { version },
    )
    for (const path of ["phone:+60123456789", "phone%3A%2B60123456788", "id:a%2Fb%2541"])
      expect(
        (await send(`${on.url}/crm/contact/${path}`, { body: { firstName: "A" } })).status,
      ).toBe(200)
    expect(sandbox.contacts().map(({ identifier }) => identifier)).toEqual([
      "phone:+60123456789",
      "phone:+60123456788",
      "id:a/b%41",
    ])
  })

  it("mirrors the API's words of a 400", async () => {
    sandbox.fail({ status: 400, body: { code: 400, message: "phone is on a list" }, times: 1 })
    await using on = await start(
      (app) => {
        app.use(contactProxy({ client, authorize: () => true }))
      },
      { version },
    )
    expect(await send(`${on.url}/contact/email:ana@example.com`, { body: ana })).toMatchObject({
      status: 400,
      json: { code: 400, message: "phone is on a list", error: "contact_refused" },
    })
  })

  it("asks authorize first, and takes only true for a yes", async () => {
    const asked: Array<string> = []
    await using on = await start(
      (app) => {
        app.use(
          contactProxy({
            client,
            authorize: async (req) => {
              asked.push(req.get("x-app-key") ?? "none")
              return req.get("x-app-key") === "let-me-in" ? true : 401
            },
          }),
        )
      },
      { version },
    )
    const url = `${on.url}/contact/email:ana@example.com`
    const no = await send(url, { body: "not even JSON" })
    expect(no).toMatchObject({ status: 401, json: { code: 401, error: "unauthorized" } })
    const yes = await send(url, { body: ana, headers: { "x-app-key": "let-me-in" } })
    expect(yes.status).toBe(200)
    expect(asked).toEqual(["none", "let-me-in"])
  })

  it("does not let a failing authorize through", async () => {
    await using on = await start(
      (app) => {
        app.use(contactProxy({ client, authorize: () => Promise.reject(new Error("no database")) }))
      },
      { version },
    )
    const reply = await send(`${on.url}/contact/email:ana@example.com`, { body: ana })
    expect(reply.status).toBe(500)
    expect(sandbox.requests()).toEqual([])
  })
})

describe("contactProxy", () => {
  it("does not compile and does not start without authorize", () => {
    // @ts-expect-error authorize is required
    expect(() => contactProxy({})).toThrow(
      expect.objectContaining({ code: "ERR_AELYST_EXPRESS_NO_AUTHORIZE" }),
    )
    // @ts-expect-error the options are required
    expect(() => contactProxy()).toThrow("authorize is required")
  })

  it("has the types that it says", () => {
    expectTypeOf(getAelyst).returns.toEqualTypeOf<Aelyst>()
    expectTypeOf<Parameters<typeof contactProxy>[0]["authorize"]>().not.toEqualTypeOf<undefined>()
    expectTypeOf<Request>().not.toHaveProperty("aelyst")
    const catalogue = customFields.define({ Plan: { type: "list", options: ["free", "paid"] } })
    const typed = new Aelyst({ token: "sandbox_ok", customFields: catalogue })
    expectTypeOf(aelyst).toBeCallableWith(typed)
    expectTypeOf(typed).toExtend<ClientSource>()
  })
})
