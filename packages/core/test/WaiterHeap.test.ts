import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import { WaiterHeap } from "../src/pacing/WaiterHeap.ts"

const Key = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
const Actions = Schema.Array(
  Schema.Union([
    Schema.Struct({ push: Key }),
    Schema.Struct({ leave: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })) }),
  ]),
).check(Schema.isMaxLength(300))

interface Entry {
  readonly key: number
  queued: boolean
}

const heapOf = () => new WaiterHeap<Entry>(({ key }) => key)

describe("WaiterHeap", () => {
  it.prop(
    "finds the same least key as a sorted array, whatever joins and leaves",
    { actions: Actions },
    ({ actions }) => {
      const heap = heapOf()
      let sorted: Array<Entry> = []
      for (const step of actions) {
        if ("push" in step) {
          const entry = { key: step.push, queued: true }
          heap.push(entry)
          sorted = [...sorted, entry].toSorted((a, b) => a.key - b.key)
        } else {
          const entry = sorted[step.leave % Math.max(1, sorted.length)]
          if (entry === undefined) continue
          entry.queued = false
          sorted = sorted.filter(({ queued }) => queued)
          heap.compact(sorted.length)
        }
        assert.strictEqual(heap.first?.key, sorted[0]?.key)
      }
    },
    { arbitrary: { runs: 1000 } },
  )

  it("returns entries in order, and undefined after the last", () => {
    const heap = heapOf()
    for (const key of [5, 3, 8, 1, 9, 3, 7]) heap.push({ key, queued: true })
    const keys: Array<number> = []
    for (let entry = heap.first; entry !== undefined; entry = heap.first) {
      keys.push(entry.key)
      entry.queued = false
    }
    assert.deepStrictEqual(keys, [1, 3, 3, 5, 7, 8, 9])
  })

  it("lets go of entries that left behind one that stays", () => {
    const heap = heapOf()
    heap.push({ key: 0, queued: true })
    const left = Array.from({ length: 65 }, (_, index) => ({ key: index + 1, queued: false }))
    for (const entry of left) heap.push(entry)
    heap.compact(1)
    // an entry that the heap still held would come up now
    for (const entry of left) entry.queued = true
    const [first] = [heap.first]
    if (first !== undefined) first.queued = false
    assert.strictEqual(heap.first, undefined)
  })
})
