// Run by Jest in CommonJS, without a configuration: the packages load, work, and tell failures of the network apart.
const { once } = require("node:events")
const { aelyst, aelystErrors, createContact } = require("@aelyst/express")
const { Aelyst, BadRequestError, ConnectionError, OutcomeUnknownError } = require("@aelyst/node")
const { Sandbox } = require("@aelyst/sandbox")
const { play, variants } = require("@aelyst/sandbox/scenarios")
const express = require("express")

const ana = { firstName: "Ana" }
let sandbox
let client

beforeAll(async () => {
  sandbox = await Sandbox.start({ limit: 1_000 })
  client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
})
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

test("a contact is created once", async () => {
  const { result } = await client.contacts.create("id:jest", ana)
  expect(result).toBe("created")
  await expect(client.contacts.create("id:jest", ana)).rejects.toBeInstanceOf(BadRequestError)
  expect(sandbox.contacts()).toHaveLength(1)
})

test("a lost answer and a missing server are two things, as outside of Jest", async () => {
  sandbox.fail({ preset: "drop", times: 1 })
  const lost = await client.contacts.create("id:jest-lost", ana).catch((error) => error)
  expect(lost).toBeInstanceOf(OutcomeUnknownError)
  expect(lost.code).toBe("ECONNRESET")
  const nowhere = new Aelyst({
    baseUrl: "http://127.0.0.1:9/v1",
    token: "token-for-tests",
    retries: 0,
  })
  const missing = await nowhere.contacts.create("id:jest-missing", ana).catch((error) => error)
  expect(missing).toBeInstanceOf(ConnectionError)
  expect(missing.code).toBe("ECONNREFUSED")
  await nowhere.close()
})

test("a wrong option throws a TypeError", () => {
  expect(() => new Aelyst({ token: "token-for-tests", retries: -1 })).toThrow(TypeError)
})

test("R25: a wait ends by one advance of fake timers", async () => {
  sandbox.fail({ status: 429, retryAfter: 30, times: 1 })
  let begin
  const waiting = new Promise((resolve) => (begin = resolve))
  const { baseUrl, tokens } = sandbox
  const patient = new Aelyst({ baseUrl, token: tokens.ok, hooks: { onWait: () => begin() } })
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask"] })
  const created = patient.contacts.create("id:jest-waited", ana)
  await waiting
  await jest.advanceTimersByTimeAsync(31_000)
  expect((await created).attempts).toHaveLength(2)
  jest.useRealTimers()
  await patient.close()
})

test("an app answers a form", async () => {
  const app = express()
  app.use(express.json(), aelyst(client))
  app.post("/signup", createContact({ identifyBy: ["email"] }))
  app.use(aelystErrors())
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const response = await fetch(`http://127.0.0.1:${server.address().port}/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...ana, email: "jest@example.com" }),
  })
  expect(response.status).toBe(201)
  server.close()
  await once(server, "close")
})

test("a scenario is played", async () => {
  const own = await Sandbox.start()
  const variant = variants.find(({ name }) => name === "a successful create")
  const create = async (identifier, contact) => {
    const { contacts } = new Aelyst({ baseUrl: own.baseUrl, token: variant.token })
    return { result: (await contacts.create(identifier, contact)).result }
  }
  const { ledger } = await play(variant, own, { create })
  expect(ledger.created).toBe(1)
  await own.close()
})
