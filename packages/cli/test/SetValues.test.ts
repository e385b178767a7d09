import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { hashesOf } from "../src/import/SetValues.ts"
import { csv, importing, people } from "./importing.ts"

describe("hashesOf", () => {
  it("takes the last value of a field, whatever is in it", () => {
    assert.deepStrictEqual(
      hashesOf(["firstName=a", " firstName =x=y"]),
      hashesOf(["firstName=x=y"]),
    )
    assert.deepStrictEqual(Object.keys(hashesOf(["lastName=a", "language=ms"])), [
      "lastName",
      "language",
    ])
  })
})

const canary = "Quillfeather"

/** Imports the first of three rows, each with the value. */
const begun = async () => {
  const test = await importing()
  test.write("a.csv", csv(...people(3)))
  const args = ["import", "a.csv", "--yes", "--set", `lastName=${canary}`, "--limit", "1"]
  const { code, stderr } = await test.run(args)
  assert.strictEqual(code, 0, stderr)
  return { test, stderr }
}

describe.concurrent("the values of --set", () => {
  it("are neither in the journal nor on a screen that no person watches", async () => {
    const begin = await begun()
    await using test = begin.test
    const state = join(test.home.path, "state", "runs")
    const files = readdirSync(state).map((name) => readFileSync(join(state, name), "latin1"))
    assert.isNotEmpty(files)
    for (const text of [...files, begin.stderr]) assert.notInclude(text, canary)
    assert.include(begin.stderr, 'lastName ← "…" if empty')
    // and not in the WAL of a process that was killed
    assert.deepInclude(test.sandbox.contacts()[0], { lastName: canary })
  })

  it("must be given to resume again, as they were", async () => {
    const { test: importing_ } = await begun()
    await using test = importing_
    test.requests()
    const rejectedFor = async (says: string, ...set: ReadonlyArray<string>) => {
      const { code, stderr, stdout } = await test.run(["resume", "--yes", ...set])
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, /\[USAGE\]\n {2}fix: {3}/)
      assert.include(stderr, says)
      for (const value of [canary, "Zebedee"]) assert.notInclude(stderr, value)
    }
    await rejectedFor("was started with --set lastName, and its journal does not keep the value")
    await rejectedFor("--set lastName has another value", "--set", "lastName=Zebedee")
    const same = ["--set", `lastName=${canary}`]
    await rejectedFor("was started without --set language", ...same, "--set", "language=Zebedee")
    assert.strictEqual(test.requests(), 0)
    const { code, stderr } = await test.run(["resume", "--yes", ...same])
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(test.requests(), 2)
    for (const { lastName } of test.sandbox.contacts()) assert.strictEqual(lastName, canary)
  })

  it("are named by the command that continues a stopped run", async () => {
    const begin = await begun()
    await using test = begin.test
    assert.match(begin.stderr, /to send them: aelyst resume r_\w{4} --set lastName=…$/m)
    assert.strictEqual(test.requests(), 1)
  })
})
