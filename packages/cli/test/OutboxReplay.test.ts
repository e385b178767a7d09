import { assert, describe, it } from "@effect/vitest"

import { withOutbox } from "./outboxes.ts"

const lost = ["drop@sandbox.test", "drop-x9@sandbox.test"]

describe.concurrent("aelyst outbox replay", () => {
  it("has a parked contact sent again, by the next drain", async () => {
    await using test = await withOutbox(["drop-x1@sandbox.test"])
    await test.park()
    const [id = ""] = test.ids
    assert.include((await test.outbox(["show", id])).stdout, "state\tparked")
    const { code, stderr, stdout } = await test.outbox(["replay", id])
    assert.deepStrictEqual([code, stdout], [0, ""])
    assert.strictEqual(
      stderr,
      "1 contact will be sent again, by the app or by aelyst outbox drain\n",
    )
    assert.include((await test.outbox(["show", id])).stdout, "state\tpending")
    test.requests()
    assert.strictEqual((await test.outbox(["drain"])).code, 0)
    assert.strictEqual(test.requests(), 1)
  })

  it("refuses a contact that is not parked, or not there", async () => {
    await using test = await withOutbox(["zoe@example.com"])
    const [id = ""] = test.ids
    const pending = await test.outbox(["replay", id])
    assert.deepStrictEqual(
      [pending.code, pending.stderr.split("\n")[0]],
      [2, `error: ${id} is pending; only parked contacts are sent again  [USAGE]`],
    )
    const none = await test.outbox(["replay", "c_none"])
    assert.include(none.stderr, "error: the outbox has no contact c_none; ")
  })

  it("asks before it sends all of them again", async () => {
    await using test = await withOutbox(lost)
    await test.park()
    const asked = await test.outbox(["replay", "--all"])
    assert.strictEqual(asked.code, 2)
    assert.include(asked.stderr, "needs a confirmation, and there is no terminal to ask on")
    const { stdout } = await test.outbox(["replay", "--all", "--yes", "--json"])
    const { replayed } = JSON.parse(stdout)
    assert.sameMembers(replayed, [...test.ids])
    const none = await test.outbox(["replay", "--all"])
    assert.deepStrictEqual([none.code, none.stderr], [0, "there are no parked contacts\n"])
  })

  it("needs an id or --all, and not both", async () => {
    await using test = await withOutbox([])
    const neither = await test.outbox(["replay"])
    assert.include(neither.stderr, "error: missing argument <id>  [USAGE]")
    const both = await test.outbox(["replay", "c_1", "--all"])
    assert.include(both.stderr, "error: --all and <id> exclude each other  [USAGE]")
    assert.deepStrictEqual([neither.code, both.code], [2, 2])
  })
})
