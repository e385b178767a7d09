import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"
import { commandMatrix } from "./matrix.ts"

describe.concurrent("aelyst resume", () => {
  it("continues the newest unfinished run, with its options, from any directory", async () => {
    await using test = await importing()
    test.write("a.csv", "Who,Email\nAna,ana@example.com\nBo,bo@example.com\n")
    const flags = ["--map", "firstName=Who", "--limit", "1"]
    await test.run(["import", "a.csv", "--yes", ...flags])
    assert.lengthOf(test.created(), 1)
    const { code, stderr } = await test.run(["resume", "--yes"], { env: { PWD: "/" } })
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(test.created(), 2)
    const none = await test.run(["resume", "--yes"])
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "error: there is no unfinished run  [USAGE]\n  runs:  aelyst runs")
  })

  it("takes the name of a run", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2)))
    const { stderr } = await test.run(["import", "a.csv", "--yes", "--limit", "1"])
    const [, id = ""] = /aelyst resume (r_\w{4})/.exec(stderr) ?? []
    assert.strictEqual((await test.run(["resume", id, "--yes"])).code, 0)
    const unknown = await test.run(["resume", "r_none", "--yes"])
    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.stderr, "unknown run r_none")
  })

  it("K9: refuses a file that has changed, and says what to do", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2)))
    await test.run(["import", "a.csv", "--yes", "--limit", "1"])
    test.write("a.csv", csv(...people(3)))
    const { code, stderr } = await test.run(["resume", "--yes"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "[INPUT_CHANGED]\n  fix:   ")
    const changed = await test.run(["resume", "--yes", "--allow-changed"])
    assert.strictEqual(changed.code, 0, changed.stderr)
    assert.strictEqual(test.requests(), 3)
  })

  it("cannot read standard input again", async () => {
    await using test = await importing()
    await test.run(["import", "-", "--yes", "--limit", "1"], { stdin: csv(...people(2)) })
    const { code, stderr } = await test.run(["resume", "--yes"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "read standard input, which cannot be read again")
  })
})

describe.concurrent("aelyst resume, wherever it runs", () => {
  commandMatrix("resume", ["pipe", "CI", "process"])
})
