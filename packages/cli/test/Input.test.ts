import { execFileSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

describe.concurrent("aelyst import -", () => {
  it("reads standard input twice, and keeps no copy", async () => {
    await using test = await importing()
    const stdin = csv(...people(3))
    const args = ["import", "-", "--yes"]
    assert.strictEqual((await test.run(args, { stdin })).code, 0)
    assert.lengthOf(test.created(), 3)
    assert.deepStrictEqual(readdirSync(join(test.home.path, "state", "spool")), [])
    const again = await test.run(args, { stdin })
    assert.strictEqual(again.code, 0)
    assert.strictEqual(test.requests(), 3)
  })

  it("reads a named pipe as it reads standard input", async () => {
    if (process.platform === "win32") return
    await using test = await importing()
    const pipe = join(test.home.path, "pipe")
    execFileSync("mkfifo", [pipe])
    const [{ code, stderr }] = await Promise.all([
      test.run(["import", "pipe", "--yes"]),
      writeFile(pipe, csv(...people(2), "Bo,bo@,,")),
    ])
    assert.strictEqual(code, 9, stderr)
    assert.lengthOf(test.created(), 2)
    assert.include(test.read("stdin.rejects.csv"), "Bo,bo@")
    assert.deepStrictEqual(readdirSync(join(test.home.path, "state", "spool")), [])
    const { stderr: refused } = await test.run(["resume"])
    assert.include(refused, "there is no unfinished run")
  })

  it("cannot share standard input with the token", async () => {
    await using test = await importing()
    const { code, stderr } = await test.run(["import", "-", "--yes", "--token-stdin"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "- and --token-stdin cannot both read standard input")
  })
})
