const { once } = require("node:events")
const { aelyst, aelystErrors, createContact } = require("@aelyst/express")
const express = require("express")

const main = async () => {
  const app = express()
  app.use(express.json(), aelyst())
  app.post("/signup", createContact({ identifyBy: ["email"] }))
  app.use(aelystErrors())
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const response = await fetch(`http://127.0.0.1:${server.address().port}/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ firstName: "Express", email: "express-require@example.com" }),
  })
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`)
  server.close()
}
void main()
