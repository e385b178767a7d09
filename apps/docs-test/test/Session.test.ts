import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Sandbox } from "@aelyst/sandbox"
import { describe, expect, it } from "vitest"
import { guides, workspaceOf } from "../src/Guide.ts"
import { comparable, parse, print, record, steady } from "../src/Session.ts"

const fence = "```"
const page = `# A\n\n${fence}console\n$ a \\\n  b\none\ntwo\n$ c\n${fence}\n\n${fence}sh\n$ d\n${fence}\n`

describe("parse", () => {
  it("finds commands and their output in console blocks, and loses nothing", () => {
    expect(parse(page).filter((part) => typeof part !== "string")).toStrictEqual([
      { command: "a \\\n  b", output: ["one", "two"] },
      { command: "c", output: [] },
    ])
    expect(print(parse(page))).toBe(page)
  })
})

describe("steady", () => {
  it("replaces names of runs, ports and times", () => {
    expect(steady("r_AB12 r_CD34 r_AB12 127.0.0.1:1 Done in 84 ms   3 rows")).toBe(
      "r_7Q2F r_M3XA r_7Q2F 127.0.0.1:4242 Done in 1s   3 rows",
    )
  })
})

const killed = (rows: number) =>
  `${fence}console\n$ kill -KILL 1\n$ x\n${rows} rows = ${rows} created\n${fence}\n`

describe("comparable", () => {
  it("does not compare how many rows a process that was killed has created", () => {
    expect(comparable(killed(20))).toBe(comparable(killed(23)))
  })
})

describe.each(guides)("%s", (guide) => {
  it("shows what its commands print: npm run pnpm -- docs:record", async () => {
    const recorded = readFileSync(new URL(`../../../${guide}`, import.meta.url), "utf8")
    const folder = mkdtempSync(join(tmpdir(), "aelyst-guide-"))
    // a command does not know what the one before it has sent within the same second
    const sandbox = await Sandbox.start({ limit: 100 })
    try {
      const now = steady(await record(recorded, workspaceOf(folder, sandbox)))
      expect(comparable(now)).toBe(comparable(recorded))
    } finally {
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 120_000)
})
