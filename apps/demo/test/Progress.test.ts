import { describe, expect, it } from "vitest"
import { bar, line, make } from "../src/Progress.ts"

const state = { total: 60, done: 30, created: 29, elapsedMs: 3_000, queued: 0, pausedMs: 0 }

const screen = (options: { readonly isTTY?: boolean; readonly columns?: number }) => {
  const written: Array<string> = []
  return { written, output: { ...options, write: (text: string) => written.push(text) } }
}

describe("Progress", () => {
  it("draws a bar of the same width for every share", () => {
    const widths = [0, 0.01, 0.5, 0.999, 1].map((share) => [...bar(share)].length)
    expect(new Set(widths).size).toBe(1)
    expect(bar(0).trim()).toBe("")
    expect(bar(1).includes(" ")).toBe(false)
  })

  it("names the wait, and nothing when there is none", () => {
    expect(line({ ...state, queued: 22, pausedMs: 740 })).toBe(
      "30/60  29 created  10.0/s  paused for 0.7 s",
    )
    expect(line({ ...state, queued: 22 })).toBe(
      "30/60  29 created  10.0/s  22 queued for the rate limit",
    )
    expect(line(state)).toBe("30/60  29 created  10.0/s")
  })

  it("redraws one line on a terminal, and leaves its last column empty", () => {
    const { written, output } = screen({ isTTY: true, columns: 40 })
    const progress = make(output)
    progress.show(state)
    progress.stop()
    expect(written[0]?.startsWith("\r\u001B[2K")).toBe(true)
    expect([...(written[0] ?? "")].length - "\r\u001B[2K".length).toBe(39)
    expect(written.at(-1)).toBe("\r\u001B[2K")
  })

  it("writes a plain line for each fifth of the rows without a terminal", () => {
    const { written, output } = screen({})
    const progress = make(output)
    for (const done of [0, 0, 5, 12, 13, 30, 59, 60, 60]) progress.show({ ...state, done })
    progress.stop()
    expect(written.map((text) => text.split("/")[0])).toStrictEqual(["0", "12", "30", "59", "60"])
    expect(written.join("").includes("\u001B")).toBe(false)
  })
})
