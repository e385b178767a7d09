import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

describe.concurrent("a run of another token", () => {
  it("continues with any token if its own was never accepted", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(20)))
    const env = { AELYST_TOKEN: test.sandbox.tokens.unauthorized }
    const { code, stderr } = await test.run(["import", "a.csv", "--yes"], { env })
    assert.strictEqual(code, 10, stderr)
    assert.include(stderr, "Aelyst rejected the token (401)")
    assert.match(stderr, /20 not sent/)
    const [, resume = ""] = /Nothing is lost: aelyst (resume r_\w+)/.exec(stderr) ?? []
    const resumed = await test.run([...resume.split(" "), "--yes"])
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.include(resumed.stderr, "whose token was never accepted")
    assert.lengthOf(test.created(), 20)
    const { runs } = JSON.parse((await test.run(["runs", "--json"])).stdout)
    assert.deepStrictEqual(
      runs.map(({ state }: { state: string }) => state),
      ["finished"],
    )
    const again = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(again.code, 0, again.stderr)
    assert.include(again.stderr, "20 already there")
  })

  it("is imported again with the right token after a wrong one", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3)))
    const env = { AELYST_TOKEN: test.sandbox.tokens.unauthorized }
    assert.strictEqual((await test.run(["import", "a.csv", "--yes"], { env })).code, 10)
    const { code, stderr } = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(test.created(), 3)
  })

  it("says what to add if its token was accepted before it was rejected", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3), "Di,401@sandbox.test,,", ...people(16, 4)))
    const args = ["import", "a.csv", "--yes", "--concurrency", "1"]
    const { code, stderr } = await test.run(args)
    assert.strictEqual(code, 10, stderr)
    assert.match(
      stderr,
      /Nothing is lost: aelyst resume r_\w+ --allow-changed, with a token of the same account$/m,
    )
  })

  it("continues with another token of the same account if rows were sent", async () => {
    await using test = await importing({ extraTokens: { token_second: {} } })
    test.write("a.csv", csv(...people(20)))
    assert.strictEqual((await test.run(["import", "a.csv", "--yes", "--limit", "5"])).code, 0)
    const env = { AELYST_TOKEN: "token_second" }
    const other = await test.run(["resume", "--yes"], { env })
    assert.strictEqual(other.code, 2)
    assert.include(
      other.stderr,
      "was made with another token  [USAGE]\n  fix:   add --allow-changed",
    )
    const same = await test.run(["resume", "--yes", "--allow-changed"], { env })
    assert.strictEqual(same.code, 0, same.stderr)
    assert.lengthOf(test.created(), 20)
  })
})
