import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

describe.concurrent("an import with a journal", () => {
  it("sends only the first rows for --limit, and the others when it is resumed", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(7)))
    const trial = await test.run(["import", "a.csv", "--yes", "--limit", "3"])
    assert.strictEqual(trial.code, 0, trial.stderr)
    assert.deepStrictEqual(
      test.created().toSorted(),
      [1, 2, 3].map((at) => `email:ana${at}@example.com`),
    )
    assert.include(trial.stderr, "4 rows left; to send them: aelyst resume r_")
    const rest = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(rest.code, 0)
    assert.lengthOf(test.created(), 7)
    assert.strictEqual(test.requests(), 7)
  })

  it("sends so many rows chosen at random for --sample", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(9)))
    assert.strictEqual((await test.run(["import", "a.csv", "--yes", "--sample", "2"])).code, 0)
    assert.strictEqual(test.requests(), 2)
  })

  it("stops at --max-errors with 10, and can be resumed", async () => {
    await using test = await importing()
    const rejected = Array.from({ length: 40 }, (_, at) => `Bo ${at},400+${at}@sandbox.test,,`)
    test.write("a.csv", csv(...people(3), "Bo,400@sandbox.test,,", ...rejected, ...people(50, 10)))
    const { sandbox } = test
    for (let at = 0; at < 40; at++) {
      sandbox.fail({ match: { identifier: `email:400+${at}@sandbox.test` }, status: 400 })
    }
    const args = ["import", "a.csv", "--yes", "--max-errors", "5", "--concurrency", "1"]
    const { code, stderr } = await test.run(args)
    assert.strictEqual(code, 10, stderr)
    assert.include(stderr, "as many rows were rejected or unknown as --max-errors allows")
    assert.match(stderr, /Nothing is lost: aelyst resume r_\w{4}/)
    assert.isBelow(test.requests(), 20)
  })

  it("stops with 10 if the API asks for waits longer than --max-wait, and can be resumed", async () => {
    await using test = await importing()
    const { sandbox } = test
    test.write("a.csv", csv(...people(100)))
    const { id } = sandbox.fail({ status: 429, retryAfter: 3_600 })
    const args = ["import", "a.csv", "--yes", "--concurrency", "4"]
    const { code, stderr } = await test.run(args)
    assert.strictEqual(code, 10, stderr)
    assert.match(stderr, /^Stopped after .* 100 rows = 0 created .* 100 not sent$/m)
    assert.include(stderr, "the API asks for a longer wait than --max-wait allows (429)")
    assert.match(stderr, /Nothing is lost: aelyst resume r_\w{4}/)
    // those that were in flight with the fifth
    assert.isAtMost(test.requests(), 5 + 3)
    sandbox.clearFaults(id)
    const resumed = await test.run(["resume", "--yes"])
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.lengthOf(test.created(), 100)
    assert.strictEqual(test.requests(), 100)
  })

  it("keeps no record with --no-journal", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2)))
    const args = ["import", "a.csv", "--yes", "--no-journal"]
    const { code, stderr } = await test.run(args)
    assert.strictEqual(code, 0, stderr)
    assert.isFalse(existsSync(join(test.home.path, "state", "runs")))
    assert.strictEqual((await test.run(args)).code, 0)
    assert.strictEqual(test.requests(), 4)
  })

  it("keeps its record in the directory of --journal, and finds it there", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2)))
    const args = ["import", "a.csv", "--yes", "--journal", "kept"]
    assert.strictEqual((await test.run(args)).code, 0)
    assert.isAtLeast(readdirSync(join(test.home.path, "kept")).length, 1)
    await test.run(args)
    assert.strictEqual(test.requests(), 2)
  })

  it("sends every row again with --fresh", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2)))
    await test.run(["import", "a.csv", "--yes"])
    const { code, stderr } = await test.run(["import", "a.csv", "--yes", "--fresh"])
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "2 rows = 0 created + 2 already there")
    assert.strictEqual(test.requests(), 4)
  })

  it("never skips a row for another host", async () => {
    await using test = await importing()
    await using other = await importing()
    test.write("a.csv", csv(...people(2)))
    await test.run(["import", "a.csv", "--yes"])
    const env = { AELYST_BASE_URL: other.sandbox.baseUrl }
    assert.strictEqual((await test.run(["import", "a.csv", "--yes"], { env })).code, 0)
    assert.lengthOf(other.created(), 2)
  })
})
