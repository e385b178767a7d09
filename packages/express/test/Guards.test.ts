import { rateLimit } from "express-rate-limit"
import { describe, expect, it } from "vitest"

import { createContact } from "../src/index.ts"
import type { Running } from "./apps.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

describe.each(versionCells)("Guards, Express $version", ({ version }) => {
  it.each([
    { result: true, status: 201 },
    { result: false, status: 403 },
    { result: 401, status: 401 },
    { result: 403, status: 403 },
    { result: undefined, status: 403 },
    { result: "yes", status: 403 },
  ])("responds with $status if the guard returns $result", async ({ status, result }) => {
    await using on = await start(
      (app) => {
        // safe: what a guard without types may return
        app.post("/", createContact({ client, guard: async () => result as boolean }))
      },
      { version },
    )
    const reply = await send(on.url, { body: ana })
    expect(reply.status).toBe(status)
    expect(sandbox.requests()).toHaveLength(status === 201 ? 1 : 0)
  })

  it("leaves the response to a guard that sends one", async () => {
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
})

const limited = (trust: unknown) =>
  start((app) => {
    app.set("trust proxy", trust)
    const rate = rateLimit({
      windowMs: 60_000,
      limit: 2,
      ipv6Subnet: 64,
      validate: false,
    })
    app.post("/", createContact({ client, rate, log: () => {} }))
  })
const from = async (on: Running, addresses: ReadonlyArray<string>) => {
  const statuses: Array<number> = []
  for (const [index, address] of addresses.entries()) {
    const reply = await send(on.url, {
      body: { firstName: "Ana", email: `ana${index}@example.com` },
      headers: { "x-forwarded-for": address },
    })
    statuses.push(reply.status)
  }
  return statuses
}

describe("the rate limiter (security 26)", () => {
  it("cannot be avoided with a made-up address", async () => {
    await using direct = await limited(false)
    expect(await from(direct, ["192.0.2.1", "192.0.2.2", "192.0.2.3"])).toEqual([201, 201, 429])
    sandbox.reset()
    await using behind = await limited(1)
    const real = "203.0.113.7"
    const spoofed = [`192.0.2.1, ${real}`, `192.0.2.2, ${real}`, `192.0.2.3, ${real}`]
    expect(await from(behind, spoofed)).toEqual([201, 201, 429])
  })

  it("counts the addresses of one IPv6 network together", async () => {
    await using on = await limited(1)
    const same = ["2001:db8:1:1::1", "2001:db8:1:1:ffff::2", "2001:db8:1:1::3"]
    expect(await from(on, [...same, "2001:db8:1:2::1"])).toEqual([201, 201, 429, 201])
  })

  it("does not read the body of a visitor over the limit", async () => {
    await using on = await limited(false)
    await from(on, ["192.0.2.1", "192.0.2.2"])
    const reply = await send(on.url, {
      body: "not JSON",
      headers: { "content-type": "application/json" },
    })
    expect(reply.status).toBe(429)
  })
})
