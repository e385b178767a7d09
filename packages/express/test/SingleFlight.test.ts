import { Aelyst } from "@aelyst/node"
import { afterEach, expect, it } from "vitest"

import { aelyst, contactProxy, createContact } from "../src/index.ts"
import { start } from "./apps.ts"
import { Counter, hold, settled } from "./held.ts"
import { send } from "./http.ts"

const closing: Array<() => Promise<void>> = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

// responses are held back: no deadline may pass meanwhile, however busy the machine is
const patient = { timeoutMs: 300_000, deadlineMs: 300_000 }

const clientOf = (sandbox: { readonly baseUrl: string }) => {
  const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: "sandbox_ok", ...patient })
  closing.push(() => client.close({ timeoutMs: 1 }))
  return client
}

it("sends one create for 100 parallel submissions of one contact (security 27)", async () => {
  await using held = await hold()
  const client = clientOf(held.sandbox)
  const arrived = new Counter()
  let created = 0
  await using on = await start((app) => {
    app.post(
      "/",
      createContact({
        client,
        map: (req) => {
          arrived.add()
          return req.body
        },
        onCreated: () => {
          created++
        },
      }),
    )
  })
  const body = { firstName: "Ana", email: "ana@example.com" }
  const replies = Promise.all(Array.from({ length: 100 }, () => send(on.url, { body })))
  await held.arrived(1)
  await arrived.reached(100)
  await settled()
  held.release()
  expect((await replies).map(({ status }) => status)).toEqual(Array(100).fill(201))
  expect(held.sandbox.ledger()).toMatchObject([{ posts: 1, created: 1 }])
  expect(created).toBe(1)
})

it("makes another payload for the same contact wait for the first", async () => {
  await using held = await hold({ existing: "merge" })
  const client = clientOf(held.sandbox)
  const arrived = new Counter()
  const authorize = () => {
    arrived.add()
    return true
  }
  await using on = await start((app) => {
    app.use(contactProxy({ client, authorize }))
  })
  const url = `${on.url}/contact/email:ana@example.com`
  const first = Array.from({ length: 50 }, () => send(url, { body: { firstName: "Ana" } }))
  await held.arrived(1)
  const second = Array.from({ length: 50 }, () =>
    send(url.replace("example.com", "EXAMPLE.com"), { body: { firstName: "Bo" } }),
  )
  await arrived.reached(100)
  await settled()
  expect(held.sandbox.requests()).toHaveLength(1)
  held.release()
  const statuses = (await Promise.all([...first, ...second])).map(({ status }) => status)
  expect(statuses).toEqual(Array(100).fill(200))
  expect(held.sandbox.ledger()).toMatchObject([{ posts: 2, created: 1, merged: 1 }])
})

it("sends the same contact again after the first create has ended", async () => {
  await using held = await hold({ existing: "merge" })
  held.release()
  const client = clientOf(held.sandbox)
  await using on = await start((app) => {
    app.post("/", createContact({ client }))
  })
  const body = { firstName: "Ana", email: "ana@example.com" }
  await send(on.url, { body })
  await send(on.url, { body })
  expect(held.sandbox.ledger()).toMatchObject([{ posts: 2 }])
})

it("gives the error to every request that joined, and sends the next one again", async () => {
  await using held = await hold()
  held.sandbox.fail({ status: 400, times: 1 })
  const client = clientOf(held.sandbox)
  const arrived = new Counter()
  await using on = await start((app) => {
    app.post(
      "/",
      createContact({
        client,
        map: (req) => {
          arrived.add()
          return req.body
        },
      }),
    )
  })
  const body = { firstName: "Ana", email: "ana@example.com" }
  const replies = Promise.all(Array.from({ length: 10 }, () => send(on.url, { body })))
  await arrived.reached(10)
  await settled()
  held.release()
  expect((await replies).map(({ status }) => status)).toEqual(Array(10).fill(422))
  expect((await send(on.url, { body })).status).toBe(201)
  expect(held.sandbox.ledger()).toMatchObject([{ posts: 2, created: 1 }])
})

it("responds to a flood with 503 and Retry-After, and spares the API (security 29)", async () => {
  await using held = await hold()
  const arrived = new Counter()
  await using on = await start((app) => {
    app.use((_req: unknown, _res: unknown, next: () => void) => {
      arrived.add()
      next()
    })
    // one a second: however slowly the flood arrives, few leave the queue meanwhile
    const slow = { ...patient, maxWaitMs: 300_000, rateLimit: { perSecond: 1 } }
    app.use(aelyst({ baseUrl: held.sandbox.baseUrl, token: held.sandbox.tokens.ok, ...slow }))
    app.post("/", createContact())
  })
  const busy: Array<unknown> = []
  const responded = new Counter()
  const replies = Array.from({ length: 300 }, async (_, index) => {
    const reply = await send(on.url, {
      body: { firstName: "Ana", email: `ana${index}@example.com` },
    })
    busy.push({
      status: reply.status,
      code: Object(reply.json).code,
      wait: Number(reply.headers["retry-after"]) >= 1,
    })
    responded.add()
  })
  await Promise.all([responded.reached(150), arrived.reached(300)])
  for (const response of busy)
    expect(response).toEqual({ status: 503, code: "unavailable", wait: true })
  expect(held.sandbox.requests().length).toBeLessThanOrEqual(40)
  on.server.closeAllConnections()
  await Promise.allSettled(replies)
})

it("responds with 503 if more than 100 creates wait for one contact", async () => {
  await using held = await hold({ existing: "merge", limit: 1_000 })
  const client = clientOf(held.sandbox)
  const arrived = new Counter()
  await using on = await start((app) => {
    app.post(
      "/",
      createContact({
        client,
        map: (req) => {
          arrived.add()
          return req.body
        },
      }),
    )
  })
  const replies = Array.from({ length: 120 }, (_, index) =>
    send(on.url, { body: { firstName: `Ana ${index}`, email: "ana@example.com" } }),
  )
  await arrived.reached(120)
  await settled()
  expect(held.sandbox.requests()).toHaveLength(1)
  held.release()
  const statuses = (await Promise.all(replies)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(101)
  expect(statuses.filter((status) => status === 503)).toHaveLength(19)
  const next = ["Bo", "Cy"].map((firstName) =>
    send(on.url, { body: { firstName, email: "ana@example.com" } }),
  )
  expect((await Promise.all(next)).map(({ status }) => status)).toEqual([201, 201])
})
