// A CommonJS app of Express 4, whose handlers tell of failures by `next`.
const { once } = require("node:events")
const { Aelyst } = require("@aelyst/node")
const express = require("express")

const aelyst = new Aelyst()
const app = express()
const signup = async (req, res, next) => {
  try {
    const { result } = await aelyst.contacts.create(`id:app-${req.params.name}`, req.body)
    res.status(201).json({ result })
  } catch (error) {
    next(error)
  }
}
app.post("/signup/:name", express.json(), (req, res, next) => void signup(req, res, next))

const main = async () => {
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const response = await fetch(`http://127.0.0.1:${server.address().port}/signup/express4`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ firstName: "Express" }),
  })
  if (response.status !== 201)
    throw new Error(`status ${response.status}: ${await response.text()}`)
  server.close()
  await aelyst.close()
}
void main()
