import { describe, expect, it } from "vitest"

import { Batches } from "../src/Batches.ts"

describe("Batches", () => {
  it("runs what comes at once in one batch, and what comes meanwhile in the next one", async () => {
    const seen: Array<ReadonlyArray<number>> = []
    const batches = new Batches(async (items: ReadonlyArray<number>) => {
      seen.push(items)
      if (seen.length === 1) later.push(batches.add(3), batches.add(4))
      return items.map((item) => item * 10)
    })
    const later: Array<Promise<number>> = []
    expect(await Promise.all([batches.add(1), batches.add(2)])).toEqual([10, 20])
    expect(await Promise.all(later)).toEqual([30, 40])
    expect(seen).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it("rejects all of a batch that fails, and runs the next one", async () => {
    let failures = 1
    const batches = new Batches(async (items: ReadonlyArray<number>) => {
      if (failures-- > 0) throw new Error("it failed")
      return items
    })
    const failed = await Promise.allSettled([batches.add(1), batches.add(2)])
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"])
    expect(await batches.add(3)).toBe(3)
  })

  it("runs no batch of more than 64", async () => {
    const sizes: Array<number> = []
    const batches = new Batches(async (items: ReadonlyArray<number>) => {
      sizes.push(items.length)
      return items
    })
    await Promise.all(Array.from({ length: 150 }, (_, item) => batches.add(item)))
    expect(sizes).toEqual([64, 64, 22])
  })
})
