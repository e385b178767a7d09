import { assert, describe, it } from "@effect/vitest"

import { ana, setUp } from "./sandboxed.ts"

describe("metrics", () => {
  it("U13: counts calls and rows by outcome, and attempts, without those that were invalid", async () => {
    await using at = await setUp({ retries: 1 })
    const { contacts } = at.aelyst
    at.sandbox.fail({ status: 429, retryAfter: 0, times: 1 })
    await contacts.create("id:1", ana)
    await contacts.tryCreate("id:1", ana)
    await contacts.tryCreate("id:1", ana, { existing: "accept" })
    await contacts.tryCreate("id:4", { firstName: "" })
    at.sandbox.fail({ status: 500, times: 1 })
    await contacts.tryCreate("id:2", ana)
    const rows = ["id:3", "id:1"].map((identifier) => ({ identifier, contact: ana }))
    const run = contacts.createMany(rows)
    const outcomes: Array<string> = []
    for await (const { outcome } of run) outcomes.push(outcome)
    assert.deepStrictEqual(outcomes.toSorted(), ["created", "existed"])
    assert.deepStrictEqual(at.aelyst.metrics(), {
      created: 2,
      existed: 1,
      existsAfterDoubt: 0,
      notSent: 0,
      rejected: 2,
      unknown: 1,
      attempts: 7,
      rateLimited: 1,
    })
  })

  it("are those of one client, and a copy", async () => {
    await using first = await setUp()
    await using second = await setUp()
    const before = first.aelyst.metrics()
    await first.aelyst.contacts.create("id:1", ana)
    assert.strictEqual(before.created, 0)
    assert.strictEqual(first.aelyst.metrics().created, 1)
    assert.strictEqual(second.aelyst.metrics().created, 0)
  })
})
