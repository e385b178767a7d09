import { assert, describe, it } from "@effect/vitest"

import * as Reports from "../src/Report.ts"
import { reportOf } from "../src/SandboxReport.ts"

describe("reportOf", () => {
  it.each([
    [2, "USAGE", "usage"],
    [8, "NETWORK", "network"],
    [127, "USAGE", "usage"],
  ] as const)("keeps the exit code %d, and has the code %s", (exit, code, name) => {
    const report = reportOf({ exit, message: "wrong", hints: ["fix"] })
    assert.deepInclude(report, { code, exit: name, headline: "wrong", details: ["fix"] })
    assert.strictEqual(Reports.exitCodeOf(report), exit)
  })
})
