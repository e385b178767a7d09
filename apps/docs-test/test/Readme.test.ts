import { beforeAll, describe, expect, it } from "vitest"
import { folderOf, isReadme, readmes, testBlocks, write } from "./readmes.ts"
import { compile } from "./typescript.ts"

describe("the READMEs and guides", () => {
  const folder = folderOf("compiled")
  beforeAll(() => write(folder))

  it("contain blocks to run, in every file", () => {
    expect(readmes.filter(({ blocks }) => blocks.length === 0).map(({ readme }) => readme)).toEqual(
      [],
    )
    expect(readmes.length).toBeGreaterThan(0)
    expect(readmes.map(({ readme }) => readme)).toContain("docs/migrating-from-fetch.md")
  })

  it("U1: contain nothing that the oldest supported Node.js cannot parse", () => {
    // Node.js 22 has no `using`, nor `await using`
    const lines = readmes.flatMap(({ readme, blocks }) =>
      blocks
        .filter(({ code, language }) => language !== "sh" && /^\s*(await )?using /m.test(code))
        .map(({ line }) => `${readme}:${line}`),
    )
    expect(lines).toEqual([])
  })

  it("U34: compile in every TypeScript block, without an unused parameter", async () => {
    expect(await compile(folder)).toBe("")
  })
})

testBlocks(folderOf("readmes"), { documents: isReadme, system: false })
