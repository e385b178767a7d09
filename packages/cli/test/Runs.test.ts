import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { Home } from "./process.ts"
import { withRun } from "./recorded.ts"
import { commandMatrix } from "./matrix.ts"

describe("aelyst runs", () => {
  it("says that there are none", async () => {
    using home = new Home()
    const { code, stdout, stderr } = await inside(["runs"], {
      env: { AELYST_STATE_DIR: home.path },
    })
    assert.deepStrictEqual([code, stdout, stderr], [0, "", "there are no runs\n"])
  })

  it("lists runs with their state, rows, host and file", async () => {
    using recorded = await withRun()
    const { id, runs } = recorded
    for (const args of [[], ["list"]]) {
      const { code, stdout, stderr } = await runs(...args)
      assert.deepStrictEqual([code, stderr], [0, ""])
      const [name, state, date = "", rows, host, file] = stdout.trimEnd().split("\t")
      assert.deepStrictEqual(
        [name, state, rows, host, file],
        [id, "unfinished", "1 of 5 exist", "api.aelyst.ai", "/data/leads.csv"],
      )
      assert.match(date, /^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    }
    const json = JSON.parse((await runs("--json")).stdout)
    assert.strictEqual(json.runs[0].id, id)
    assert.deepInclude(json.runs[0].counts, { total: 5, created: 1, rejected: 1, unknown: 1 })
  })

  it("shows a run, its counts and the rows in doubt", async () => {
    using recorded = await withRun()
    const { id, runs } = recorded
    const { stdout } = await runs("show", id)
    for (const line of [`run\t${id}`, "delivery\treport-only", "created\t1", "duplicate\t1"]) {
      assert.include(stdout.split("\n"), line)
    }
    assert.include(stdout, "in doubt\trow 3, line 4\n")
    const json = JSON.parse((await runs("show", id, "--json")).stdout)
    assert.deepStrictEqual(json.inDoubt, [{ row: 3, line: 4 }])
  })

  it("exports the outcome of each row as NDJSON and as CSV, without contact data", async () => {
    using recorded = await withRun()
    const { id, runs } = recorded
    const lines = (await runs("export", id)).stdout.trimEnd().split("\n")
    const rows = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "row")
    assert.deepStrictEqual(
      rows.map(({ number, state }) => [number, state]),
      [
        [1, "created"],
        [2, "rejected"],
        [3, "unknown"],
        [4, "planned"],
      ],
    )
    const { stdout: csv } = await runs("export", id, "--format", "csv")
    assert.deepStrictEqual(csv.split("\n").slice(0, 3), [
      "number,line,state,doubt,attempts,status,code,earlierRun",
      "1,2,created,false,1,200,,",
      "2,3,rejected,false,1,400,API_REJECTED,",
    ])
    assert.notInclude(lines.join("") + csv, "example.com")
  })

  it("verifies a journal", async () => {
    using recorded = await withRun()
    const { id, runs } = recorded
    const { code, stdout } = await runs("verify", id)
    assert.deepStrictEqual([code, stdout], [0, `${id} is sound: 4 rows, 3 attempts\n`])
  })

  it("says that there is no such run", async () => {
    using recorded = await withRun()
    const { code, stderr } = await recorded.runs("show", "r_none")
    assert.strictEqual(code, 2)
    assert.match(
      stderr,
      /^error: .*there is no such run.* {2}\[JOURNAL\]\n {2}fix: {3}List the runs/,
    )
  })
})

describe.concurrent("aelyst runs, wherever it runs", () => {
  commandMatrix("runs", ["pipe", "CI", "process"])
})
