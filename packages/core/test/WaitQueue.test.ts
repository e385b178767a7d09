import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import { Waiter, WaitQueue } from "../src/pacing/WaitQueue.ts"

const Orders = Schema.Array(
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
).check(Schema.isMaxLength(60))

const Deadline = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
const Actions = Schema.Array(
  Schema.Union([
    Schema.Struct({ join: Deadline }),
    Schema.Struct({ leave: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })) }),
  ]),
).check(Schema.isMaxLength(300))

const drained = (queue: WaitQueue): Array<number> => {
  const orders: Array<number> = []
  for (let head = queue.head; head !== undefined; head = queue.head) {
    orders.push(head.order)
    queue.leave(head)
  }
  return orders
}

describe("WaitQueue", () => {
  it.prop(
    "serves by order, whenever a caller joined, and skips those that left",
    { orders: Orders, gone: Orders },
    ({ gone, orders }) => {
      const queue = new WaitQueue()
      const waiters = [...new Set(orders)].map((order) => new Waiter(order, order * 3, 0))
      for (const waiter of waiters) queue.join(waiter)
      for (const waiter of waiters) if (gone.includes(waiter.order)) queue.leave(waiter)
      const left = waiters.map(({ order }) => order).filter((order) => !gone.includes(order))
      assert.strictEqual(queue.size, left.length)
      assert.strictEqual(
        queue.nextDeadline,
        left.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...left) * 3,
      )
      assert.deepStrictEqual(
        drained(queue),
        left.toSorted((a, b) => a - b),
      )
      assert.strictEqual(queue.size, 0)
    },
    { arbitrary: { runs: 1000 } },
  )

  it.prop(
    "takes out exactly the callers that are too late, and wakes them with the reason",
    { orders: Orders, time: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })) },
    ({ orders, time }) => {
      const queue = new WaitQueue()
      // Deadlines run against the order, so that the late stand anywhere.
      const waiters = [...new Set(orders)].map((order) => new Waiter(order, 1000 - order, 0))
      for (const waiter of waiters) queue.join(waiter)
      queue.expire(time, { retryAfterMs: 7 })
      const late = waiters.filter(({ deadline }) => deadline <= time)
      const failed = waiters.filter(({ failure }) => failure?.retryAfterMs === 7)
      assert.deepStrictEqual(failed, late)
      assert.isTrue(late.every(({ woken }) => woken))
      assert.strictEqual(queue.size, waiters.length - late.length)
    },
    { arbitrary: { runs: 1000 } },
  )

  it("wakes a head that was overtaken, and its successor when it leaves", () => {
    const queue = new WaitQueue()
    const [first, second] = [new Waiter(1, 10, 0), new Waiter(2, 10, 0)]
    const woken: Array<string> = []
    queue.join(second)
    second.resume = () => void woken.push("second")
    queue.join(first)
    assert.deepStrictEqual(woken, ["second"])
    second.resume = () => void woken.push("second again")
    queue.leave(first)
    assert.deepStrictEqual(woken, ["second", "second again"])
  })

  it.prop(
    "finds the same head and deadline as a sorted array, whatever joins and leaves",
    { actions: Actions },
    ({ actions }) => {
      const queue = new WaitQueue()
      let joined: Array<Waiter> = []
      for (const [order, action] of actions.entries()) {
        if ("join" in action) {
          // every third caller comes back to the place where it stood before the others
          const waiter = new Waiter(order % 3 === 0 ? -order : order, action.join, 0)
          queue.join(waiter)
          joined = [...joined, waiter].toSorted((a, b) => a.order - b.order)
        } else {
          const waiter = joined[action.leave % Math.max(1, joined.length)]
          if (waiter === undefined) continue
          queue.leave(waiter)
          joined = joined.filter((other) => other !== waiter)
        }
        const deadlines = joined.map(({ deadline }) => deadline)
        assert.strictEqual(queue.head, joined[0])
        assert.strictEqual(queue.nextDeadline, Math.min(Number.POSITIVE_INFINITY, ...deadlines))
      }
    },
    { arbitrary: { runs: 1000 } },
  )

  it("forgets the deadlines of callers that left", () => {
    const queue = new WaitQueue()
    for (let order = 0; order < 1000; order++) {
      const waiter = new Waiter(order, order, 0)
      queue.join(waiter)
      queue.leave(waiter)
    }
    assert.strictEqual(queue.nextDeadline, Number.POSITIVE_INFINITY)
  })
})
