import { Aelyst, RateLimitError, isAelystError } from "@aelyst/node"
import type { Request, Response } from "express"
import { describe, expect, it } from "vitest"

import { aelystErrors, contactProxy, createContact } from "../src/index.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { clientOf, emailOf, scenarios, startSandbox } from "./scenarios.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

/** An error of another copy of the SDK: only the brand counts. */
class RateLimitErrorLike extends Error {
  override readonly name = "RateLimitError"
  constructor() {
    super("of another copy")
    Object.defineProperty(this, Symbol.for("@aelyst/core/AelystError"), { value: this.name })
  }
}

it("handles an error of another copy of the SDK", () => {
  expect(new RateLimitErrorLike()).toBeInstanceOf(RateLimitError)
})

describe.each(versionCells)("aelystErrors, Express $version", ({ version }) => {
  it("U14: responds to bodies that a parser in front rejected, for the paths of the blocks only", async () => {
    const seen: Array<string> = []
    await using on = await start(
      (app) => {
        app.post("/signup", createContact({ client }))
        app.use("/crm", contactProxy({ client, authorize: () => true }))
        app.post("/theirs", (_req, res) => res.sendStatus(204))
        app.use(aelystErrors({ onError: (error) => seen.push(String(error)) }))
        app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
          res.status(418).end(error.name)
        })
      },
      { version, parser: "before" },
    )
    const headers = { "content-type": "application/json" }
    const broken = (path: string, method = "POST") =>
      send(on.url + path, { method, headers, body: '{"firstName":"Ana' })
    expect(await broken("/signup")).toMatchObject({ status: 400, json: { code: "malformed" } })
    expect(await broken("/crm/contact/id:1")).toMatchObject({
      status: 400,
      json: { code: 400, error: "malformed" },
    })
    for (const path of ["/theirs", "/crm", "/crm/contacts", "/nowhere", "/signup/x"])
      expect((await broken(path)).status).toBe(418)
    expect((await broken("/signup", "PUT")).status).toBe(418)
    const large = JSON.stringify({ firstName: "A".repeat(200_000) })
    expect(await send(`${on.url}/signup`, { headers, body: large })).toMatchObject({
      status: 413,
      json: { code: "too_large" },
    })
    const charset = { "content-type": "application/json; charset=klingon" }
    expect(await send(`${on.url}/signup`, { headers: charset, body: "{}" })).toMatchObject({
      status: 415,
      json: { code: "unsupported_type" },
    })
    expect(seen).toHaveLength(4)
    expect(seen.join()).not.toContain("Ana")
  })

  it("leaves errors to the app's own error handler with errors: next", async () => {
    await using on = await start(
      (app) => {
        const unauthorized = { baseUrl: sandbox.baseUrl, token: sandbox.tokens.unauthorized }
        app.post("/", createContact({ client: unauthorized, log: () => {}, errors: "next" }))
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

  it("passes on all other errors, and its own ones once the response has begun", async () => {
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

  it("responds to the errors of an app's own route as the table says", async () => {
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

  it("lets respond send the body, with status and headers set", async () => {
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

  it("hides the API's message from visitors, unless expose is full", async () => {
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

describe("aelystErrors (security 28)", () => {
  it.each([
    { file: "visitor-safe", options: {} },
    { file: "visitor-full", options: { expose: "full" } },
    { file: "visitor-problem", options: { shape: "problem" } },
  ] as const)("responds as in the golden file $file", async ({ file, options }) => {
    await using api = await startSandbox()
    const responses: Record<string, unknown> = {}
    const clients = await Promise.all(
      scenarios.map((scenario) => clientOf(scenario, "handler", api)),
    )
    await using on = await start((app) => {
      for (const [index, one] of clients.entries())
        app.post(`/${index}`, createContact({ client: one, log: () => {} }))
      app.use(aelystErrors({ ...options, log: () => {} }))
    })
    for (const [index, scenario] of scenarios.entries()) {
      const body = { firstName: "Ana", email: emailOf(scenario, "handler") }
      const reply = await send(`${on.url}/${index}`, { body })
      expect(reply.headers["cache-control"]).toBe("no-store")
      expect(reply.text).not.toMatch(/\n\s+at |\.ts:|node_modules|token_/)
      responses[`${scenario.error}: ${scenario.name}`] = {
        status: reply.status,
        type: reply.headers["content-type"],
        body: reply.json,
      }
    }
    await expect(`${JSON.stringify(responses, undefined, 2)}\n`).toMatchFileSnapshot(
      `golden/${file}.txt`,
    )
  })
})
