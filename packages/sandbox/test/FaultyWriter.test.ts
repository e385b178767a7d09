import { gunzipSync } from "node:zlib"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { GARBAGE } from "../src/server/FaultyWriter.ts"
import { connect, create, rawCreate, requestText, split } from "./client.ts"

const success = '{"code":"200","message":"Contact added successfully!"}'
const half = success.slice(0, Math.floor(success.length / 2))
const start = () => Sandbox.start({ clock: "virtual" })

const created = (sandbox: Sandbox): number =>
  sandbox.ledger().reduce((sum, entry) => sum + entry.created, 0)

describe("a connection that is cut", () => {
  it.each([
    ["drop", "reset", 1],
    ["drop-after", "reset", 1],
    ["drop-before", "reset", 0],
    ["fin", "fin", 1],
    ["fin-before", "fin", 0],
  ])("%s ends with a %s without a byte and creates %d", async (preset, end, count) => {
    await using sandbox = await start()
    assert.deepStrictEqual(await rawCreate(sandbox, `email:${preset}@sandbox.test`), {
      text: "",
      end,
    })
    assert.strictEqual(created(sandbox), count)
    assert.deepInclude(sandbox.ledger()[0], { posts: 1, statuses: { 0: 1 } })
    assert.deepInclude(sandbox.requests()[0], { phase: "cut", fault: preset })
  })

  it("sends the bytes of garbage and closes", async () => {
    await using sandbox = await start()
    const seen = await rawCreate(sandbox, "email:garbage@sandbox.test")
    assert.deepStrictEqual(seen, { text: GARBAGE.toString("latin1"), end: "fin" })
  })

  it("sends exactly the raw bytes that were asked for and closes", async () => {
    await using sandbox = await start()
    const raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\xff"
    sandbox.fail({ raw })
    assert.deepStrictEqual(await rawCreate(sandbox, "id:1"), { text: raw, end: "fin" })
    assert.strictEqual(created(sandbox), 0)
  })
})

describe("a response that does not end", () => {
  it("stall creates, sends nothing and holds the connection until the client leaves", async () => {
    await using sandbox = await start()
    const connection = connect(sandbox)
    connection.socket.write(requestText("email:stall@sandbox.test"))
    await sandbox.waitFor(() => created(sandbox) === 1)
    connection.socket.end()
    connection.socket.destroy()
    const gone = await sandbox.waitFor(() =>
      sandbox.requests().find(({ phase }) => phase === "gone"),
    )
    assert.notProperty(gone, "status")
    assert.strictEqual(connection.text(), "")
  })

  it("stall-body sends the head and half of the body and keeps the connection", async () => {
    await using sandbox = await start()
    const connection = connect(sandbox)
    connection.socket.write(requestText("email:stall-body@sandbox.test"))
    await connection.until((text) => text.endsWith(half))
    const [head] = split(connection.text())
    assert.include(head, "HTTP/1.1 200 OK")
    assert.include(head, `content-length: ${success.length}`)
    assert.isFalse(connection.socket.destroyed)
    connection.socket.destroy()
  })

  it("trickle sends a byte whenever its interval has passed", async () => {
    await using sandbox = await start()
    const connection = connect(sandbox)
    connection.socket.write(requestText("email:trickle-250ms@sandbox.test"))
    await connection.until((text) => text === "H")
    for (const expected of ["HT", "HTT", "HTTP"]) {
      await sandbox.advance(250)
      await connection.until((text) => text.length >= expected.length)
      assert.strictEqual(connection.text(), expected)
    }
    connection.socket.destroy()
  })

  it("trickle sends the whole response in the end", async () => {
    await using sandbox = await start()
    sandbox.fail({ delivery: "trickle", intervalMs: 0 })
    const { text } = await rawCreate(sandbox, "id:1")
    assert.strictEqual(split(text)[1], success)
  })

  it("slow responds only after its delay", async () => {
    await using sandbox = await start()
    const connection = connect(sandbox)
    connection.socket.write(requestText("email:slow-3s@sandbox.test"))
    await sandbox.waitFor(() => created(sandbox) === 1)
    await sandbox.advance(2999)
    assert.strictEqual(sandbox.requests()[0]?.phase, "waiting")
    await sandbox.advance(1)
    await connection.until((text) => text.endsWith(success))
    assert.strictEqual(sandbox.requests()[0]?.ms, 3000)
    connection.socket.destroy()
  })
})

describe("a truncated response", () => {
  it("truncate-length promises more than it sends", async () => {
    await using sandbox = await start()
    const { end, text } = await rawCreate(sandbox, "email:truncate-length@sandbox.test")
    const [head, body] = split(text)
    assert.include(head, `content-length: ${success.length}`)
    assert.deepStrictEqual([end, body], ["fin", half])
    assert.strictEqual(created(sandbox), 1)
  })

  it("truncate-chunked omits the last chunk", async () => {
    await using sandbox = await start()
    const { end, text } = await rawCreate(sandbox, "email:truncate-chunked@sandbox.test")
    const [head, body] = split(text)
    assert.include(head.toLowerCase(), "transfer-encoding: chunked")
    assert.deepStrictEqual([end, body], ["fin", `${half.length.toString(16)}\r\n${half}\r\n`])
  })

  it("truncate-close ends half a body with the connection and no length", async () => {
    await using sandbox = await start()
    const { end, text } = await rawCreate(sandbox, "email:truncate-close@sandbox.test")
    const [head, body] = split(text)
    assert.notMatch(head, /content-length|transfer-encoding/i)
    assert.deepStrictEqual([end, body], ["fin", half])
  })
})

describe("an unusual response", () => {
  it.each([
    ["400", 400, '{"code":400,"message":"Validation error."}', 0],
    ["401", 401, '{"code":401,"message":"UN_AUTHORIZED"}', 0],
    ["429", 429, '{"code":429,"message":"Too Many Requests"}', 0],
    ["500", 500, '{"code":500,"message":"Unexpected error occurred"}', 0],
    ["500-before", 500, '{"code":500,"message":"Unexpected error occurred"}', 0],
    ["500-after", 500, '{"code":500,"message":"Unexpected error occurred"}', 1],
    ["503", 503, '{"code":503,"message":"Service Unavailable"}', 0],
    ["201", 201, '{"code":"201","message":"Contact added successfully!"}', 1],
    ["badjson", 200, '{"code":"200","message":', 1],
    ["empty", 200, "", 1],
    ["null", 200, "null", 1],
    ["array", 200, "[]", 1],
    ["string", 200, '"Contact added successfully!"', 1],
    ["bom", 200, `\uFEFF${success}`, 1],
    ["number-code", 200, '{"code":200,"message":"Contact added successfully!"}', 1],
    ["no-code", 200, '{"message":"Contact added successfully!"}', 1],
    ["other-code", 200, '{"code":"400","message":"Validation error."}', 0],
    ["false", 200, '{"success":false}', 0],
    ["object-message", 400, '{"code":400,"message":{"error":"Validation error."}}', 0],
  ])("%s responds with %d and %s and creates %d", async (preset, status, text, count) => {
    await using sandbox = await start()
    const reply = await create(sandbox, `email:${preset}@sandbox.test`)
    assert.deepStrictEqual([reply.status, reply.text], [status, text])
    assert.strictEqual(created(sandbox), count)
  })

  it.each([
    ["html-502", 502],
    ["portal", 200],
  ])("%s responds with %d and a page and creates nothing", async (preset, status) => {
    await using sandbox = await start()
    const reply = await create(sandbox, `email:${preset}@sandbox.test`)
    assert.strictEqual(reply.status, status)
    assert.strictEqual(reply.headers["content-type"], "text/html; charset=utf-8")
    assert.match(reply.text, /^<!doctype html>/)
    assert.strictEqual(created(sandbox), 0)
  })

  it.each([301, 302, 303, 307, 308])(
    "%d leads to a page that responds with 200 without creating",
    async (status) => {
      await using sandbox = await start()
      const reply = await create(sandbox, `email:${status}@sandbox.test`)
      assert.deepStrictEqual([reply.status, reply.headers.location], [status, "/v1/redirected"])
      const followed = await fetch(new URL("/v1/redirected", sandbox.baseUrl))
      assert.strictEqual(await followed.text(), success)
      assert.strictEqual(created(sandbox), 0)
      assert.deepStrictEqual(
        sandbox.requests().map(({ path }) => path),
        [`/v1/contact/email:${status}@sandbox.test`, "/v1/redirected"],
      )
    },
  )

  it("redirects to the given location", async () => {
    await using sandbox = await start()
    sandbox.fail({ status: 307, location: "https://elsewhere.example/v1" })
    const { headers } = await create(sandbox, "id:1")
    assert.strictEqual(headers.location, "https://elsewhere.example/v1")
  })

  it("pads a body with spaces up to the given size", async () => {
    await using sandbox = await start()
    sandbox.fail({ padTo: 300_000 })
    const { json, text } = await create(sandbox, "id:1")
    assert.strictEqual(text.length, 300_000)
    assert.deepStrictEqual(json, JSON.parse(success))
  })

  it("compresses a padded body into a fraction of its size", async () => {
    await using sandbox = await start()
    sandbox.fail({ padTo: 4 * 2 ** 20, gzip: true })
    const { text } = await rawCreate(sandbox, "id:1", { Connection: "close" })
    const [head, body] = split(text)
    assert.include(head, "content-encoding: gzip")
    assert.isBelow(body.length, 10_000)
    assert.strictEqual(gunzipSync(Buffer.from(body, "latin1")).length, 4 * 2 ** 20)
  })
})
