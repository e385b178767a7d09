import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { check } from "../src/StateDirectory.ts"
import { Home } from "./process.ts"

describe("check", () => {
  it("writes a file and removes it again", () => {
    using home = new Home()
    assert.deepStrictEqual(check(home.path), { usable: true, exists: true })
    assert.lengthOf(readdirSync(home.path), 0)
  })

  it("creates nothing for a directory that does not exist yet", () => {
    using home = new Home()
    assert.deepStrictEqual(check(join(home.path, "a", "b")), { usable: true, exists: false })
    assert.lengthOf(readdirSync(home.path), 0)
  })

  it("U22 says why a directory cannot be used", () => {
    using home = new Home()
    const file = join(home.path, "file")
    writeFileSync(file, "")
    assert.deepStrictEqual(check(file), { usable: false, reason: "not a directory" })
    assert.deepInclude(check(join(file, "below")), { usable: false })
    // no user can make a directory there, whatever the permissions say
    if (existsSync("/proc/self")) assert.deepInclude(check("/proc/aelyst"), { usable: false })
  })
})
