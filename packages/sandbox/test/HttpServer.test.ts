import { createServer } from "node:http"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { isLoopback } from "../src/server/HttpServer.ts"
import type { SandboxOptions } from "../src/types.ts"
import { call, connect, create, rawCreate, requestText, split } from "./client.ts"

const health = (sandbox: Sandbox, headers: Record<string, string> = {}) =>
  call(`${sandbox.origin}/_sandbox/health`, { method: "GET", token: null, headers })

// shorter than by default, and long enough for a regular request on a busy machine
const scaled = { headersTimeoutMs: 3_000, requestTimeoutMs: 3_000 } satisfies SandboxOptions

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
  ])("responds to the Host %s with %d, on the API and the admin API", async (host, status) => {
    await using sandbox = await Sandbox.start()
    const headers = { host }
    assert.strictEqual((await create(sandbox, "id:1", undefined, { headers })).status, status)
    assert.strictEqual((await health(sandbox, headers)).status, status)
    assert.strictEqual(sandbox.contacts().length, status === 200 ? 1 : 0)
  })

  it("accepts a Host that is allowed", async () => {
    await using sandbox = await Sandbox.start({ allowedHosts: ["sandbox.internal"] })
    assert.strictEqual((await health(sandbox, { host: "sandbox.internal:80" })).status, 200)
  })

  it("R21 accepts the name of a container and an IP address if it listens beyond loopback", async () => {
    await using sandbox = await Sandbox.start({ host: "0.0.0.0", admin: true })
    const statusOf = async (host: string) => (await health(sandbox, { host })).status
    for (const host of ["sandbox:4242", "aelyst_sandbox", "10.0.0.1:4242", "127.0.0.1"]) {
      assert.strictEqual(await statusOf(host), 200, host)
    }
    for (const host of ["evil.example", "sandbox.evil.example:4242", "evil.example."]) {
      assert.strictEqual(await statusOf(host), 421, host)
    }
    assert.match(sandbox.baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  })

  it("listens only on 127.0.0.1 by default", async () => {
    await using sandbox = await Sandbox.start()
    assert.match(sandbox.baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  })

  it("sends nosniff, no-store and no CORS header with every response", async () => {
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

  it("rejects requests of other sites to the admin API", async () => {
    await using sandbox = await Sandbox.start()
    assert.strictEqual((await health(sandbox, { origin: "https://evil.example" })).status, 403)
    assert.strictEqual((await health(sandbox, { origin: "null" })).status, 403)
    assert.strictEqual((await health(sandbox, { origin: sandbox.origin })).status, 200)
  })

  it("turns the admin API off if asked, and beyond loopback", async () => {
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

  it("responds to a body beyond 100 KB with 413 and closes", async () => {
    await using sandbox = await Sandbox.start()
    const body = JSON.stringify({ firstName: "A", note: "x".repeat(102_400) })
    const connection = connect(sandbox)
    connection.socket.write(requestText("id:1", {}, body))
    const { text } = await connection.ended
    assert.match(split(text)[0], /^HTTP\/1\.1 413 .*connection: close/is)
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it("accepts a body of exactly 100 KB", async () => {
    await using sandbox = await Sandbox.start()
    const frame = '{"firstName":"A","note":""}'.length
    const body = `{"firstName":"A","note":"${"x".repeat(102_400 - frame)}"}`
    assert.strictEqual((await create(sandbox, "id:1", body)).status, 200)
  })

  it("closes connections whose head or body trickles in, and serves others meanwhile", async () => {
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

  it("closes connections beyond the limit", async () => {
    await using sandbox = await Sandbox.start({ maxConnections: 1 })
    const first = connect(sandbox)
    first.socket.write(requestText("email:stall@sandbox.test"))
    await sandbox.waitFor(() => sandbox.contacts()[0])
    const second = await connect(sandbox).ended
    assert.strictEqual(second.text, "")
    first.socket.destroy()
  })

  it("does not count a request whose body is incomplete", async () => {
    await using sandbox = await Sandbox.start()
    const connection = connect(sandbox)
    connection.socket.end(requestText("id:1").slice(0, -3))
    await connection.ended
    assert.deepStrictEqual(sandbox.ledger(), [])
  })
})

describe("start and close", () => {
  it("rejects with EADDRINUSE if the given port is in use", async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const address = other.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const error = await Sandbox.start({ port }).catch((thrown: unknown) => thrown)
    assert.propertyVal(error, "code", "EADDRINUSE")
    await new Promise((resolve) => other.close(resolve))
  })

  it("close ends every connection immediately, also those that wait for a response", async () => {
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

  it("serves several requests on one connection and closes it with the idle connections", async () => {
    await using sandbox = await Sandbox.start()
    const connection = connect(sandbox)
    for (const id of ["id:1", "id:2"]) {
      connection.socket.write(requestText(id))
      await sandbox.waitFor(() =>
        sandbox.requests().find(({ key, phase }) => key === id && phase === "responded"),
      )
      await connection.until(
        (text) => text.split("HTTP/1.1 200").length === (id === "id:1" ? 2 : 3),
      )
    }
    sandbox.closeIdle()
    assert.strictEqual((await connection.ended).text.split("HTTP/1.1 200").length, 3)
  })

  it("sends whole responses over bare sockets too", async () => {
    await using sandbox = await Sandbox.start()
    const { text } = await rawCreate(sandbox, "id:1", { Connection: "close" })
    assert.strictEqual(split(text)[1], '{"code":"200","message":"Contact added successfully!"}')
  })
})

describe("isLoopback", () => {
  it.each([
    ["localhost", true],
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["127.0.0.1.evil.example", false],
    ["192.168.0.1", false],
  ])("says for %s: %s", (host, expected) => {
    assert.strictEqual(isLoopback(host), expected)
  })
})
