import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

describe.concurrent("a run of another token", () => {
  it("stops with 10 when the token is rejected, and continues with another one of the same account", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(20)))
    const env = { AELYST_TOKEN: test.sandbox.tokens.unauthorized }
    const { code, stderr } = await test.run(["import", "a.csv", "--yes"], { env })
    assert.strictEqual(code, 10, stderr)
    assert.include(stderr, "Aelyst rejected the token (401)")
    assert.match(stderr, /20 not sent/)
    const other = await test.run(["resume", "--yes"])
    assert.strictEqual(other.code, 2)
    assert.include(
      other.stderr,
      "was made with another token  [USAGE]\n  fix:   add --allow-changed",
    )
    const same = await test.run(["resume", "--yes", "--allow-changed"])
    assert.strictEqual(same.code, 0, same.stderr)
    assert.lengthOf(test.created(), 20)
  })
})
