/**
 * Runs an Express app in a separate process that reports its CPU time on request: a bare route that calls raw undici, the
 * handler, and the proxy. Its argument is the address of the API.
 */
import { contactProxy, createContact } from "@aelyst/express"
import { Aelyst } from "@aelyst/node"
import express from "express"
import { Agent, request } from "undici"

import { headers, token } from "./contact.ts"

const baseUrl = process.argv[2] ?? ""
const agent = new Agent({ connections: 64 })
const client = new Aelyst({ baseUrl, token, maxQueue: 1_000 })
const app = express()
app.disable("x-powered-by")
app.use(express.json())
const run = async (work: Promise<void>, next: (error: unknown) => void): Promise<void> => {
  try {
    await work
  } catch (error) {
    next(error)
  }
}
app.post("/raw", (req, res, next) => {
  const create = async (): Promise<void> => {
    const { body } = await request(`${baseUrl}/contact/email:${req.body.email}`, {
      dispatcher: agent,
      method: "POST",
      headers,
      body: JSON.stringify(req.body),
    })
    await body.json()
    res.status(201).json({ status: "created" })
  }
  void run(create(), next)
})
app.post("/sdk", (req, res, next) => {
  const create = async (): Promise<void> => {
    await client.contacts.create(`email:${req.body.email}`, req.body)
    res.status(201).json({ status: "created" })
  }
  void run(create(), next)
})
app.post("/handler", createContact({ client, map: (req) => req.body }))
app.post("/default-map", createContact({ client }))
app.use("/proxy", contactProxy({ client, authorize: () => true }))

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) process.send?.({ port: address.port })
})
process.on("message", () => {
  const { system, user } = process.cpuUsage()
  process.send?.({ cpu: system + user })
})
process.on("disconnect", () => process.exit())
