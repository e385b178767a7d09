import { describe, expect, it } from "vitest"
import { parse } from "../src/Blocks.ts"

const fence = "```"

describe("parse", () => {
  it("returns the blocks to run, with line and code", () => {
    const text = `# A\n\n${fence}ts\nconst a = 1\n${fence}\n${fence}sh\nls\n${fence}\n`
    expect(parse(text)).toStrictEqual([
      { line: 3, language: "ts", server: false, code: "const a = 1\n" },
      { line: 6, language: "sh", server: false, code: "ls\n" },
    ])
  })

  it("recognises a server block", () => {
    expect(parse(`${fence}ts server\nx\n${fence}\n`)).toMatchObject([
      { language: "ts", server: true },
    ])
  })

  it("skips blocks that are only shown", () => {
    expect(parse(`${fence}console\n$ ls\n${fence}\n${fence}text\nx\n${fence}\n`)).toStrictEqual([])
  })

  it("rejects an unknown language and a block without an end", () => {
    expect(() => parse(`${fence}bash\nls\n${fence}\n`)).toThrow(
      'line 1: a block in the language "bash"',
    )
    expect(() => parse(`${fence}\nls\n${fence}\n`)).toThrow('line 1: a block in the language ""')
    expect(() => parse(`x\n${fence}ts\nls\n`)).toThrow("line 2: a block that does not end")
  })
})
