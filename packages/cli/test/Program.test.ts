import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"
import { aelyst } from "./process.ts"

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
)

describe.concurrent("--version", () => {
  it("prints the same with and without loading the program", async () => {
    for (const args of [["--version"], ["-V"], ["create", "--version"]]) {
      const { code, stdout, stderr } = await aelyst(args)
      assert.deepStrictEqual([code, stdout, stderr], [0, `aelyst v${manifest.version}\n`, ""])
    }
  })
})

describe.concurrent("the tree of commands", () => {
  it("runs `contacts create`, which no help lists", async () => {
    assert.notInclude((await aelyst(["--help"])).stdout, "contacts  ")
    const { code, stdout } = await aelyst([
      "contacts",
      "create",
      "id:1",
      "--first-name",
      "A",
      "--dry-run",
    ])
    assert.strictEqual(code, 0)
    assert.include(stdout, "POST https://api.aelyst.ai/v1/contact/id:1")
  })

  it("says where the flags of the sandbox go", async () => {
    const { code, stderr } = await inside(["--profile", "a", "sandbox", "start"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "sandbox does not have the flag --profile")
    assert.include(stderr, "help:  aelyst sandbox --help")
  })

  it("is verbose with AELYST_LOG=info, without a flag", async () => {
    const env = {
      AELYST_LOG: "info",
      AELYST_TOKEN: "sandbox_ok",
      AELYST_BASE_URL: "http://127.0.0.1:1/v1",
    }
    const args = ["create", "id:1", "--first-name", "A", "--retries", "0"]
    const { code, stderr } = await inside(args, { env })
    assert.strictEqual(code, 8)
    assert.match(stderr, /^attempt 1: ECONNREFUSED after /m)
    assert.notInclude(
      (await inside(args, { env: { ...env, AELYST_LOG: "error" } })).stderr,
      "attempt 1",
    )
  })
})

describe.concurrent("aelyst completions", () => {
  it("prints a script for every shell, as a command and as a flag", async () => {
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      const { code, stdout } = await inside(["completions", shell])
      assert.strictEqual(code, 0)
      assert.include(stdout, "first-name")
    }
    const [command, flag] = [
      await aelyst(["completions", "zsh"]),
      await aelyst(["--completions", "zsh"]),
    ]
    assert.strictEqual(command.stdout, flag.stdout)
    assert.strictEqual((await inside(["completions", "tcsh"])).code, 2)
  })
})

describe.concurrent("aelyst completions, by mode", () => {
  commandMatrix("completions", ["pipe", "CI", "process"])
})
