import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"

describe("aelyst template", () => {
  it("prints a table with the names that are mapped by themselves", async () => {
    const { code, stdout, stderr } = await inside(["template"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.strictEqual(
      stdout.split("\n")[0],
      "First Name,Last Name,Email,Phone,Country,Language,Profile Pic",
    )
  })

  for (const args of [
    [],
    ["--format", "ndjson"],
    ["--preset", "hubspot"],
    ["--preset", "google"],
    ["--preset", "outlook"],
  ]) {
    it(`prints a file that imports as it is: ${args.join(" ") || "csv"}`, async () => {
      const { stdout: file } = await inside(["template", ...args])
      const { code, stdout, stderr } = await inside(["import", "-", "--check", "--json"], {
        stdin: file,
        env: { AELYST_STATE_DIR: process.env["TMPDIR"] ?? "/tmp" },
      })
      assert.strictEqual(code, 0, stderr)
      assert.deepInclude(JSON.parse(stdout), { ok: true, invalid: 0, duplicate: 0, foreign: 0 })
    })
  }

  it("suggests the format and the preset that were meant", async () => {
    const { code, stderr } = await inside(["template", "--preset", "hubspt"])
    assert.strictEqual(code, 2)
    assert.strictEqual(
      stderr,
      'error: invalid value "hubspt" for --preset: expected hubspot, google or outlook. Did you mean hubspot?  [USAGE]\n',
    )
  })
})

describe.concurrent("aelyst template, wherever it runs", () => {
  commandMatrix("template", ["pipe", "CI", "process"])
})
