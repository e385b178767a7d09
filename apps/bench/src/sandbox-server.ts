/** Runs the server under load in a separate process: the sandbox, or `bare`, a node:http handler that parses the body. */
import { createServer } from "node:http"

import { Sandbox } from "@aelyst/sandbox"

import { token } from "./contact.ts"

const created = JSON.stringify({ code: "200", message: "Contact added successfully!" })

const bare = (): Promise<number> => {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      JSON.parse(Buffer.concat(chunks).toString("utf8"))
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": created.length,
        "x-ratelimit-limit": "1000000000",
        "x-ratelimit-remaining": "999999999",
      })
      response.end(created)
    })
  })
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })
}

const sandbox = async (): Promise<number> => {
  const { baseUrl } = await Sandbox.start({
    limit: 1_000_000_000,
    extraTokens: { [token]: {} },
    idleTimeoutMs: 60_000,
  })
  return Number(new URL(baseUrl).port)
}

process.on("message", () => {
  const { system, user } = process.cpuUsage()
  process.send?.({ cpu: (system + user) / 1000, rss: process.memoryUsage.rss() })
})
process.send?.(await (process.argv[2] === "sandbox" ? sandbox() : bare()))
process.on("disconnect", () => process.exit())
