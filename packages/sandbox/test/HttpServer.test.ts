import { createServer, get } from "node:http"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxOptions } from "../src/types.ts"
import { call, connect, create, rawCreate, requestText, split } from "./client.ts"

const health = (sandbox: Sandbox, headers: Record<string, string> = {}) =>
  call(`${sandbox.origin}/_sandbox/health`, { method: "GET", token: null, headers })

const scaled = { headersTimeoutMs: 300, requestTimeoutMs: 600 } satisfies SandboxOptions

describe("guards", () => {
  it.each([
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example:4242", 421],
    ["10.0.0.1", 421],
    ["127.0.0.1", 200],
    ["localhost:1", 200],
    ["LOCALHOST", 200],
    ["[::1]:4242", 200],
  ])("answers the Host %s with %d, on the API and on the control API", async (host, status) => {
    await using sandbox = await Sandbox.start()
    const headers = { host }
    assert.strictEqual((await create(sandbox, "id:1", undefined, { headers })).status, status)
    assert.strictEqual((await health(sandbox, headers)).status, status)
    assert.strictEqual(sandbox.contacts().length, status === 200 ? 1 : 0)
  })

  it("takes a Host that was allowed", async () => {
    await using sandbox = await Sandbox.start({ allowedHosts: ["sandbox.internal"] })
    assert.strictEqual((await health(sandbox, { host: "sandbox.internal:80" })).status, 200)
  })

  it("listens on 127.0.0.1 alone unless told otherwise", async () => {
    await using sandbox = await Sandbox.start()
    assert.match(sandbox.baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  })

  it("sends nosniff and no-store and no CORS header, whatever it answers", async () => {
    await using sandbox = await Sandbox.start()
    const headers = { origin: "http://localhost:3000" }
    for (const reply of [
      await create(sandbox, "id:1", undefined, { headers }),
      await create(sandbox, "id:1", {}, { headers }),
      await call(`${sandbox.baseUrl}/contact/id:1`, { method: "OPTIONS", headers }),
      await call(`${sandbox.origin}/`, { method: "GET" }),
      await health(sandbox),
    ]) {
      assert.strictEqual(reply.headers["x-content-type-options"], "nosniff")
      assert.strictEqual(reply.headers["cache-control"], "no-store")
      assert.strictEqual(reply.headers["content-type"], "application/json")
      assert.deepStrictEqual(
        Object.keys(reply.headers).filter((name) => name.startsWith("access-control")),
        [],
      )
    }
  })

  it("refuses the control API to pages of other sites", async () => {
    await using sandbox = await Sandbox.start()
    assert.strictEqual((await health(sandbox, { origin: "https://evil.example" })).status, 403)
    assert.strictEqual((await health(sandbox, { origin: "null" })).status, 403)
    assert.strictEqual((await health(sandbox, { origin: sandbox.origin })).status, 200)
  })

  it("turns the control API off when asked and beyond loopback", async () => {
    await using off = await Sandbox.start({ admin: false })
    await using open = await Sandbox.start({ host: "0.0.0.0" })
    await using asked = await Sandbox.start({ host: "0.0.0.0", admin: true })
    const statuses: Array<number> = []
    for (const sandbox of [off, open, asked]) {
      const { port } = new URL(sandbox.baseUrl)
      const url = `http://127.0.0.1:${port}/_sandbox/health`
      statuses.push((await call(url, { method: "GET" })).status)
    }
    assert.deepStrictEqual(statuses, [404, 404, 200])
  })

  it("answers a body beyond 100 KB with 413 and closes", async () => {
    await using sandbox = await Sandbox.start()
    const body = JSON.stringify({ firstName: "A", note: "x".repeat(102_400) })
    const connection = connect(sandbox)
    connection.socket.write(requestText("id:1", {}, body))
    const { text } = await connection.ended
    assert.match(split(text)[0], /^HTTP\/1\.1 413 .*connection: close/is)
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it("takes a body of exactly 100 KB", async () => {
    await using sandbox = await Sandbox.start()
    const frame = '{"firstName":"A","note":""}'.length
    const body = `{"firstName":"A","note":"${"x".repeat(102_400 - frame)}"}`
    assert.strictEqual((await create(sandbox, "id:1", body)).status, 200)
  })

  it.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/jsonp"]])(
    "answers the content type %s with 415",
    async (type) => {
      await using sandbox = await Sandbox.start()
      const headers = { "content-type": type }
      assert.strictEqual((await create(sandbox, "id:1", undefined, { headers })).status, 415)
    },
  )

  it("takes JSON with a charset", async () => {
    await using sandbox = await Sandbox.start()
    const headers = { "content-type": "application/json; charset=utf-8" }
    assert.strictEqual((await create(sandbox, "id:1", undefined, { headers })).status, 200)
  })

  it("closes connections whose head or body is dripped in, and serves others meanwhile", async () => {
    await using sandbox = await Sandbox.start(scaled)
    const heads = Array.from({ length: 20 }, () => connect(sandbox))
    for (const { socket } of heads) socket.write("POST /v1/contact/id:1 HTTP/1.1\r\nHost: 127")
    const body = connect(sandbox)
    body.socket.write(requestText("id:2").slice(0, -3))
    assert.strictEqual((await create(sandbox, "id:3")).status, 200)
    const ended = await Promise.all([...heads, body].map((connection) => connection.ended))
    assert.isTrue(ended.every(({ text }) => text.startsWith("HTTP/1.1 408 ")))
    assert.deepStrictEqual(
      sandbox.ledger().map(({ key }) => key),
      ["id:3"],
    )
  })

  it("drops connections beyond the most it takes", async () => {
    await using sandbox = await Sandbox.start({ maxConnections: 1 })
    const first = connect(sandbox)
    first.socket.write(requestText("email:stall@sandbox.test"))
    await sandbox.waitFor(() => sandbox.contacts()[0])
    const second = await connect(sandbox).ended
    assert.strictEqual(second.text, "")
    first.socket.destroy()
  })

  it("does not count a request whose body never came whole", async () => {
    await using sandbox = await Sandbox.start()
    const connection = connect(sandbox)
    connection.socket.end(requestText("id:1").slice(0, -3))
    await connection.ended
    assert.deepStrictEqual(sandbox.ledger(), [])
  })
})

describe("ports", () => {
  it("rejects with EADDRINUSE when the given port is taken", async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const address = other.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const error = await Sandbox.start({ port }).catch((thrown: unknown) => thrown)
    assert.propertyVal(error, "code", "EADDRINUSE")
    await new Promise((resolve) => other.close(resolve))
  })

  it("close ends every connection at once, waiting answers included", async () => {
    const sandbox = await Sandbox.start({ clock: "virtual" })
    const connections = [connect(sandbox), connect(sandbox), connect(sandbox)]
    connections[0]?.socket.write(requestText("email:stall@sandbox.test"))
    connections[1]?.socket.write(requestText("email:slow-60s@sandbox.test"))
    await sandbox.waitFor(() => sandbox.contacts().length === 2)
    await sandbox.close()
    await sandbox.close()
    const ended = await Promise.all(connections.map((connection) => connection.ended))
    assert.deepStrictEqual(
      ended.map(({ text }) => text),
      ["", "", ""],
    )
  })

  it("answers several requests on one connection and closes it when idle connections are closed", async () => {
    await using sandbox = await Sandbox.start()
    const connection = connect(sandbox)
    for (const id of ["id:1", "id:2"]) {
      connection.socket.write(requestText(id))
      await sandbox.waitFor(() =>
        sandbox.requests().find(({ key, state }) => key === id && state === "answered"),
      )
      await connection.until(
        (text) => text.split("HTTP/1.1 200").length === (id === "id:1" ? 2 : 3),
      )
    }
    sandbox.closeIdle()
    assert.strictEqual((await connection.ended).text.split("HTTP/1.1 200").length, 3)
  })

  it("sends whole answers over bare sockets too", async () => {
    await using sandbox = await Sandbox.start()
    const { text } = await rawCreate(sandbox, "id:1", { Connection: "close" })
    assert.strictEqual(split(text)[1], '{"code":"200","message":"Contact added successfully!"}')
  })
})

const json = (body: unknown, method = "POST") => ({ method, body, token: null })

describe("the control API", () => {
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

  it("lists no more than the newest that are asked for, and says how many there are", async () => {
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

  it("changes settings and says what they are", async () => {
    await using sandbox = await Sandbox.start()
    const url = `${sandbox.origin}/_sandbox/settings`
    const changed = await call(url, json({ limit: 2, existing: "merge" }, "PATCH"))
    assert.deepInclude(changed.json, { limit: 2, windowMs: 1000, existing: "merge" })
    assert.deepStrictEqual((await call(url, { method: "GET" })).json, { ...sandbox.settings })
  })

  it("moves a virtual clock and refuses to move a real one", async () => {
    await using virtual = await Sandbox.start({ clock: "virtual" })
    await using real = await Sandbox.start()
    const before = virtual.now()
    const moved = await call(`${virtual.origin}/_sandbox/clock`, json({ advanceMs: 1500 }))
    assert.deepStrictEqual(moved.json, { now: before + 1500 })
    const refused = await call(`${real.origin}/_sandbox/clock`, json({ advanceMs: 1500 }))
    assert.strictEqual(refused.status, 409)
  })

  it("resets", async () => {
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
  ])("answers %s %s with %s by %d", async (method, path, body, status) => {
    await using sandbox = await Sandbox.start({ clock: "virtual" })
    const reply = await call(`${sandbox.origin}/_sandbox${path}`, { method, body })
    assert.strictEqual(reply.status, status)
  })

  it("takes no form and no text", async () => {
    await using sandbox = await Sandbox.start()
    const headers = { "content-type": "text/plain" }
    const reply = await call(`${sandbox.origin}/_sandbox/faults`, {
      body: '{"status":500}',
      headers,
    })
    assert.strictEqual(reply.status, 415)
    assert.deepStrictEqual(sandbox.faults(), [])
  })

  it("streams what happens, its first bytes at once", async () => {
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
    await until(() => /event: answer\ndata: \{.*"status":200.*\}\n\n/.test(text))
    assert.match(text, /event: request\n.*event: contact\n.*event: answer\n/s)
  })
})
