import type { Request, Response } from "express"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"

import type { LogEntry } from "../src/index.ts"
import { aelystErrors, contactProxy, createContact } from "../src/index.ts"
import type { Running } from "./apps.ts"
import { cells, start } from "./apps.ts"
import { Counter } from "./held.ts"
import type { Call } from "./http.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

const json = { "content-type": "application/json" }
const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
const ok = JSON.stringify(ana)
const pad = (size: number) => `${ok.slice(0, -1)},"pad":"${"x".repeat(size - ok.length - 9)}"}`

interface BodyCase extends Call {
  readonly name: string
  readonly status: number
  /** The status if Express's own parser comes first and responds differently. */
  readonly parsed?: number
}

const bodies: ReadonlyArray<BodyCase> = [
  { name: "an object", body: ok, headers: json, status: 200 },
  { name: "an array", body: `[${ok}]`, headers: json, status: 400 },
  { name: "an empty array", body: "[]", headers: json, status: 400 },
  { name: "null", body: "null", headers: json, status: 400 },
  { name: "a string", body: '"Ana"', headers: json, status: 400 },
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
    name: "an unknown encoding",
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
    name: "a key of the prototype",
    body: `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${ok.slice(1)}`,
    headers: json,
    status: 200,
  },
  {
    name: "a repeated key, of which the last counts",
    body: `{"firstName":7,${ok.slice(1)}`,
    headers: json,
    status: 200,
  },
]

describe.each(cells)("Body, Express $version, parser $parser", (cell) => {
  let on: Running
  beforeAll(async () => {
    on = await start((app) => {
      app.use(contactProxy({ client, authorize: () => true }))
    }, cell)
  })
  afterAll(() => on[Symbol.asyncDispose]())

  it.each(bodies)("responds to $name with $status (security 24)", async (one) => {
    const expected = cell.parser === "before" ? (one.parsed ?? one.status) : one.status
    const { "content-length": _, ...headers } = one.headers ?? {}
    const reply = await send(`${on.url}/contact/email:ana@example.com`, { ...one, headers })
    const { "content-type": type = "" } = reply.headers
    expect(reply.status).toBe(expected)
    // the app responds when Express's own parser rejects a body
    const ours = cell.parser !== "before" || type.includes("json")
    const code = expected === 200 ? "200" : expected
    expect(ours ? reply.json : { code }).toMatchObject({ code })
    expect(ours ? reply.text : "").not.toContain("Ana")
    const sent = sandbox.requests().map(({ body }) => Object.keys(Object(JSON.parse(body))))
    expect(sent).toEqual(expected === 200 ? [["firstName", "email"]] : [])
    expect(Reflect.get({}, "polluted")).toBeUndefined()
  })
})

it("rejects a body over the limit before its end (security 24)", async () => {
  await using on = await start((app) => {
    app.use(contactProxy({ client, authorize: () => true }))
  })
  const socket = connect(Number(new URL(on.url).port), "127.0.0.1")
  const response = new Promise<string>((resolve) =>
    socket.once("data", (data) => resolve(String(data))),
  )
  socket.write(
    "POST /contact/email:ana@example.com HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
  )
  socket.write(`${(70_000).toString(16)}\r\n${" ".repeat(70_000)}\r\n`)
  expect(await response).toMatch(/^HTTP\/1\.1 413 /)
  socket.destroy()
})

describe.each(versionCells)("Body.read, Express $version", ({ version }) => {
  it("takes a form that the app has parsed, however large the files in it are", async () => {
    await using on = await start(
      (app) => {
        // as multer does: the files are not in the body
        app.use((req, _res, next) => {
          req.resume().once("end", () => {
            req.body = Object.assign(Object.create(null), ana)
            next()
          })
        })
        app.post("/", createContact({ client }))
      },
      { version },
    )
    const headers = { "content-type": "multipart/form-data; boundary=x" }
    const reply = await send(on.url, { body: Buffer.alloc(1_000_000), headers })
    expect(reply).toMatchObject({ status: 201 })
  })

  it("responds with 408 and closes the connection if the body does not arrive", async () => {
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
    let response = ""
    socket.on("data", (data) => {
      response += String(data)
    })
    const closed = new Promise((resolve) => socket.once("close", resolve))
    socket.write(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    )
    await vi.waitUntil(() => vi.isFakeTimers() && vi.getTimerCount() > 0, {
      interval: 5,
      timeout: 60_000,
    })
    vi.advanceTimersByTime(10_000)
    vi.useRealTimers()
    await closed
    expect(response).toMatch(/^HTTP\/1\.1 408 .*"code":"timeout"/s)
    expect(sandbox.requests()).toEqual([])
  })

  it("throws `malformed` if the visitor leaves before the body is read", async () => {
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
    await vi.waitUntil(() => entries.length > 0, { interval: 5, timeout: 60_000 })
    expect(entries).toMatchObject([{ code: "malformed" }])
  })
})
