import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import * as Line from "../src/pacing/WaitQueue.ts"

const Orders = Schema.Array(
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
).check(Schema.isMaxLength(60))

const drained = (line: Line.PacerLine<never>): Array<number> => {
  const orders: Array<number> = []
  for (let head = line.head; head !== undefined; head = line.head) {
    orders.push(head.order)
    line.leave(head)
  }
  return orders
}

describe("PacerLine", () => {
  it.prop(
    "serves by order, whenever somebody joined, and skips who left",
    { orders: Orders, gone: Orders },
    ({ gone, orders }) => {
      const line = new Line.PacerLine<never>()
      const waiters = [...new Set(orders)].map((order) =>
        Line.makeWaiter<never>(order, order * 3, 0),
      )
      for (const waiter of waiters) line.join(waiter)
      for (const waiter of waiters) if (gone.includes(waiter.order)) line.leave(waiter)
      const left = waiters.map(({ order }) => order).filter((order) => !gone.includes(order))
      assert.strictEqual(line.size, left.length)
      assert.strictEqual(
        line.nextDeadline(),
        left.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...left) * 3,
      )
      assert.deepStrictEqual(
        drained(line),
        left.toSorted((a, b) => a - b),
      )
      assert.strictEqual(line.size, 0)
    },
    { arbitrary: { runs: 1000 } },
  )

  it.prop(
    "takes out exactly who is too late, and wakes them with the reason",
    { orders: Orders, time: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })) },
    ({ orders, time }) => {
      const line = new Line.PacerLine<never>()
      // Deadlines run against the order, so that the late stand anywhere.
      const waiters = [...new Set(orders)].map((order) =>
        Line.makeWaiter<never>(order, 1000 - order, 0),
      )
      for (const waiter of waiters) line.join(waiter)
      line.expire(time, { retryAfterMs: 7 })
      const late = waiters.filter(({ deadline }) => deadline <= time)
      const failed = waiters.filter(({ failure }) => failure?.retryAfterMs === 7)
      assert.deepStrictEqual(failed, late)
      assert.isTrue(late.every(({ woken }) => woken))
      assert.strictEqual(line.size, waiters.length - late.length)
    },
    { arbitrary: { runs: 1000 } },
  )

  it("a head that was overtaken is woken, and so is its successor when it leaves", () => {
    const line = new Line.PacerLine<never>()
    const [first, second] = [Line.makeWaiter<never>(1, 10, 0), Line.makeWaiter<never>(2, 10, 0)]
    const woken: Array<string> = []
    line.join(second)
    second.wake = () => void woken.push("second")
    line.join(first)
    assert.deepStrictEqual(woken, ["second"])
    second.wake = () => void woken.push("second again")
    line.leave(first)
    assert.deepStrictEqual(woken, ["second", "second again"])
  })

  it("forgets the deadlines of those who left", () => {
    const line = new Line.PacerLine<never>()
    for (let order = 0; order < 1000; order++) {
      const waiter = Line.makeWaiter<never>(order, order, 0)
      line.join(waiter)
      line.leave(waiter)
    }
    assert.strictEqual(line.nextDeadline(), Number.POSITIVE_INFINITY)
  })
})
