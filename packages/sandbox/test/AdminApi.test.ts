import { get } from "node:http"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import * as AdminApi from "../src/server/AdminApi.ts"
import { call, create } from "./client.ts"

const json = (body: unknown, method = "POST") => ({ method, body, token: null })

describe("the admin API", () => {
  it("lists, finds and removes contacts", async () => {
    await using sandbox = await Sandbox.start()
    await create(sandbox, "email:ana@example.com")
    await create(sandbox, "id:2", { firstName: "Bo" })
    const url = `${sandbox.origin}/_sandbox/contacts`
    const found = await call(`${url}?query=ANA`, { method: "GET", token: null })
    assert.deepStrictEqual(found.json, { contacts: sandbox.contacts("ana"), total: 1 })
    const removed = await call(`${url}?query=ana`, { method: "DELETE", token: null })
    assert.deepStrictEqual(removed.json, { removed: 1 })
    assert.deepStrictEqual(
      sandbox.contacts().map(({ firstName }) => firstName),
      ["Bo"],
    )
    assert.strictEqual((await create(sandbox, "email:ana@example.com")).status, 200)
  })

  it("lists only as many of the newest as asked for, with the total", async () => {
    await using sandbox = await Sandbox.start()
    for (const id of ["id:1", "id:2", "id:3"]) await create(sandbox, id)
    const read = async (path: string) =>
      (await call(`${sandbox.origin}/_sandbox${path}`, { method: "GET", token: null })).json
    assert.deepStrictEqual(await read("/contacts?limit=2"), {
      contacts: sandbox.contacts().slice(1),
      total: 3,
    })
    assert.deepStrictEqual(await read("/requests?limit=1"), {
      requests: sandbox.requests(2),
      total: 3,
    })
    assert.deepStrictEqual(await read("/contacts?limit=0"), { contacts: [], total: 3 })
  })

  it("lists requests since a number, and removes them", async () => {
    await using sandbox = await Sandbox.start()
    await create(sandbox, "id:1")
    await create(sandbox, "id:2")
    const url = `${sandbox.origin}/_sandbox/requests`
    const since = await call(`${url}?since=1`, { method: "GET", token: null })
    assert.deepStrictEqual(since.json, { requests: sandbox.requests(1), total: 1 })
    assert.strictEqual(sandbox.requests(1).length, 1)
    const removed = await call(`${url}?query=id:1`, { method: "DELETE", token: null })
    assert.deepStrictEqual(removed.json, { removed: 1 })
    assert.strictEqual(sandbox.requests()[0]?.key, "id:2")
  })

  it("serves ledger, timeline, health and a list of its paths", async () => {
    await using sandbox = await Sandbox.start({ clock: "virtual" })
    await create(sandbox, "id:1")
    const read = async (path: string) =>
      (await call(`${sandbox.origin}/_sandbox${path}`, { method: "GET", token: null })).json
    assert.deepStrictEqual(await read("/ledger"), { ledger: sandbox.ledger() })
    assert.deepStrictEqual(await read("/timeline"), { timeline: sandbox.timeline() })
    assert.deepStrictEqual(await read("/health"), {
      status: "ok",
      now: sandbox.now(),
      clock: "virtual",
      contacts: 1,
    })
    assert.property(await read(""), "paths")
  })

  it("serves the OpenAPI document of the endpoint", async () => {
    await using sandbox = await Sandbox.start()
    const { json: document } = await call(`${sandbox.origin}/_sandbox/openapi.json`, {
      method: "GET",
    })
    assert.nestedProperty(document, "paths./contact/{identifier}.post.responses.429")
  })

  it("adds, lists and removes faults", async () => {
    await using sandbox = await Sandbox.start()
    const url = `${sandbox.origin}/_sandbox/faults`
    const added = await call(url, json({ status: 500, times: 2, match: { identifier: "id:1" } }))
    assert.strictEqual(added.status, 201)
    assert.strictEqual((await create(sandbox, "id:1")).status, 500)
    assert.deepStrictEqual((await call(url, { method: "GET" })).json, { faults: sandbox.faults() })
    assert.strictEqual((await call(`${url}?id=99`, { method: "DELETE" })).status, 404)
    assert.strictEqual((await call(`${url}?id=1`, { method: "DELETE" })).status, 200)
    assert.strictEqual((await create(sandbox, "id:1")).status, 200)
    assert.strictEqual((await call(url, json('"drop-before-x1"'))).status, 201)
    assert.strictEqual(sandbox.faults()[0]?.left, 1)
  })

  it("changes settings and returns them", async () => {
    await using sandbox = await Sandbox.start()
    const url = `${sandbox.origin}/_sandbox/settings`
    const changed = await call(url, json({ limit: 2, existing: "merge" }, "PATCH"))
    assert.deepInclude(changed.json, { limit: 2, windowMs: 1000, existing: "merge" })
    assert.deepStrictEqual((await call(url, { method: "GET" })).json, { ...sandbox.settings })
  })

  it("advances a virtual clock, and responds with 409 for a real one", async () => {
    await using virtual = await Sandbox.start({ clock: "virtual" })
    await using real = await Sandbox.start()
    const before = virtual.now()
    const moved = await call(`${virtual.origin}/_sandbox/clock`, json({ advanceMs: 1500 }))
    assert.deepStrictEqual(moved.json, { now: before + 1500 })
    const rejected = await call(`${real.origin}/_sandbox/clock`, json({ advanceMs: 1500 }))
    assert.strictEqual(rejected.status, 409)
  })

  it("resets the sandbox", async () => {
    await using sandbox = await Sandbox.start()
    await create(sandbox, "id:1")
    assert.strictEqual((await call(`${sandbox.origin}/_sandbox/reset`)).status, 200)
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it.each([
    ["POST", "/faults", '{"status":99}', 400],
    ["POST", "/faults", "{", 400],
    ["POST", "/faults", '"teapot"', 400],
    ["PATCH", "/settings", '{"limit":-1}', 400],
    ["PATCH", "/settings", '{"limits":1}', 400],
    ["POST", "/clock", '{"advanceMs":-1}', 400],
    ["GET", "/contacts?limit=-1", undefined, 400],
    ["GET", "/requests?since=x", undefined, 400],
    ["GET", "/nothing", undefined, 404],
    ["PUT", "/contacts", "{}", 405],
    ["POST", "/faults", `"${"x".repeat(110_000)}"`, 413],
  ])("responds to %s %s with %s by %d", async (method, path, body, status) => {
    await using sandbox = await Sandbox.start({ clock: "virtual" })
    const reply = await call(`${sandbox.origin}/_sandbox${path}`, { method, body })
    assert.strictEqual(reply.status, status)
  })

  it("rejects forms and text with 415", async () => {
    await using sandbox = await Sandbox.start()
    const headers = { "content-type": "text/plain" }
    const reply = await call(`${sandbox.origin}/_sandbox/faults`, {
      body: '{"status":500}',
      headers,
    })
    assert.strictEqual(reply.status, 415)
    assert.deepStrictEqual(sandbox.faults(), [])
  })

  it("streams events, its first bytes immediately", async () => {
    await using sandbox = await Sandbox.start()
    let text = ""
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      get(`${sandbox.origin}/_sandbox/events`, { agent: false }, resolve).on("error", reject)
    })
    const until = (fits: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!fits()) return
          stream.off("data", look)
          resolve()
        }
        stream.on("data", look)
        look()
      })
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()))
    stream.on("error", () => undefined)
    await until(() => text === ": aelyst sandbox\n\n")
    await create(sandbox, "id:1")
    await until(() => /event: response\ndata: \{.*"status":200.*\}\n\n/.test(text))
    assert.match(text, /event: request\n.*event: contact\n.*event: response\n/s)
  })

  it.each([
    [
      "POST",
      "/clock",
      '{"advanceMs":"1s"}',
      "`advanceMs` must be a number of milliseconds between",
    ],
    ["POST", "/faults", '"teapot"', 'unknown preset "teapot": expected a status from 200 to 599'],
    ["PATCH", "/settings", '{"limit":-1}', "`limit` must be an integer between 0 and"],
    ["POST", "/faults", "{", "The body must be JSON."],
    ["GET", "/contacts?limit=-1", undefined, "`limit` must be a number, 0 or more"],
    ["GET", "/nothing", undefined, "Not found: GET /_sandbox lists the requests."],
    ["PUT", "/contacts", "{}", "Method not allowed: GET /_sandbox lists the requests."],
    ["DELETE", "/faults?id=9", undefined, "No fault has this id: GET /_sandbox/faults lists them."],
  ])("explains %s %s with %s: %s", async (method, path, body, message) => {
    await using sandbox = await Sandbox.start()
    const { json: error } = await call(`${sandbox.origin}/_sandbox${path}`, { method, body })
    assert.include(Object(error).message, message)
  })
})

describe("isAdminRequest", () => {
  it.each([
    ["/_sandbox", true],
    ["/_sandbox/health", true],
    ["/_sandbox?x=1", true],
    ["/_sandboxes", false],
    ["/v1/_sandbox", false],
  ])("says for %s: %s", (target, expected) => {
    assert.strictEqual(AdminApi.isAdminRequest(target), expected)
  })
})
