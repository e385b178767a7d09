import { Aelyst, customFields } from "@aelyst/node"
import type { Request } from "express"
import { describe, expect, expectTypeOf, it, vi } from "vitest"

import type { ClientSource } from "../src/index.ts"
import { aelyst, aelystErrors, createContact, getAelyst } from "../src/index.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

describe.each(versionCells)("aelyst, Express $version", ({ version }) => {
  it("attaches the client that getAelyst returns in a route", async () => {
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

  it("U33: keeps no visitor longer than 20 s by default", async () => {
    sandbox.fail({ status: 429, retryAfter: 30 })
    await using on = await start(
      (app) => {
        const source = { baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok }
        app.post("/", createContact({ client: source, log: () => {} }))
      },
      { version },
    )
    // a wait of 30 s does not fit, so it is not begun
    expect(await send(on.url, { body: ana })).toMatchObject({
      status: 503,
      headers: { "retry-after": "30" },
      json: { code: "rate_limited" },
    })
    expect(sandbox.requests()).toHaveLength(1)
  })

  it("uses a given client as it is, also as req.aelyst", async () => {
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

  it("leaves req.aelyst alone if something else has set it, before or after", async () => {
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

  it("makes getAelyst say what to do if no client is attached", async () => {
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

it("throws at once for an invalid option", () => {
  expect(() => aelyst({ token: sandbox.tokens.ok, baseUrl: "ftp://x" })).toThrow(
    expect.objectContaining({ code: "ERR_AELYST_CONFIG", option: "baseUrl" }),
  )
})

it("finds a token that was set after the start", async () => {
  await using on = await start((app) => {
    app.use(aelyst({ baseUrl: sandbox.baseUrl }, { log: () => {} }))
    app.post("/", createContact())
  })
  expect((await send(on.url, { body: ana })).status).toBe(500)
  vi.stubEnv("AELYST_TOKEN", sandbox.tokens.ok)
  expect((await send(on.url, { body: ana })).status).toBe(201)
  vi.stubEnv("AELYST_TOKEN", "")
})

it("uses the log and the checks of the attached client in a block without its own", async () => {
  const entries: Array<string> = []
  await using on = await start((app) => {
    app.use(aelyst(client, { log: ({ code }) => entries.push(code) }))
    app.use(aelystErrors())
    app.post("/", createContact())
  })
  expect((await send(on.url, { body: ana })).status).toBe(201)
  expect(entries).toEqual(["ERR_AELYST_EXPRESS_MAPPER_BEFORE_HANDLER"])
})

it("has the client's type, also for a client with typed custom fields", () => {
  expectTypeOf(getAelyst).returns.toEqualTypeOf<Aelyst>()
  expectTypeOf<Request>().not.toHaveProperty("aelyst")
  const catalogue = customFields.define({ Plan: { type: "list", options: ["free", "paid"] } })
  const typed = new Aelyst({ token: "sandbox_ok", customFields: catalogue })
  expectTypeOf(aelyst).toBeCallableWith(typed)
  expectTypeOf(typed).toExtend<ClientSource>()
})
