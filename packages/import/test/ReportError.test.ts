import { assert, describe, it } from "@effect/vitest"

import { ReportError, errnoOf } from "../src/report/ReportError.ts"

describe("ReportError", () => {
  it("says what is wrong and what to do", () => {
    const full = new ReportError({ path: "a.csv", reason: "system", errno: "ENOSPC" })
    assert.strictEqual(
      full.message,
      "a.csv: cannot write the file (ENOSPC); make room on the disk, or give a path on another one",
    )
    assert.strictEqual(
      new ReportError({ path: "a", reason: "directory" }).problem,
      "it is a directory",
    )
    assert.include(new ReportError({ path: "a", reason: "system" }).problem, "unknown error")
  })

  it("takes the code of an error of the file system", () => {
    assert.strictEqual(errnoOf(Object.assign(new Error("x"), { code: "EACCES" })), "EACCES")
    for (const other of [new Error("x"), { code: 5 }, null, "EACCES"]) {
      assert.isUndefined(errnoOf(other))
    }
  })
})
