/** Tests how clients keep to a limit in real time, as the sandbox counts it. */
import { assert, describe, it } from "@effect/vitest"

import { Aelyst } from "../../src/index.ts"
import { setUp } from "../sandboxed.ts"

describe("createMany", () => {
  it("keeps a burst of 60 within 10 per second, and loses none", async () => {
    await using at = await setUp({}, { limit: 10, limiter: "sliding-log" })
    const rows = Array.from({ length: 60 }, (_, index) => ({
      identifier: `email:row${index}@example.com`,
      contact: { firstName: "Ana" },
    }))
    const run = at.aelyst.contacts.createMany(rows)
    for await (const { index } of run) assert.isBelow(index, 60)
    const { created, rateLimited } = await run.summary()
    assert.strictEqual(created, 60)
    // on a busy machine the requests of two windows may arrive in one
    assert.isAtMost(rateLimited, 10)
    assert.strictEqual(at.sandbox.contacts().length, 60)
  })
})

describe("two clients with one token", () => {
  it("share one pace: together they stay within the limit", async () => {
    await using at = await setUp({}, { limit: 5, limiter: "sliding-log" })
    const other = new Aelyst({ baseUrl: at.sandbox.baseUrl, token: at.sandbox.tokens.ok })
    const all = Array.from({ length: 15 }, (_, index) =>
      (index % 2 === 0 ? at.aelyst : other).contacts.create(`id:${index}`, { firstName: "Ana" }),
    )
    await Promise.all(all)
    assert.strictEqual(at.sandbox.contacts().length, 15)
    const statuses = at.sandbox.requests().map(({ status }) => status)
    assert.isAtMost(statuses.filter((status) => status === 429).length, 4)
    await other.close()
  })
})
