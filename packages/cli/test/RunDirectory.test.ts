import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { Home } from "./process.ts"

describe.concurrent("the directory of the runs", () => {
  it("must be named if there is no home", async () => {
    const { code, stderr } = await inside(["runs"])
    assert.strictEqual(code, 2)
    assert.strictEqual(
      stderr,
      "error: there is no home directory to keep the journal in  [USAGE]\n" +
        "  fix:   set AELYST_STATE_DIR, or give --journal <directory>\n",
    )
  })

  it("is reported in words if it cannot be used", async () => {
    using home = new Home()
    writeFileSync(join(home.path, "file"), "")
    writeFileSync(join(home.path, "a.csv"), "First Name,Email\nAna,ana@example.com\n")
    const env = {
      AELYST_STATE_DIR: join(home.path, "file"),
      AELYST_TOKEN: "sandbox_ok",
      AELYST_BASE_URL: "http://127.0.0.1:1/v1",
    }
    const args = ["import", join(home.path, "a.csv"), "--yes"]
    const { code, stderr } = await inside(args, { env, cwd: home.path })
    assert.strictEqual(code, 2, stderr)
    assert.match(stderr, /^error: .* {2}\[JOURNAL\]\n {2}fix: {3}/m)
  })
})
