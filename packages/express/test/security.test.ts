import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { describe, expect, it } from "vitest"

import { contactProxy, createContact } from "../src/index.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage } from "./stage.ts"

const { client, sandbox } = await openStage()

const json = { "content-type": "application/json" }
const ok = JSON.stringify(ana)

describe("headers (security 23)", () => {
  const visitor = {
    authorization: "Bearer visitors-own-secret",
    cookie: "session=visitors-own-cookie",
    "proxy-authorization": "Basic dmlzaXRvcg==",
    "x-forwarded-for": "203.0.113.7",
    "x-sandbox": "respond=500",
    "x-custom": "visitors-own-header",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  }

  it.each(["/signup", "/contact/email:ana@example.com"])(
    "sends none of the visitor's headers on, by %s",
    async (path) => {
      await using on = await start((app) => {
        app.post("/signup", createContact({ client }))
        app.use(contactProxy({ client, authorize: () => true }))
      })
      await client.contacts.create("email:direct@example.com", ana)
      const reply = await send(on.url + path, { body: ana, headers: visitor })
      expect(reply.status).toBeLessThan(300)
      const [direct, through] = sandbox.requests()
      expect(through?.token).toBe("sandbox_ok")
      const { "content-length": _a, ...sent } = through?.headers ?? {}
      const { "content-length": _b, ...own } = direct?.headers ?? {}
      expect(sent).toEqual(own)
      expect(JSON.stringify(through)).not.toContain("visitor")
    },
  )

  it.each([200, 400, 401, 429, 500, 502, 302])(
    "returns only the documented headers of the API's %s, and never the token",
    async (status) => {
      await using api = await Sandbox.start()
      api.fail({
        status,
        retryAfter: 0,
        headers: {
          "set-cookie": "session=of-the-api",
          "x-internal": "10.0.0.7",
          "www-authenticate": "Bearer realm=api",
          "access-control-allow-origin": "*",
          server: "internal/1.0",
          etag: '"api"',
          link: "<http://internal.example>",
        },
      })
      const other = new Aelyst({
        baseUrl: api.baseUrl,
        token: api.tokens.ok,
        retries: 0,
        maxWaitMs: 0,
      })
      await using on = await start((app) => {
        app.disable("x-powered-by")
        app.post("/signup", createContact({ client: other, log: () => {} }))
        app.use(contactProxy({ client: other, authorize: () => true, log: () => {} }))
      })
      const own = ["cache-control", "connection", "content-length", "content-type", "date"]
      const known = [...own, "keep-alive", "retry-after", "x-content-type-options"]
      const handled = await send(`${on.url}/signup`, { body: ana })
      expect(Object.keys(handled.headers).filter((name) => !known.includes(name))).toEqual([])
      const mirrored = await send(`${on.url}/contact/email:bo@example.com`, { body: ana })
      known.push("x-ratelimit-limit", "x-ratelimit-remaining")
      expect(Object.keys(mirrored.headers).filter((name) => !known.includes(name))).toEqual([])
      for (const reply of [handled, mirrored])
        expect(JSON.stringify(reply)).not.toMatch(/sandbox_ok|internal|of-the-api/)
    },
  )
})

describe("a page of another origin (security 30)", () => {
  const foreign = { origin: "https://evil.example", ...json }

  it("gets no CORS headers", async () => {
    await using on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true }))
      app.post("/signup", createContact({ client }))
    })
    const preflight = {
      method: "OPTIONS",
      headers: { origin: foreign.origin, "access-control-request-method": "POST" },
    }
    const url = `${on.url}/contact/email:ana@example.com`
    const replies = [
      await send(url, { body: ok, headers: foreign }),
      await send(url, preflight),
      await send(`${on.url}/signup`, { body: ok, headers: foreign }),
    ]
    for (const { headers } of replies)
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([])
    expect(replies[1]?.status).toBe(405)
  })

  it("cannot use the proxy with a form, which a browser sends without a preflight", async () => {
    await using on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true }))
    })
    for (const type of [
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/plain",
      "text/plain; application/json",
    ]) {
      const reply = await send(`${on.url}/contact/email:ana@example.com`, {
        body: ok,
        headers: { "content-type": type },
      })
      expect(reply.status).toBe(415)
    }
    expect(sandbox.requests()).toEqual([])
  })
})
