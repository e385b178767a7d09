import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import type express5 from "express"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { connect } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, it } from "vitest"

import { aelyst, aelystErrors, contactProxy, createContact } from "../src/index.ts"
import { requestErrors, statusTable } from "../src/Status.ts"
import { versions } from "./apps.ts"

/** How many requests to send; the target of a long run is 100,000. */
const count = Number(process.env["AELYST_FUZZ_REQUESTS"] ?? 3_000)
const seed = Number(process.env["AELYST_FUZZ_SEED"] ?? 1)

/** Draws numbers below 1, the same for the same seed. */
const mulberry = (start: number) => {
  let value = start >>> 0
  return () => {
    value = (value + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(value ^ (value >>> 15), value | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Draw = (below: number) => number
const pick = <A>(draw: Draw, from: ReadonlyArray<A>): A => {
  const picked = from[draw(from.length)]
  if (picked === undefined) throw new Error("nothing to pick from")
  return picked
}

const methods = [
  "POST",
  "POST",
  "POST",
  "GET",
  "PUT",
  "OPTIONS",
  "HEAD",
  "DELETE",
  "CONNECT",
  "po st",
]
const paths = [
  "/signup",
  "/signup",
  "/crm/contact/email:ana@example.com",
  "/crm/contact/phone:+60123456789",
  "/crm/contact/phone%3A%2B60123456789",
  "/crm/contact/%E0%A4%A",
  "/crm/contact/a/b",
  "/crm/contact/..",
  "/crm/contact//",
  "/crm/contact/%00",
  "/crm/contact/%ff",
  "http://evil.example/crm/contact/x",
  "//crm/contact/x",
  "*",
  "/crm?x=%",
  `/crm/contact/${"a".repeat(300)}`,
]
const types = [
  "application/json",
  "application/json",
  "application/json; charset=utf-8",
  "application/json; charset=utf-16",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "text/plain",
  "",
  ";;;=",
  "application/json, text/plain",
]
const encodings = ["gzip", "deflate", "br", "identity", "compress", "gzip, gzip", "__proto__", ""]
const jsons = [
  '{"firstName":"Ana","email":"ana@example.com"}',
  '{"firstName":"Ana","phone":"+60123456789","customFields":{"A":1}}',
  '{"name":"Ana","e-mail":"ana@example.com","website":""}',
  '{"firstName":{"a":[1,2,{"b":null}]},"email":["x"]}',
  '{"__proto__":{"x":1},"constructor":1,"toString":2,"hasOwnProperty":3}',
  "[]",
  "null",
  "0",
  `{"a":${"[".repeat(500)}${"]".repeat(500)}}`,
  '{"firstName":"\\ud800","email":"\\u0000@\\u202e"}',
  '{"custom_fields":[null,1,{"name":{}},{"name":"A","value":{"b":1}}],"firstName":"A"}',
]
const forms = [
  "firstName=Ana&email=ana%40example.com",
  "firstName=A&firstName=B&email=x&email=y",
  "%=%&&&=&a[b][c]=1&__proto__=1",
  "first+name=%ff%fe&E-Mail=%00",
  "website=spam&name=Bot&mail=bot@example.com",
]

const request = (draw: Draw): Buffer => {
  const body = Buffer.from(pick(draw, draw(3) === 0 ? forms : jsons))
  const headers = [`Host: ${pick(draw, ["localhost", "", "a b", "evil.example:99999"])}`]
  const type = pick(draw, types)
  if (draw(8) > 0) headers.push(`Content-Type: ${type}`)
  if (draw(6) === 0) headers.push(`Content-Encoding: ${pick(draw, encodings)}`)
  if (draw(6) === 0) headers.push("X-Forwarded-For: 203.0.113.7, , ::1")
  if (draw(10) === 0) headers.push("Expect: 100-continue")
  if (draw(10) === 0) headers.push(`Cookie: ${"x".repeat(draw(9_000))}`)
  if (draw(10) === 0) headers.push("Authorization: Bearer visitor")
  let payload = body
  if (draw(5) === 0) {
    headers.push("Transfer-Encoding: chunked")
    payload = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from("\r\n0\r\n\r\n"),
    ])
  } else if (draw(20) > 0) {
    headers.push(`Content-Length: ${body.length + pick(draw, [0, 0, 0, 0, 0, 0, 0, -1, 7, 1e9])}`)
  }
  const path = pick(draw, paths)
  const requestLine = `${pick(draw, methods)} ${path} HTTP/1.${pick(draw, ["1", "1", "1", "0", "9"])}`
  return Buffer.concat([Buffer.from(`${[requestLine, ...headers].join("\r\n")}\r\n\r\n`), payload])
}

const mutate = (draw: Draw, bytes: Buffer): Buffer => {
  let mutated = bytes
  for (let times = draw(4); times > 0; times--) {
    const at = draw(mutated.length + 1)
    const to = Math.min(mutated.length, at + draw(12))
    const [before, middle, after] = [
      mutated.subarray(0, at),
      mutated.subarray(at, to),
      mutated.subarray(to),
    ]
    const noise = Buffer.from(Array.from({ length: 1 + draw(6) }, () => draw(256)))
    mutated = Buffer.concat(
      pick(draw, [
        [before, after],
        [before, noise, after],
        [before, middle, middle, after],
        [before, Buffer.from(middle.toReversed()), after],
        [before, Buffer.from("\r\n"), middle, after],
        [before],
      ]),
    )
  }
  return mutated
}

/** Returns the first complete response in the bytes received so far. */
const responseIn = (
  bytes: Buffer,
  isHead: boolean,
): { readonly status: number; readonly text: string } | undefined => {
  const text = bytes.toString("latin1")
  const end = text.indexOf("\r\n\r\n")
  if (end === -1) return undefined
  const head = text.slice(0, end)
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0)
  if (status === 100) return responseIn(bytes.subarray(end + 4), isHead)
  if (isHead) return { status, text }
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) return undefined
  if (text.length < end + 4 + Number(length)) return undefined
  return { status, text }
}

/** Sends bytes and waits for a response, or for the server to close the connection. */
const exchange = (port: number, bytes: Buffer) =>
  new Promise<{ readonly status: number; readonly text: string }>((resolve) => {
    const socket = connect(port, "127.0.0.1")
    let received = Buffer.alloc(0)
    socket.on("error", () => {})
    socket.on("data", (data) => {
      received = Buffer.concat([received, data])
      const response = responseIn(received, bytes.toString("latin1", 0, 5) === "HEAD ")
      if (response === undefined) return
      socket.destroy()
      resolve(response)
    })
    socket.on("close", () => {
      const text = received.toString("latin1")
      resolve({ status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0), text })
    })
    socket.write(bytes)
  })

const start = async (express: typeof express5, parser: boolean, sandbox: Sandbox) => {
  const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok, maxQueue: 1_000 })
  const app = express()
  if (parser) app.use(express.json(), express.urlencoded({ extended: true }))
  app.use(aelyst(client, { checks: false }))
  app.post("/signup", createContact({ honeypot: "website" }))
  app.use("/crm", contactProxy({ authorize: () => true }))
  app.use(aelystErrors())
  // an incomplete request is cut off soon, so that every exchange ends
  const server = createServer(
    {
      headersTimeout: 150,
      requestTimeout: 150,
      keepAliveTimeout: 50,
      connectionsCheckingInterval: 25,
    },
    app,
  ).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  return {
    // safe: it listens on a TCP port
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await client.close({ timeoutMs: 100 })
    },
  }
}

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")
const heap = (): number => {
  if (typeof collect === "function") collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const codes = new Set<unknown>([
  ...Object.keys(requestErrors),
  ...Object.values(statusTable).flatMap(({ proxy, visitor }) => [visitor.code, proxy.code]),
])

/** Checks whether a response is a 5xx without one of our codes. */
const untyped = ({ status, text }: { readonly status: number; readonly text: string }): boolean => {
  if (status < 500) return false
  try {
    const body: unknown = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4))
    return !codes.has(Object(body).code) && !codes.has(Object(body).error)
  } catch {
    return true
  }
}

it(
  `survives ${count} random requests without a crash, an untyped 5xx or a growing heap`,
  { timeout: 60_000 + count * 10 },
  async () => {
    await using sandbox = await Sandbox.start({
      limit: 100_000,
      existing: "merge",
      maxRequests: 100,
    })
    const servers = await Promise.all([
      start(versions[5], false, sandbox),
      start(versions[5], true, sandbox),
      start(versions[4], false, sandbox),
      start(versions[4], true, sandbox),
    ])
    const random = mulberry(seed)
    const draw: Draw = (below) => Math.floor(random() * below)
    const statuses = new Map<number, number>()
    const wrong: Array<string> = []
    let sent = 0
    const run = async (until: number) => {
      const worker = async () => {
        while (sent < until) {
          sent++
          const server = pick(draw, servers)
          const bytes = mutate(draw, request(draw))
          const response = await exchange(server.port, bytes)
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
          if (untyped(response)) wrong.push(`${bytes.toString("latin1")}\n=> ${response.text}`)
        }
      }
      await Promise.all(Array.from({ length: 64 }, worker))
      sandbox.reset()
      return heap()
    }
    const before = await run(Math.floor(count / 3))
    const after = await run(count)
    await Promise.all(servers.map(({ close }) => close()))
    expect(wrong).toEqual([])
    // every kind of response came, so the grammar reaches all of the code
    for (const status of [200, 201, 400, 404, 405, 413, 415, 422])
      expect([status, statuses.has(status)]).toEqual([status, true])
    expect(after - before).toBeLessThan(8)
  },
)
