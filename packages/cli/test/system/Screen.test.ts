import { assert, describe, it } from "@effect/vitest"

import { terminal } from "../terminal.ts"

const { run } = terminal()

const person = ["--first-name", "Ana"]

describe.concurrent("in a terminal, the command", () => {
  it("prints a success as a coloured line for people", async () => {
    const { code, stdout } = await run(["create", "id:tty", ...person])
    assert.strictEqual(code, 0, stdout)
    assert.include(stdout, "\u001b[32m✔ Contact added\u001b[0m  id:tty  ")
    assert.match(stdout, /\(200, \d+ ms, \d+ of 100 requests left\)/)
  })

  it("prints no colours with NO_COLOR, and no symbols with --ascii", async () => {
    const { stdout } = await run(["create", "id:ascii", ...person, "--ascii"], {
      NO_COLOR: "1",
    })
    assert.include(stdout, "OK Contact added  id:ascii  (200")
    assert.notInclude(stdout, "\u001b")
  })

  it("prints rows in columns, without tabs", async () => {
    const { stdout } = await run(["config", "list", "--show-origin"])
    assert.notInclude(stdout, "\t")
    const at = stdout.split("\r\n").map((line) => line.search(/ (?:default|AELYST_BASE_URL)$/))
    assert.strictEqual(new Set(at.slice(0, 8)).size, 1, stdout)
  })

  it("ends a failure with the exit code of the table, and prints no colours with --json", async () => {
    for (const [id, exit] of [
      ["email:400@sandbox.test", 5],
      ["email:500@sandbox.test", 7],
      ["email:ana@", 3],
    ] as const) {
      const failed = await run(["create", id, ...person])
      assert.strictEqual(failed.code, exit, failed.stdout)
      assert.include(failed.stdout, "\u001b[31merror:\u001b[0m")
      const json = await run(["create", id, ...person, "--json"])
      assert.strictEqual(json.code, exit)
      assert.propertyVal(JSON.parse(json.stdout), "exitCode", exit)
    }
  })
})
