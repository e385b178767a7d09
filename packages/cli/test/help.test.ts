import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { exitTable } from "../src/ExitCode.ts"
import { inside } from "./inside.ts"
import { aelyst } from "./process.ts"

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
)

describe.concurrent("the version", () => {
  it("is the same from the fast way and from the program", async () => {
    for (const args of [["--version"], ["-V"], ["create", "--version"]]) {
      const { code, stdout, stderr } = await aelyst(args)
      assert.deepStrictEqual([code, stdout, stderr], [0, `aelyst v${manifest.version}\n`, ""])
    }
  })
})

describe.concurrent("help", () => {
  it("is on stdout when asked for, with every exit code", async () => {
    for (const args of [[], ["--help"], ["create", "-h"], ["auth", "login", "--help"]]) {
      const { code, stdout, stderr } = await inside(args)
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "USAGE")
      assert.notInclude(stdout, "\u001b")
      for (const { code: exit, meaning } of Object.values(exitTable)) {
        assert.include(stdout, `${String(exit).padStart(3)}  ${meaning.replaceAll("`", "")}`)
      }
    }
  })

  it("is two lines away from a command that is incomplete", async () => {
    const { code, stdout, stderr } = await aelyst(["auth"])
    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.match(
      stderr,
      /needs a command: login, status, logout.*\n.*usage: .*\n.*aelyst auth --help/,
    )
  })

  it("names no hidden command, and the hidden command works", async () => {
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

  it("suggests the flag that was meant, and never a token as an argument", async () => {
    const typo = await inside(["create", "id:1", "--frist-name", "A"])
    assert.include(typo.stderr, "unknown flag --frist-name. Did you mean --first-name?")
    const odd = await inside(["create", "id:1", "--\u001b[2J\u009b" + "x".repeat(200)])
    assert.strictEqual(odd.code, 2)
    assert.include(odd.stderr, String.raw`unknown flag --\x1b[2J\x9bxxx`)
    assert.isBelow(odd.stderr.length, 250)
    for (const args of [
      ["create", "id:1", "--token", "canary12"],
      ["create", "id:1", "--token=canary12"],
      ["canary12"],
      ["create", "id:1", "canary12"],
    ]) {
      const { code, stdout, stderr } = await inside(args)
      assert.strictEqual(code, 2)
      assert.notInclude(stdout + stderr, "canary12")
    }
  })
})

describe.concurrent("completions", () => {
  it("are a script for every shell, by command and by flag", async () => {
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

describe.concurrent("errors", () => {
  it("explains every code that it lists, and suggests one for a code that is none", async () => {
    const { stdout } = await inside(["errors"])
    const codes = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0] ?? "")
    assert.includeMembers(codes, ["NETWORK", "OUTCOME_UNKNOWN", "EMAIL_INVALID", "TOKEN_MISSING"])
    const one = await inside(["errors", "email_invalid"])
    assert.include(one.stdout, "exit 3")
    assert.include(one.stdout, "docs/errors.md#rules")
    const none = await inside(["errors", "EMAIL"])
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "EMAIL_INVALID")
  })
})
