import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import type { RequestHandler } from "express"
import { readFileSync } from "node:fs"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"

import { findings, reportEvent, reportField } from "../src/Diagnostics.ts"
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
  readonly details?: Pick<LogEntry, "count" | "error" | "field">
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
  fieldIgnored: {
    start: (setup) =>
      start((app) => {
        app.post("/", createContact({ client, ...setup }))
      }),
    call: { body: { ...body, newsletter: "yes" } },
    status: 201,
    details: { field: "newsletter" },
  },
  honeypot: {
    start: (setup) =>
      start((app) => {
        app.post("/", createContact({ client, honeypot: "favourite_colour", ...setup }))
      }),
    call: { body: { ...body, favourite_colour: "secret" } },
    status: 201,
    details: { count: 1 },
  },
  createFailed: {
    start: (setup) =>
      start((app) => {
        app.post("/", createContact({ client, ...setup }))
      }),
    call: { body: { ...body, email: "400@sandbox.test" } },
    status: 422,
    details: { error: "BadRequestError", count: 1 },
  },
}
// safe: the keys of the table of findings
const names = Object.keys(findings) as Array<FindingName>

describe.each(names)("%s", (name) => {
  const { call = {}, details = {}, start: open, status } = cases[name]
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
    const { level } = findings[name]
    const shown = Object.entries(details).map(([key, value]) => `${key}: ${value}`)
    const message = findings[name].message + (shown.length > 0 ? ` (${shown.join(", ")})` : "")
    const docs = `https://github.com/aelyst/aelyst/blob/main/packages/express/README.md#${code.toLowerCase()}`
    expect(entries).toEqual([{ code, level, message, docs, ...details }])
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

describe("reportEvent", () => {
  it("U13: logs an event at once, then one line a minute and error with a count, and then stops", () => {
    vi.useFakeTimers()
    try {
      const entries: Array<LogEntry> = []
      const app = {}
      const report = (error: string) =>
        reportEvent(app, "createFailed", { log: (entry) => entries.push(entry) }, error)
      for (let time = 0; time < 5; time++) report("ConnectionError")
      report("OutcomeUnknownError")
      const counts = () => entries.splice(0).map(({ count, error }) => `${error} ${count}`)
      expect(counts()).toEqual(["ConnectionError 1", "OutcomeUnknownError 1"])
      vi.advanceTimersByTime(60_000)
      expect(counts()).toEqual(["ConnectionError 4"])
      vi.advanceTimersByTime(600_000)
      expect(counts()).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
      report("ConnectionError")
      expect(counts()).toEqual(["ConnectionError 1"])
    } finally {
      vi.useRealTimers()
    }
  })
})

const loggedFields = (given: ReadonlyArray<string>) => {
  const fields: Array<string | undefined> = []
  const app = {}
  for (const name of given) reportField(app, name, { log: ({ field }) => fields.push(field) })
  return fields
}

describe("reportField", () => {
  it("U10: logs each name once, unless it may be a value", () => {
    const odd = ["ana@example.com", "+60123456789", "60123456789", "a\nb", "x".repeat(41), ""]
    expect(loggedFields(["company", "company", "utm_source", ...odd])).toEqual([
      "company",
      "utm_source",
    ])
  })

  it("logs at most 50 names per app", () => {
    expect(loggedFields(Array.from({ length: 500 }, (_, index) => `field${index}`))).toHaveLength(
      50,
    )
  })
})
