import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"

describe.concurrent("aelyst errors", () => {
  it("lists codes, explains one, and suggests one for an unknown code", async () => {
    const { stdout } = await inside(["errors"])
    const codes = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0] ?? "")
    assert.includeMembers(codes, ["NETWORK", "OUTCOME_UNKNOWN", "EMAIL_INVALID", "TOKEN_MISSING"])
    const one = await inside(["errors", "email_invalid"])
    assert.include(one.stdout, "exit 3")
    assert.include(one.stdout, "docs/errors.md#rules")
    const none = await inside(["errors", "EMAIL"])
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "EMAIL_INVALID")
  })

  it("says where to find all codes, and shows no text that is not a code", async () => {
    const unknown = await inside(["errors", "QQQ"])
    assert.include(unknown.stderr, "error: unknown code QQQ  [USAGE]")
    assert.include(unknown.stderr, "all codes: aelyst errors")
    const value = await inside(["errors", "ana@example.com"])
    assert.include(value.stderr, "error: unknown code  [USAGE]")
  })

  commandMatrix("errors", ["pipe", "CI", "process"])
})
