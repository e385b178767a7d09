import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { folderOf, readmes, testBlocks, write } from "./readmes.ts"

const run = promisify(execFile)

describe("the READMEs and guides", () => {
  const folder = folderOf("compiled")
  beforeAll(() => {
    write(folder)
    const config = {
      extends: "../../../../tsconfig.base.json",
      compilerOptions: {
        composite: false,
        declarationMap: false,
        noEmit: true,
        rewriteRelativeImportExtensions: false,
        allowImportingTsExtensions: true,
        noUnusedLocals: false,
        noUnusedParameters: false,
        noPropertyAccessFromIndexSignature: false,
        types: ["node"],
        lib: ["es2023", "dom"],
      },
      include: ["*.ts"],
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  })

  it("hold blocks to run in every file", () => {
    expect(readmes.filter(({ blocks }) => blocks.length === 0).map(({ readme }) => readme)).toEqual(
      [],
    )
    expect(readmes.length).toBeGreaterThan(0)
    expect(readmes.map(({ readme }) => readme)).toContain("docs/migrating-from-fetch.md")
  })

  it("compile in every block of TypeScript", { timeout: 60_000 }, async () => {
    const output = await run("tsc", ["-p", folder, "--pretty", "false"]).then(
      () => "",
      (error: { readonly stdout: string; readonly message: string }) =>
        error.stdout || error.message,
    )
    expect(output).toBe("")
  })
})

testBlocks(folderOf("run"), false)
