import { describe, expect, expectTypeOf, it } from "vitest"

import { contactProxy } from "../src/index.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

describe.each(versionCells)("contactProxy, Express $version", ({ version }) => {
  it.each([
    { method: "GET", path: "/crm/contact/email:a@b.c", status: 405, allow: "POST" },
    { method: "OPTIONS", path: "/crm/contact/x", status: 405, allow: "POST" },
    { method: "POST", path: "/crm/contact", status: 404 },
    { method: "POST", path: "/crm/contact/", status: 404 },
    { method: "POST", path: "/crm/contact/a/b", status: 404 },
    { method: "POST", path: "/crm/contact/email:a@b.c/", status: 404 },
    { method: "POST", path: "/crm/contact/%E0%A4%A", status: 400 },
  ])("responds to $method $path with $status in JSON", async ({ allow, method, path, status }) => {
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

  it("passes on other paths", async () => {
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

  it("R18: keeps the headers of a limiter in front if it has less left, else those of the API", async () => {
    const { rateLimit } = await import("express-rate-limit")
    await using on = await start(
      (app) => {
        for (const limit of [5, 20_000]) {
          app.use(
            `/${limit}`,
            rateLimit({ windowMs: 60_000, limit }),
            contactProxy({ client, authorize: () => true }),
          )
        }
      },
      { version },
    )
    const tight = await send(`${on.url}/5/contact/id:1`, { body: { firstName: "A" } })
    expect(tight.headers).toMatchObject({
      "x-ratelimit-limit": "5",
      "x-ratelimit-remaining": "4",
      "x-ratelimit-reset": expect.any(String),
    })
    const wide = await send(`${on.url}/20000/contact/id:2`, { body: { firstName: "A" } })
    expect(wide.headers["x-ratelimit-limit"]).toBe("10000")
    expect(Number(wide.headers["x-ratelimit-remaining"])).toBeLessThan(10_000)
    expect(wide.headers["x-ratelimit-reset"]).toBeUndefined()
  })

  it("mirrors the API's message of a 400", async () => {
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

  it("calls authorize before it reads the body, and only true lets a request through", async () => {
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

  it("lets nothing through if authorize fails", async () => {
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
  it("throws, and does not compile, without authorize", () => {
    // @ts-expect-error authorize is required
    expect(() => contactProxy({})).toThrow(
      expect.objectContaining({ code: "ERR_AELYST_EXPRESS_NO_AUTHORIZE" }),
    )
    // @ts-expect-error the options are required
    expect(() => contactProxy()).toThrow("`authorize` must be a function (got undefined)")
  })

  it("requires authorize by type", () => {
    expectTypeOf<Parameters<typeof contactProxy>[0]["authorize"]>().not.toEqualTypeOf<undefined>()
  })
})

describe("contactProxy (security 25)", () => {
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

  it("drops the fields that are not allowed", async () => {
    const allow = { fields: ["firstName"], customFields: ["Source"] } as const
    await using on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true, allow }))
    })
    const url = `${on.url}/contact/email:ana@example.com`
    const { customFields: _, ...pairs } = extra
    const first = {
      ...pairs,
      custom_fields: [{ name: "Source", value: "web" }, ...pairs.custom_fields],
    }
    expect((await send(url, { body: first })).status).toBe(200)
    const { custom_fields: _c, ...record } = extra
    const second = { ...record, customFields: { Source: "web", Role: "admin" } }
    const bo = url.replace("ana@", "bo@")
    expect((await send(bo, { body: second })).status).toBe(200)
    const expected = { firstName: "Ana", custom_fields: [{ name: "Source", value: "web" }] }
    // the address is that of the identifier
    expect(sandbox.requests().map(({ body }) => JSON.parse(body))).toEqual([
      { ...expected, email: "ana@example.com" },
      { ...expected, email: "bo@example.com" },
    ])
  })

  it("sends on every documented field by default, and no other", async () => {
    await using on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true }))
    })
    const { customFields: _, ...body } = extra
    expect((await send(`${on.url}/contact/email:ana@example.com`, { body })).status).toBe(200)
    expect(JSON.parse(sandbox.requests()[0]?.body ?? "")).toEqual({
      ...ana,
      profilePic: extra.profilePic,
      custom_fields: extra.custom_fields,
    })
  })

  it.each([
    ["email:ana@example.com", 200],
    ["phone:+60123456789", 403],
    ["id:7", 403],
    ["example", 403],
    ["EMAIL:ana@example.com", 403],
    ["email:a%2F..%2Fx@example.com", 200],
    ["email:%0d%0aX-Evil:1@example.com", 400],
    ["..%2F..%2Fadmin", 403],
  ])("responds to the identifier %s with %i if only emails are allowed", async (id, status) => {
    await using on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true, allow: { identifiers: ["email"] } }))
    })
    expect((await send(`${on.url}/contact/${id}`, { body: ana })).status).toBe(status)
    expect(sandbox.requests()).toHaveLength(status === 200 ? 1 : 0)
    for (const { path } of sandbox.requests()) expect(path).toMatch(/^\/v1\/contact\/[^/]+$/)
  })
})
