import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { rateLimit } from "express-rate-limit"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"

import { aelystErrors, contactProxy, createContact } from "../src/index.ts"
import type { Running } from "./apps.ts"
import { cells, start } from "./apps.ts"
import type { Call } from "./http.ts"
import { send } from "./http.ts"
import { clientOf, emailOf, scenarios, startSandbox } from "./scenarios.ts"

let sandbox: Sandbox
let client: Aelyst
beforeAll(async () => {
  sandbox = await Sandbox.start({ limit: 10_000 })
  client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok, retries: 0 })
})
beforeEach(() => sandbox.reset())
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

const ana = { firstName: "Ana", email: "ana@example.com" }

describe("security 23: credentials and headers", () => {
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
    "sends nothing of the visitor's headers on, by %s",
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
    "returns no header of the API's %s but the documented ones, and never the token",
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
      const alone = new Aelyst({
        baseUrl: api.baseUrl,
        token: api.tokens.ok,
        retries: 0,
        maxWaitMs: 0,
      })
      await using on = await start((app) => {
        app.disable("x-powered-by")
        app.post("/signup", createContact({ client: alone, log: () => {} }))
        app.use(contactProxy({ client: alone, authorize: () => true, log: () => {} }))
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

const json = { "content-type": "application/json" }
const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
const ok = JSON.stringify(ana)
const pad = (size: number) => `${ok.slice(0, -1)},"pad":"${"x".repeat(size - ok.length - 9)}"}`

interface BodyCase extends Call {
  readonly name: string
  readonly status: number
  /** Where Express's own parser comes first and answers otherwise. */
  readonly parsed?: number
}

const bodies: ReadonlyArray<BodyCase> = [
  { name: "an object", body: ok, headers: json, status: 200 },
  { name: "an array", body: `[${ok}]`, headers: json, status: 400 },
  { name: "an empty array", body: "[]", headers: json, status: 400 },
  { name: "null", body: "null", headers: json, status: 400 },
  { name: "a text", body: '"Ana"', headers: json, status: 400 },
  { name: "a number", body: "1", headers: json, status: 400 },
  { name: "true", body: "true", headers: json, status: 400 },
  { name: "nothing", body: "", headers: json, status: 400 },
  { name: "no body and no type", status: 400 },
  { name: "an empty object", body: "{}", headers: json, status: 400 },
  { name: "half an object", body: ok.slice(0, -3), headers: json, status: 400 },
  { name: "no JSON", body: "firstName=Ana", headers: json, status: 400 },
  { name: "JSON with a comment", body: `/**/${ok}`, headers: json, status: 400 },
  {
    name: "bytes that are not UTF-8",
    body: Buffer.from(ok.replace("Ana", "\xff\xfe"), "latin1"),
    headers: json,
    status: 400,
    parsed: 200,
  },
  { name: "text/plain", body: ok, headers: { "content-type": "text/plain" }, status: 415 },
  { name: "no type", body: ok, status: 415 },
  {
    name: "a form",
    form: { firstName: "Ana" },
    status: 415,
  },
  {
    name: "a form with files",
    body: '--x\r\nContent-Disposition: form-data; name="firstName"\r\n\r\nAna\r\n--x--\r\n',
    headers: { "content-type": "multipart/form-data; boundary=x" },
    status: 415,
  },
  { name: "XML", body: "<a/>", headers: { "content-type": "application/xml" }, status: 415 },
  {
    name: "another charset",
    body: Buffer.from(ok, "utf16le"),
    headers: { "content-type": "application/json; charset=utf-16" },
    status: 415,
  },
  {
    name: "gzip",
    body: gzipSync(ok),
    headers: { ...json, "content-encoding": "gzip" },
    status: 200,
  },
  {
    name: "50 MB in gzip",
    body: gzipSync(Buffer.alloc(50_000_000, " ")),
    headers: { ...json, "content-encoding": "gzip" },
    status: 413,
  },
  {
    name: "90 KB in gzip",
    body: gzipSync(pad(90_000)),
    headers: { ...json, "content-encoding": "gzip" },
    status: 413,
  },
  {
    name: "broken gzip",
    body: gzipSync(ok).subarray(0, 20),
    headers: { ...json, "content-encoding": "gzip" },
    status: 400,
  },
  {
    name: "an encoding that nobody knows",
    body: ok,
    headers: { ...json, "content-encoding": "compress" },
    status: 415,
  },
  { name: "64 KiB", body: pad(65_000), headers: json, status: 200 },
  { name: "more than 64 KiB", body: pad(65_537), headers: json, status: 413 },
  {
    name: "more than 64 KiB in chunks",
    body: pad(90_000),
    headers: { ...json, "transfer-encoding": "chunked" },
    status: 413,
  },
  { name: "20 MB", body: pad(20_000_000), headers: json, status: 413 },
  {
    name: "20 MB in chunks",
    body: pad(20_000_000),
    headers: { ...json, "transfer-encoding": "chunked" },
    status: 413,
  },
  { name: "20,000 levels", body: `{"a":${deep(20_000)}}`, headers: json, status: 413 },
  {
    name: "a name of the prototype",
    body: `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${ok.slice(1)}`,
    headers: json,
    status: 200,
  },
  {
    name: "a key that is there twice, of which the last counts",
    body: `{"firstName":7,${ok.slice(1)}`,
    headers: json,
    status: 200,
  },
]

describe.each(cells)("Express $version, parser $parser", (cell) => {
  let on: Running
  beforeAll(async () => {
    on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true }))
    }, cell)
  })
  afterAll(() => on[Symbol.asyncDispose]())

  it.each(bodies)("answers $name with $status (security 24)", async (one) => {
    const expected = cell.parser === "before" ? (one.parsed ?? one.status) : one.status
    const { "content-length": _, ...headers } = one.headers ?? {}
    const reply = await send(`${on.url}/contact/email:ana@example.com`, { ...one, headers })
    const { "content-type": type = "" } = reply.headers
    expect(reply.status).toBe(expected)
    // what Express's own parser refuses is answered by the app
    const ours = cell.parser !== "before" || type.includes("json")
    const code = expected === 200 ? "200" : expected
    expect(ours ? reply.json : { code }).toMatchObject({ code })
    expect(ours ? reply.text : "").not.toContain("Ana")
    const sent = sandbox.requests().map(({ body }) => Object.keys(Object(JSON.parse(body))))
    expect(sent).toEqual(expected === 200 ? [["firstName", "email"]] : [])
    expect(Reflect.get({}, "polluted")).toBeUndefined()
  })
})

it("refuses a body over the limit before its end (security 24)", async () => {
  await using on = await start((app) => {
    app.use(contactProxy({ client, authorize: () => true }))
  })
  const socket = connect(Number(new URL(on.url).port), "127.0.0.1")
  const answer = new Promise<string>((resolve) =>
    socket.once("data", (data) => resolve(String(data))),
  )
  socket.write(
    "POST /contact/email:ana@example.com HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
  )
  socket.write(`${(70_000).toString(16)}\r\n${" ".repeat(70_000)}\r\n`)
  expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
  socket.destroy()
})

describe("security 25: identifier and fields", () => {
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

  it("takes nothing from a form but the fields of its map", async () => {
    await using on = await start((app) => {
      app.post("/signup", createContact({ client }))
    })
    expect((await send(`${on.url}/signup`, { body: extra })).status).toBe(201)
    expect(sandbox.requests()).toMatchObject([
      { identifier: "email:ana@example.com", body: JSON.stringify(ana) },
    ])
  })

  it("takes from a form only the fields that the app names", async () => {
    await using on = await start((app) => {
      app.post("/signup", createContact({ client, fields: ["firstName", "email", "profilePic"] }))
    })
    const body = { ...extra, phone: "+60123456789" }
    expect((await send(`${on.url}/signup`, { body })).status).toBe(201)
    expect(JSON.parse(sandbox.requests()[0]?.body ?? "")).toEqual({
      ...ana,
      profilePic: extra.profilePic,
    })
  })

  it("drops what the proxy does not allow", async () => {
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
    expect(sandbox.requests().map(({ body }) => JSON.parse(body))).toEqual([expected, expected])
  })

  it("lets through every documented field unless told otherwise, and no other", async () => {
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
  ])("answers the identifier %s with %i where email alone is allowed", async (id, status) => {
    await using on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true, allow: { identifiers: ["email"] } }))
    })
    expect((await send(`${on.url}/contact/${id}`, { body: ana })).status).toBe(status)
    expect(sandbox.requests()).toHaveLength(status === 200 ? 1 : 0)
    for (const { path } of sandbox.requests()) expect(path).toMatch(/^\/v1\/contact\/[^/]+$/)
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

describe("security 26: visitor limits", () => {
  it("cannot be widened by an address that the visitor makes up", async () => {
    await using alone = await limited(false)
    expect(await from(alone, ["192.0.2.1", "192.0.2.2", "192.0.2.3"])).toEqual([201, 201, 429])
    sandbox.reset()
    await using behind = await limited(1)
    const real = "203.0.113.7"
    const made = [`192.0.2.1, ${real}`, `192.0.2.2, ${real}`, `192.0.2.3, ${real}`]
    expect(await from(behind, made)).toEqual([201, 201, 429])
  })

  it("counts the addresses of one IPv6 network together", async () => {
    await using on = await limited(1)
    const same = ["2001:db8:1:1::1", "2001:db8:1:1:ffff::2", "2001:db8:1:1::3"]
    expect(await from(on, [...same, "2001:db8:1:2::1"])).toEqual([201, 201, 429, 201])
  })

  it("read no body of a visitor who is over the limit", async () => {
    await using on = await limited(false)
    await from(on, ["192.0.2.1", "192.0.2.2"])
    const reply = await send(on.url, { body: "not JSON", headers: json })
    expect(reply.status).toBe(429)
  })
})

describe("security 28: what browsers are told", () => {
  it.each([
    { file: "visitor-safe", options: {} },
    { file: "visitor-full", options: { expose: "full" } },
    { file: "visitor-problem", options: { shape: "problem" } },
  ] as const)("is what the golden file $file says", async ({ file, options }) => {
    await using api = await startSandbox()
    const told: Record<string, unknown> = {}
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
      told[`${scenario.error}: ${scenario.name}`] = {
        status: reply.status,
        type: reply.headers["content-type"],
        body: reply.json,
      }
    }
    await expect(`${JSON.stringify(told, undefined, 2)}\n`).toMatchFileSnapshot(
      `golden/${file}.txt`,
    )
  })
})

describe("security 30: other origins", () => {
  const foreign = { origin: "https://evil.example", ...json }

  it("get no CORS headers", async () => {
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

  it("cannot use the proxy with a form, which a browser sends without asking", async () => {
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
