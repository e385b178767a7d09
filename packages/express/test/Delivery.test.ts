import { InvalidContactError } from "@aelyst/node"
import { describe, expect, it } from "vitest"

import type { ContactDelivery, LogEntry } from "../src/index.ts"
import {
  aelyst,
  aelystErrors,
  contactStatus,
  createContact,
  getSubmissionCounts,
} from "../src/index.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

/** A delivery that keeps submissions in memory, by the promises that the interface makes. */
class MemoryDelivery implements ContactDelivery {
  readonly states = new Map<string, string>()
  readonly keys = new Map<string, readonly [id: string, text: string]>()
  failure: Error | undefined

  readonly accept: ContactDelivery["accept"] = async (submission, { idempotencyKey }) => {
    if (this.failure !== undefined) throw this.failure
    const checked = client.contacts.validate(submission.identifier, submission.contact)
    if (!checked.ok) throw checked.error
    const text = JSON.stringify(submission)
    const known = idempotencyKey === undefined ? undefined : this.keys.get(idempotencyKey)
    if (known !== undefined) {
      if (known[1] !== text) throw outboxError("CONFLICT")
      return { id: known[0] }
    }
    const id = `c_${this.states.size + 1}`
    this.states.set(id, "pending")
    if (idempotencyKey !== undefined) this.keys.set(idempotencyKey, [id, text])
    return { id }
  }

  get: ContactDelivery["get"] = async (id) => {
    const state = this.states.get(id)
    return state === undefined ? undefined : { state }
  }
}

const outboxError = (kind: string, retryAfterMs?: number): Error =>
  Object.assign(new Error("The outbox says no."), {
    code: `ERR_AELYST_OUTBOX_${kind}`,
    retryAfterMs,
  })

const open = (delivery: ContactDelivery, version: 4 | 5) =>
  start(
    (app) => {
      app.use(aelyst(client))
      app.post("/signup", createContact({ delivery, honeypot: "website", log: () => {} }))
      app.get("/signup/:id", contactStatus({ delivery }))
      app.use(aelystErrors())
    },
    { version },
  )

describe.each(versionCells)("delivery by an outbox, Express $version", ({ version }) => {
  it("responds with 202, the id and its URL, and sends nothing itself", async () => {
    await using on = await open(new MemoryDelivery(), version)
    const reply = await send(`${on.url}/signup`, { body: ana })
    expect(reply).toMatchObject({
      status: 202,
      json: { status: "accepted", id: "c_1" },
      headers: { location: "/signup/c_1", "cache-control": "no-store" },
    })
    expect(sandbox.contacts()).toEqual([])
    expect(getSubmissionCounts(on.app)).toMatchObject({ accepted: 1, created: 0 })
  })

  it.each([
    ["pending", "pending"],
    ["created", "created"],
    ["existed", "created"],
    ["exists_after_doubt", "created"],
    ["rejected", "rejected"],
    ["parked", "unknown"],
  ])("says of a contact that is %s that it is %s, and nothing else", async (state, status) => {
    const delivery = new MemoryDelivery()
    await using on = await open(delivery, version)
    await send(`${on.url}/signup`, { body: ana })
    delivery.states.set("c_1", state)
    const reply = await send(`${on.url}/signup/c_1`, { method: "GET" })
    expect(reply).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } })
    expect(reply.json).toEqual({ id: "c_1", status })
  })

  it("responds with 404 for an id that it does not know", async () => {
    await using on = await open(new MemoryDelivery(), version)
    const reply = await send(`${on.url}/signup/c_9`, { method: "GET" })
    expect(reply).toMatchObject({ status: 404, json: { code: "not_found" } })
  })

  it("reports the state without an aelystErrors() as with one, and shows nothing of the outbox", async () => {
    const delivery = new MemoryDelivery()
    delivery.get = (id) =>
      id === "c_1" ? Promise.reject(outboxError("STORE")) : Promise.resolve(undefined)
    await using on = await start((app) => app.get("/:id", contactStatus({ delivery })), { version })
    const failed = await send(`${on.url}/c_1`, { method: "GET" })
    expect(failed).toMatchObject({
      status: 503,
      json: { code: "busy" },
      headers: { "retry-after": "1", "cache-control": "no-store" },
    })
    expect(failed.text).not.toContain("outbox says")
    const unknown = await send(`${on.url}/c_9`, { method: "GET" })
    expect(unknown).toMatchObject({ status: 404, json: { code: "not_found" } })
  })

  it("passes the Idempotency-Key on: a repeat has the same id, another contact is a 422", async () => {
    await using on = await open(new MemoryDelivery(), version)
    const headers = { "idempotency-key": "k-1" }
    const post = (body: object) => send(`${on.url}/signup`, { body, headers })
    expect((await post(ana)).json).toEqual({ status: "accepted", id: "c_1" })
    expect((await post(ana)).json).toEqual({ status: "accepted", id: "c_1" })
    const other = await post({ ...ana, firstName: "Bea" })
    expect(other).toMatchObject({ status: 422, json: { code: "idempotency_key_reused" } })
  })

  it("refuses an Idempotency-Key that is too long", async () => {
    const delivery = new MemoryDelivery()
    await using on = await open(delivery, version)
    const headers = { "idempotency-key": "k".repeat(256) }
    const reply = await send(`${on.url}/signup`, { body: ana, headers })
    expect(reply).toMatchObject({ status: 400, json: { code: "bad_idempotency_key" } })
    expect(delivery.states.size).toBe(0)
  })

  it("responds with 503 and Retry-After while the outbox is full", async () => {
    const delivery = new MemoryDelivery()
    delivery.failure = outboxError("FULL", 5_000)
    await using on = await open(delivery, version)
    const reply = await send(`${on.url}/signup`, { body: ana })
    expect(reply).toMatchObject({
      status: 503,
      json: { code: "busy" },
      headers: { "retry-after": "5" },
    })
    expect(reply.text).not.toContain("outbox says")
  })

  it("responds with 503 if the outbox cannot store, and with 422 to an invalid contact", async () => {
    const delivery = new MemoryDelivery()
    await using on = await open(delivery, version)
    const invalid = await send(`${on.url}/signup`, { body: { email: "ana@" } })
    expect(invalid).toMatchObject({ status: 422, json: { code: "invalid_contact" } })
    delivery.failure = outboxError("STORE")
    expect(await send(`${on.url}/signup`, { body: ana })).toMatchObject({ status: 503 })
  })

  it("says that a submission may be stored: with a key a repeat is safe, without one it is not", async () => {
    const delivery = new MemoryDelivery()
    await using on = await open(delivery, version)
    delivery.failure = outboxError("UNKNOWN")
    const headers = { "idempotency-key": "k-1" }
    expect(await send(`${on.url}/signup`, { body: ana, headers })).toMatchObject({
      status: 503,
      json: { code: "unconfirmed" },
      headers: { "retry-after": "1" },
    })
    const without = await send(`${on.url}/signup`, { body: ana })
    expect(without).toMatchObject({ status: 504, json: { code: "outcome_unknown" } })
    expect(without.headers["retry-after"]).toBeUndefined()
  })

  it("counts what an outbox does not take, and tells the operator, but not a status that cannot be read", async () => {
    const lines: Array<LogEntry> = []
    const delivery = new MemoryDelivery()
    await using on = await start(
      (app) => {
        app.use(aelyst(client, { log: (line) => lines.push(line) }))
        app.post("/signup", createContact({ delivery }))
        app.get("/signup/:id", contactStatus({ delivery }))
        app.use(aelystErrors())
      },
      { version },
    )
    delivery.get = () => Promise.reject(outboxError("STORE"))
    await send(`${on.url}/signup/c_1`, { method: "GET" })
    expect(getSubmissionCounts(on.app)).toMatchObject({ failed: 0, unknown: 0 })
    delivery.failure = outboxError("FULL")
    await send(`${on.url}/signup`, { body: ana })
    await send(`${on.url}/signup`, { body: ana })
    delivery.failure = outboxError("UNKNOWN")
    await send(`${on.url}/signup`, { body: ana })
    expect(getSubmissionCounts(on.app)).toMatchObject({ accepted: 0, failed: 2, unknown: 1 })
    expect(lines).toMatchObject([
      { code: "ERR_AELYST_EXPRESS_CREATE_FAILED", error: "busy", count: 1 },
      { code: "ERR_AELYST_EXPRESS_CREATE_FAILED", error: "outcome_unknown", count: 1 },
    ])
  })

  it("responds to a caught bot as to a person, and stores nothing", async () => {
    const delivery = new MemoryDelivery()
    await using on = await open(delivery, version)
    const reply = await send(`${on.url}/signup`, { body: { ...ana, website: "x" } })
    expect(reply).toMatchObject({ status: 202, json: { status: "accepted" } })
    expect(reply.headers.location).toMatch(/^\/signup\/c_[\w-]{22}$/)
    expect(delivery.states.size).toBe(0)
    const status = await send(`${on.url}${reply.headers.location}`, { method: "GET" })
    expect(status).toMatchObject({ status: 200, json: { status: "created" } })
    const post = (key: string) =>
      send(`${on.url}/signup`, {
        body: { ...ana, website: "x" },
        headers: { "idempotency-key": key },
      })
    const [one, same, other] = [await post("a"), await post("a"), await post("b")]
    expect(same.json).toEqual(one.json)
    expect(other.json).not.toEqual(one.json)
    expect(await post("k".repeat(256))).toMatchObject({ status: 400 })
  })

  it("passes errors of the client on unchanged", async () => {
    const delivery = new MemoryDelivery()
    delivery.failure = new InvalidContactError({ attempts: [], issues: [] })
    await using on = await open(delivery, version)
    expect(await send(`${on.url}/signup`, { body: ana })).toMatchObject({ status: 422 })
  })
})
