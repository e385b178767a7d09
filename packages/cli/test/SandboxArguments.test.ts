import { assert, describe, it } from "@effect/vitest"

import { sandboxArguments } from "../src/SandboxArguments.ts"
import { aelyst } from "./process.ts"

describe("sandboxArguments", () => {
  it.each([
    [["sandbox"], []],
    [
      ["sandbox", "exec", "--", "npm", "--json"],
      ["exec", "--", "npm", "--json"],
    ],
    [
      ["--json", "sandbox", "exec", "--", "x"],
      ["exec", "--", "x"],
    ],
    [
      ["-q", "--no-color", "sandbox", "reset"],
      ["-q", "--no-color", "reset"],
    ],
    [["sandbox", "reset", "--json"], ["reset"]],
    [
      ["help", "sandbox", "fault"],
      ["help", "fault"],
    ],
    [["sandbox", "help"], ["help"]],
  ])("U31 turns %j into %j", (args, expected) => {
    assert.deepStrictEqual(sandboxArguments(args), expected)
  })

  it("leaves other commands alone", () => {
    for (const args of [
      [],
      ["--json"],
      ["create", "sandbox"],
      ["--profile", "sandbox"],
      ["help"],
    ]) {
      assert.isUndefined(sandboxArguments(args))
    }
  })
})

describe.concurrent("aelyst --json sandbox", () => {
  it("U31 runs the command after exec, and returns its exit code", async () => {
    const print = ["-e", "console.log(process.env.AELYST_TOKEN); process.exit(7)"]
    const args = ["--json", "sandbox", "exec", "--", process.execPath, ...print]
    assert.deepInclude(await aelyst(args), { code: 7, stdout: "sandbox_ok\n", stderr: "" })
  })

  it("U30 reports what is wrong as JSON, with the exit code", async () => {
    const wrong = await aelyst(["--json", "sandbox", "--limt", "3"])
    assert.strictEqual(wrong.code, 2)
    const { error, exitCode } = JSON.parse(wrong.stderr)
    assert.deepStrictEqual(
      [error.code, error.message, exitCode],
      ["USAGE", "unknown flag --limt. Did you mean --limit?", 2],
    )
    const none = await aelyst(["sandbox", "--json", "exec", "--", "no-such-command-of-ours"])
    assert.strictEqual(none.code, 127)
    assert.strictEqual(JSON.parse(none.stderr).exitCode, 127)
  })
})
