import { describe, expect, it } from "vitest"
import { bar, line, make } from "../src/Progress.ts"

const state = { total: 60, done: 30, created: 29, elapsedMs: 3_000, inLine: 0, pausedMs: 0 }

const screen = (options: { readonly isTTY?: boolean; readonly columns?: number }) => {
  const written: Array<string> = []
  return { written, output: { ...options, write: (text: string) => written.push(text) } }
}

describe("Progress", () => {
  it("draws a bar that is as wide at every share", () => {
    const widths = [0, 0.01, 0.5, 0.999, 1].map((share) => [...bar(share)].length)
    expect(new Set(widths).size).toBe(1)
    expect(bar(0).trim()).toBe("")
    expect(bar(1).includes(" ")).toBe(false)
  })

  it("says what it waits for, and says nothing of it when it does not", () => {
    expect(line({ ...state, inLine: 22, pausedMs: 740 })).toBe(
      "30/60  29 created  10.0/s  paused for 0.7 s",
    )
    expect(line({ ...state, inLine: 22 })).toBe("30/60  29 created  10.0/s  22 wait for the limit")
    expect(line(state)).toBe("30/60  29 created  10.0/s")
  })

  it("draws over one line on a terminal and never fills its last column", () => {
    const { written, output } = screen({ isTTY: true, columns: 40 })
    const progress = make(output)
    progress.show(state)
    progress.stop()
    expect(written[0]?.startsWith("\r\u001B[2K")).toBe(true)
    expect([...(written[0] ?? "")].length - "\r\u001B[2K".length).toBe(39)
    expect(written.at(-1)).toBe("\r\u001B[2K")
  })

  it("writes plain lines now and then where nobody watches", () => {
    const { written, output } = screen({})
    const progress = make(output)
    for (const done of [0, 0, 5, 12, 13, 30, 59, 60, 60]) progress.show({ ...state, done })
    progress.stop()
    expect(written.map((text) => text.split("/")[0])).toStrictEqual(["0", "12", "30", "59", "60"])
    expect(written.join("").includes("\u001B")).toBe(false)
  })
})
