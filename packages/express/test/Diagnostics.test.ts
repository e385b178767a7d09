import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import type { RequestHandler } from "express"
import { readFileSync } from "node:fs"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"

import { findings } from "../src/Diagnostics.ts"
import type { LogEntry, SetupOptions } from "../src/index.ts"
import type { FindingName } from "../src/types.ts"
import { aelyst, aelystErrors, contactProxy, createContact } from "../src/index.ts"
import type { Running } from "./apps.ts"
import { start } from "./apps.ts"
import type { Call } from "./http.ts"
import { send } from "./http.ts"

let sandbox: Sandbox
let client: Aelyst
beforeAll(async () => {
  sandbox = await Sandbox.start({ limit: 1_000 })
  client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok, retries: 0 })
  vi.stubEnv("AELYST_TOKEN", "")
})
beforeEach(() => sandbox.reset())
afterEach(() => vi.restoreAllMocks())
afterAll(async () => {
  vi.unstubAllEnvs()
  await client.close()
  await sandbox.close()
})

const onCreated = () => {
  throw new Error("no mail server")
}
const body = { firstName: "Ana", email: "ana@example.com" }
const allowAll: RequestHandler = (_req, _res, next) => next()

interface Case {
  readonly start: (setup: SetupOptions) => Promise<Running>
  readonly call?: Call
  readonly status: number
}

const cases: Readonly<Record<FindingName, Case>> = {
  noClient: {
    start: (setup) => start((app) => app.post("/", createContact(setup))),
    status: 500,
  },
  noToken: {
    start: (setup) =>
      start((app) => {
        app.use(aelyst({ baseUrl: sandbox.baseUrl }, setup))
        app.post("/", createContact())
      }),
    status: 500,
  },
  mapperBeforeHandler: {
    start: (setup) =>
      start((app) => {
        app.use(aelystErrors())
        app.post("/", createContact({ client, ...setup }))
      }),
    status: 201,
  },
  bodyConsumed: {
    start: (setup) =>
      start((app) => {
        app.use((req, _res, next) => {
          req.on("end", () => next()).resume()
        })
        app.post("/", createContact({ client, ...setup }))
      }),
    status: 500,
  },
  trustProxyUnset: {
    start: (setup) =>
      start((app) => app.post("/", createContact({ client, rate: allowAll, ...setup }))),
    call: { headers: { "x-forwarded-for": "203.0.113.7" } },
    status: 201,
  },
  trustProxyAll: {
    start: (setup) =>
      start((app) => {
        app.set("trust proxy", true)
        app.use(contactProxy({ client, authorize: () => true, rate: allowAll, ...setup }))
        app.post("/", createContact({ client }))
      }),
    status: 201,
  },
  onCreatedFailed: {
    start: (setup) =>
      start((app) => {
        app.post("/", createContact({ client, onCreated, ...setup }))
      }),
    status: 201,
  },
  upstreamAuth: {
    start: (setup) =>
      start((app) => {
        const rejected = { baseUrl: sandbox.baseUrl, token: sandbox.tokens.unauthorized }
        app.post("/", createContact({ client: rejected, ...setup }))
      }),
    status: 502,
  },
}
// safe: the keys of the table of findings
const names = Object.keys(findings) as Array<FindingName>

describe.each(names)("%s", (name) => {
  const { call = {}, start: open, status } = cases[name]
  const { code } = findings[name]
  const path = name === "trustProxyAll" ? "/contact/email:bo@example.com" : ""
  const expected = name === "trustProxyAll" ? 200 : status

  const twice = async (setup: SetupOptions) => {
    await using on = await open(setup)
    for (let time = 0; time < 2; time++) {
      sandbox.reset()
      const reply = await send(on.url + path, { body, ...call })
      expect(reply.status).toBe(expected)
      if (expected === 500) expect(reply.json).toMatchObject({ code: "misconfigured" })
    }
    // a failing onCreated is noticed after the response
    await new Promise((resolve) => setImmediate(resolve))
  }

  it("is logged once, with its code and the URL of its heading", async () => {
    const entries: Array<LogEntry> = []
    await twice({ log: (entry) => entries.push(entry) })
    const { level, message } = findings[name]
    const docs = `https://github.com/aelyst/aelyst/blob/main/packages/express/README.md#${code.toLowerCase()}`
    expect(entries).toEqual([{ code, level, message, docs }])
  })

  it("can be switched off by name, and by false", async () => {
    const log = vi.fn<(entry: LogEntry) => void>()
    await twice({ log, checks: { [name]: false } })
    await twice({ log, checks: false })
    expect(log).not.toHaveBeenCalled()
    await twice({ log, checks: { [name]: true } })
    expect(log).toHaveBeenCalledTimes(1)
  })

  it("is a process warning if there is no log", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {})
    await twice({})
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining(findings[name].message), { type: "AelystExpressWarning", code }],
    ])
  })

  it("does not change the response if the log fails", async () => {
    const log = vi.fn<() => void>(() => {
      throw new Error("disk full")
    })
    await twice({ log })
    expect(log).toHaveBeenCalledTimes(1)
  })

  it("has a heading in the README", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    expect(readme).toContain(`\n### ${code}\n`)
    expect(readme).toContain(`\`${name}\``)
  })
})

it("reports a rejected token again after the API has accepted one", async () => {
  const entries: Array<string> = []
  let token: string = sandbox.tokens.unauthorized
  await using on = await start((app) => {
    const changing = { baseUrl: sandbox.baseUrl, token: () => token }
    app.post("/", createContact({ client: changing, log: ({ code }) => entries.push(code) }))
  })
  const statuses: Array<number> = []
  for (const next of [token, sandbox.tokens.ok, sandbox.tokens.unauthorized]) {
    token = next
    sandbox.reset()
    statuses.push((await send(on.url, { body })).status)
  }
  expect(statuses).toEqual([502, 201, 502])
  expect(entries).toEqual(Array(2).fill("ERR_AELYST_EXPRESS_UPSTREAM_AUTH"))
})
