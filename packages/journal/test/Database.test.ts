import { assert, describe, it } from "@effect/vitest"
import { SqlError, UnknownError } from "effect/sql/SqlError"

import { errorOf } from "../src/Database.ts"

const failed = (cause: unknown) =>
  errorOf("leads", new SqlError({ reason: new UnknownError({ cause }) }))

describe("errorOf", () => {
  it("tells a lost connection from a statement that the server rejects, and quotes no message", () => {
    const cases = [
      ["42501", "denied"],
      ["42P01", "deleted"],
      ["42703", "sql_error"],
      ["22P02", "sql_error"],
      ["53100", "full"],
      ["55P03", "unavailable"],
      ["57P01", "unavailable"],
      ["ECONNREFUSED", "unavailable"],
    ] as const
    for (const [code, reason] of cases) {
      const error = failed(Object.assign(new Error("canary"), { code }))
      assert.strictEqual(error.reason, reason)
      assert.strictEqual(error.detail, code)
      assert.notInclude(error.message, "canary")
    }
    assert.strictEqual(failed(new Error("canary")).detail, undefined)
  })
})
