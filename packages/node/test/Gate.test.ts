import { assert, describe, it } from "@effect/vitest"

import { UnavailableError } from "../src/index.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

describe("gate", () => {
  it("is asked before each attempt, and the attempt waits for its promise", async () => {
    await using at = await setUp()
    at.sandbox.fail({ status: 429, retryAfter: 1, times: 1 })
    const seen: Array<readonly [number: number, key: string, posts: number]> = []
    await at.aelyst.contacts.create("email:ana@EXAMPLE.com", ana, {
      gate: {
        before: async ({ key, number }) => {
          await new Promise((resolve) => setImmediate(resolve))
          seen.push([number, key, at.posts()])
        },
      },
    })
    assert.deepStrictEqual(seen, [
      [1, "email:ana@example.com", 0],
      [2, "email:ana@example.com", 1],
    ])
  })

  it("sends nothing after a rejection, and keeps it as the cause", async () => {
    await using at = await setUp()
    const reason = new Error("the claim is lost")
    const gate = { before: () => Promise.reject(reason) }
    const error = await rejection(at.aelyst.contacts.create("id:5", ana, { gate }))
    assert.instanceOf(error, UnavailableError)
    assert.strictEqual(error.reason, "gate")
    assert.strictEqual(error.cause, reason)
    const tried = await at.aelyst.contacts.tryCreate("id:5", ana, { gate })
    assert.isTrue(!tried.ok && tried.outcome === "not_sent")
    assert.strictEqual(at.posts(), 0)
  })

  it("sends nothing after notAfter, a time of performance.now()", async () => {
    await using at = await setUp()
    const { attempts } = await at.aelyst.contacts.create("id:5", ana, {
      gate: {
        before: async ({ number }) => ({
          notAfter: performance.now() + (number === 1 ? -1 : 60_000),
        }),
      },
    })
    assert.deepStrictEqual(
      attempts.map(({ cause }) => cause),
      ["TOO_LATE", undefined],
    )
    assert.strictEqual(at.posts(), 1)
  })

  it("does not allow an attempt by anything but nothing or a number", async () => {
    await using at = await setUp()
    // safe: the types do not allow it
    const gate = { before: async () => ({ notAfter: "soon" }) as never }
    const error = await rejection(at.aelyst.contacts.create("id:5", ana, { gate }))
    assert.instanceOf(error, UnavailableError)
    assert.include(String(error.cause), "{ notAfter } with a number")
    assert.strictEqual(at.posts(), 0)
  })

  it("stops a run after a rejection", async () => {
    await using at = await setUp()
    let allowed = 0
    const run = at.aelyst.contacts.createMany(
      Array.from({ length: 50 }, (_, i) => ({ identifier: `id:${i}`, contact: ana })),
      {
        concurrency: 4,
        gate: {
          before: async () => {
            if (allowed === 10) throw new Error("the claim is lost")
            allowed += 1
          },
        },
      },
    )
    for await (const { outcome } of run) assert.include(["created", "not_sent"], outcome)
    const { created, stopped } = await run.summary()
    assert.strictEqual(stopped, "gate")
    // one that it allowed may not have left when the run stopped
    assert.isAtMost(created, 10)
    assert.strictEqual(at.posts(), created)
  })

  it("must be an object with the function `before`", async () => {
    await using at = await setUp()
    const wrong = (gate: object) =>
      // safe: the types do not allow it
      rejection(at.aelyst.contacts.create("id:5", ana, { gate: gate as never }))
    assert.include(String(await wrong({ befor: async () => {} })), "did you mean `before`?")
    assert.include(String(await wrong({})), "`gate.before` must be a function")
    assert.strictEqual(at.posts(), 0)
  })
})
