import { beforeAll, describe, expect, it } from "vitest"
import { folderOf, readmes, testBlocks, write } from "./readmes.ts"
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

  it("compile in every TypeScript block", async () => {
    expect(await compile(folder)).toBe("")
  })
})

testBlocks(folderOf("run"), false)
