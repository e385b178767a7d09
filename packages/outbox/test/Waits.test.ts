import { describe, expect, it } from "vitest"

import { Waits } from "../src/Waits.ts"

const long = 600_000

describe("Waits", () => {
  it("waits for rows until one is added, or was added before", async () => {
    const waits = new Waits()
    const waiting = waits.forRows(long)
    waits.wake()
    await waiting
    waits.wake()
    await waits.forRows(long)
    await waits.forRows(1)
    expect(waits.isStopped).toBe(false)
  })

  it("pauses whatever is added, until it is stopped", async () => {
    const waits = new Waits()
    const ended: Array<string> = []
    const pause = waits.pause(long).then(() => ended.push("pause"))
    const rows = waits.forRows(long).then(() => ended.push("rows"))
    waits.wake()
    await rows
    expect(ended).toEqual(["rows"])
    waits.stop()
    await pause
    expect(waits.isStopped).toBe(true)
    await Promise.all([waits.pause(long), waits.forRows(long), waits.forRows(long)])
  })
})
