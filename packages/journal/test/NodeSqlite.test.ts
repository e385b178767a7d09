import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"

import { fileFailureOf, loadSqlite } from "../src/NodeSqlite.ts"

const sqlite = (errcode: number) =>
  Object.assign(new Error("SQLite"), { code: "ERR_SQLITE_ERROR", errcode })
const system = (code: string) => Object.assign(new Error(code), { code })

describe("fileFailureOf", () => {
  for (const [cause, problem, code] of [
    [sqlite(5), "locked", "SQLite error 5"],
    [sqlite(1_032), "read_only", "SQLite error 1032"],
    [sqlite(13), "full", "SQLite error 13"],
    [sqlite(14), "cannot_open", "SQLite error 14"],
    [sqlite(26), "not_a_database", "SQLite error 26"],
    [sqlite(1), "corrupt", "SQLite error 1"],
    [system("ENOSPC"), "full", "ENOSPC"],
    [system("ENOTDIR"), "not_a_file", "ENOTDIR"],
    [system("EIO"), "io", "EIO"],
    [system("EMFILE"), "too_many_files", "EMFILE"],
    [system("ENFILE"), "too_many_files", "ENFILE"],
  ] as const)
    it(`takes ${code} for ${problem}`, () => {
      assert.deepStrictEqual(fileFailureOf(cause), { problem, code })
    })

  it("knows no meaning of other errors", () => {
    assert.strictEqual(fileFailureOf(new TypeError("a wrong type")), undefined)
    assert.strictEqual(fileFailureOf(undefined), undefined)
  })
})

describe("loadSqlite", () => {
  it("loads node:sqlite without a warning, and leaves other warnings", () => {
    const url = new URL("../src/NodeSqlite.ts", import.meta.url).href
    const program = `import { loadSqlite } from ${JSON.stringify(url)}
      new (loadSqlite())(":memory:").close()
      process.emitWarning("another one")`
    const args = ["--input-type=module", "--eval", program]
    const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
    assert.include(stderr, "Warning: another one")
    assert.notInclude(stderr, "SQLite")
    assert.strictEqual(loadSqlite(), loadSqlite())
  })
})
