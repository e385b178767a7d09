import { Aelyst } from "@aelyst/node"
import type { Sandbox } from "@aelyst/sandbox"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { aelystErrors, contactProxy, createContact } from "../src/index.ts"
import type { Running } from "./apps.ts"
import { cells, start } from "./apps.ts"
import type { Reply } from "./http.ts"
import { send } from "./http.ts"
import type { Side } from "./scenarios.ts"
import { clientOf, emailOf, scenarios, sides, startSandbox } from "./scenarios.ts"

describe.each(cells)("Express $version, parser $parser", (cell) => {
  let sandbox: Sandbox
  let running: Running
  beforeAll(async () => {
    sandbox = await startSandbox()
    const clients = await Promise.all(
      scenarios.flatMap((scenario, index) =>
        sides.map(async (side) => ({
          path: `/${side}/${index}`,
          side,
          client: await clientOf(scenario, side, sandbox),
        })),
      ),
    )
    running = await start((app) => {
      for (const { client, path, side } of clients) {
        const setup = { client, log: () => {} }
        if (side === "handler") {
          app.post(path, createContact(setup))
          app.post(`${path}/mapped`, createContact(setup))
        } else {
          const mirror = side === "strict" ? "strict" : "default"
          app.use(path, contactProxy({ ...setup, authorize: () => true, mirror }))
        }
      }
      app.use(aelystErrors({ log: () => {} }))
    }, cell)
  })
  afterAll(async () => {
    await running[Symbol.asyncDispose]()
    await sandbox.close()
  })

  const ask = (index: number, side: Side): Promise<Reply> => {
    const scenario = scenarios[index]
    if (scenario === undefined) throw new Error("no such scenario")
    const email = emailOf(scenario, side)
    if (side === "handler") {
      return send(`${running.url}/handler/${index}`, { body: { firstName: "Ana", email } })
    }
    return send(`${running.url}/${side}/${index}/contact/email:${email}`, {
      body: { firstName: "Ana" },
    })
  }

  const rows = scenarios.map((scenario, index) => ({ ...scenario, scenario, index }))

  describe.each(rows)("$error: $name", ({ scenario, index, created, posts }) => {
    const seen = (side: Side) => {
      const key = `email:${emailOf(scenario, side)}`
      return sandbox.ledger().find((entry) => entry.key === key)
    }

    it.each(sides)("gets the response of the table, %s", async (side) => {
      const expected = side === "strict" ? (scenario.strict ?? scenario.proxy) : scenario[side]
      const { headers, json, status, text } = await ask(index, side)
      expect({ status, retryAfter: headers["retry-after"] }).toEqual({
        status: expected.status,
        retryAfter: expected.retryAfter,
      })
      expect(headers["content-type"]).toBe("application/json; charset=utf-8")
      expect(headers["cache-control"]).toBe("no-store")
      expect(headers).not.toHaveProperty("www-authenticate")
      expect(json).toMatchObject(
        side === "handler"
          ? { code: expected.code }
          : { code: expected.status, error: expected.code },
      )
      expect(text).not.toMatch(/sandbox|example\.com|token_|stack|at .*\.ts/)
      expect({ posts: seen(side)?.posts ?? 0, created: seen(side)?.created ?? 0 }).toEqual({
        posts,
        created,
      })
    })
  })

  it("creates the contact and responds with success", async () => {
    const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
    await using app = await start((express) => {
      express.post("/signup", createContact({ client }))
      express.use("/crm", contactProxy({ client, authorize: () => true }))
    }, cell)
    const email = "ana@example.com"
    const json = await send(`${app.url}/signup`, { body: { "First name": "Ana", "E-mail": email } })
    expect(json).toMatchObject({ status: 201, json: { status: "created" } })
    expect(json.headers["cache-control"]).toBe("no-store")
    const form = await send(`${app.url}/signup`, {
      form: { vorname: "Bo", Mobile: "+60 12-345 6789", website: "" },
    })
    expect(form).toMatchObject({ status: 201, json: { status: "created" } })
    const mirrored = await send(`${app.url}/crm/contact/email:cy@example.com`, {
      body: { firstName: "Cy", custom_fields: [{ name: "Company Website", value: "x.example" }] },
    })
    expect(mirrored).toMatchObject({
      status: 200,
      json: { code: "200", message: "Contact added successfully!" },
    })
    expect(mirrored.headers["x-ratelimit-limit"]).toBe("10")
    expect(sandbox.contacts().slice(-3)).toMatchObject([
      { identifier: "email:ana@example.com", firstName: "Ana", email },
      { identifier: "phone:+60123456789", firstName: "Bo", phone: "+60123456789" },
      { identifier: "email:cy@example.com", custom_fields: [{ name: "Company Website" }] },
    ])
  })
})
