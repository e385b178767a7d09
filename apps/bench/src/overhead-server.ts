/** Runs a bare server in a separate process: it reads the body, responds as documented, and has no rate limit. */
import { createServer } from "node:http"

const body = JSON.stringify({ code: "200", message: "Contact added successfully!" })
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    JSON.parse(Buffer.concat(chunks).toString("utf8"))
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": body.length,
      "x-ratelimit-limit": "100000000",
      "x-ratelimit-remaining": "99999999",
    })
    response.end(body)
  })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) process.send?.(address.port)
})
process.on("disconnect", () => process.exit())
