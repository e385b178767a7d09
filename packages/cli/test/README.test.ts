import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Home, Running, bin } from "./process.ts"

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block)

let sandbox: Sandbox
const home = new Home()

beforeAll(async () => {
  sandbox = await Sandbox.start()
  const path = join(home.path, "bin")
  mkdirSync(path)
  writeFileSync(join(path, "aelyst"), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`)
  chmodSync(join(path, "aelyst"), 0o755)
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

describe("a block of the README", () => {
  it("is there at all", () => {
    assert.isAtLeast(blocks.length, 8)
  })
  for (const [index, block] of blocks.entries()) {
    it(`runs as it is written: ${index + 1}, ${block.split("\n")[0]}`, async () => {
      const { code, stdout, stderr } = await new Running("sh", ["-e", "-c", block], {
        cwd: home.path,
        env: {
          PATH: [join(home.path, "bin"), process.env["PATH"] ?? ""].join(delimiter),
          HOME: home.path,
          AELYST_TOKEN: "sandbox_ok",
          AELYST_BASE_URL: sandbox.baseUrl,
        },
      }).ended
      assert.strictEqual(code, 0, stdout + stderr)
      assert.notInclude(stderr, "error:")
    })
  }
})
