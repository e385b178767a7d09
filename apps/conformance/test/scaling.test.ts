import { describe, expect, it } from "vitest"

import { Database } from "../src/scaling/Database.ts"
import { cells, figuresOf, recorded, simulateAll } from "../src/scaling/Grid.ts"
import { VirtualTime } from "../src/scaling/VirtualTime.ts"

// a few seconds each, on an idle machine
const repeated = recorded().filter(
  ({ cell: { latencyMs, perSecond, workers } }) =>
    (perSecond === 10 && workers <= 10 && latencyMs <= 10) ||
    (perSecond === 100 && workers === 1 && latencyMs === 10),
)

describe("the simulation of many workers", { timeout: 600_000 }, () => {
  it("ends with the same figures on every machine", async () => {
    expect(repeated).toHaveLength(5)
    expect(await simulateAll(repeated.map(({ cell }) => cell))).toEqual(repeated)
  })

  it("is recorded for every cell", () => {
    expect(recorded().map(({ cell }) => cell)).toEqual(cells)
  })

  it.each(recorded())(
    "$cell.workers workers at $cell.perSecond per second, $cell.latencyMs ms away: loses nothing, sends nothing twice, and keeps to the limit",
    ({ cell, figures }) => {
      expect(figures).toMatchObject({ lost: 0, twice: 0 })
      expect(figures.mostInWindow).toBeLessThanOrEqual(cell.perSecond)
      expect(figures.learning429s + figures.later429s).toBeLessThanOrEqual(cell.perSecond / 100)
    },
  )

  it.each(
    recorded().filter(({ cell: { latencyMs, workers } }) => workers === 10 && latencyMs === 1),
  )("10 workers at $cell.perSecond per second: lets all send as much", ({ figures }) => {
    expect(figures.fairness).toBeGreaterThan(0.9)
  })

  it("finds workers that share no limit", async () => {
    const { learning429s, later429s } = await figuresOf({
      workers: 4,
      perSecond: 10,
      latencyMs: 1,
      isShared: false,
    })
    expect(learning429s + later429s).toBeGreaterThan(4)
  })
})

describe("VirtualTime", () => {
  it("runs timers in the order of their times, at once, and gives the process its own time back", async () => {
    const { setTimeout: timer } = globalThis
    const order: Array<string> = []
    {
      using time = new VirtualTime(1)
      setTimeout(() => order.push(`third at ${performance.now()}`), 3_600_000)
      clearTimeout(setTimeout(() => order.push("never"), 5))
      setTimeout(() => order.push(`second at ${performance.now()}`), 20)
      void time.sleep(19.5).then(() => order.push(`first at ${time.now}`))
      await time.until(7_200_000)
      expect(performance.now()).toBe(7_200_000)
    }
    expect(order).toEqual(["first at 19.5", "second at 20", "third at 3600000"])
    expect(globalThis.setTimeout).toBe(timer)
  })
})

describe("Database", () => {
  const ms = { limit: 2, find: 1, claimable: 1, claim: 1, lookup: 1, payloads: 1 }
  const service = { processors: 2, ms: { ...ms, intent: 1, outcome: 1, release: 1, progress: 1 } }

  it("works on as many statements as it has processors, and on one record at a time", async () => {
    using time = new VirtualTime(1)
    const database = new Database(time, 10, service)
    const ends: Array<string> = []
    for (let statement = 0; statement < 4; statement++) {
      void database.serve("find", () => undefined).then(() => ends.push(`find ${time.now}`))
    }
    await time.until(100)
    for (const version of ["a", "b"]) {
      const write = { version, text: version, notAfter: 1e6 }
      void database
        .compareAndSet("key", "", write)
        .then(({ matched, text }) => ends.push(`${version} ${matched} "${text}" ${time.now}`))
    }
    await time.until(200)
    expect(ends).toEqual([
      "find 11",
      "find 11",
      "find 12",
      "find 12",
      'a true "" 112',
      'b false "a" 114',
    ])
  })
})
