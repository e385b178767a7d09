import { mkdirSync, readdirSync, rmdirSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

const leads = [
  "Record ID;First Name;Mobile;Email;Country/Region",
  "1;Ana;012-345 6789;ana@example.com;Malaysia",
  "2;Bo;12-34;;MY",
  "3;Cy;;cy@example.com;Malayisa",
  "4;Di;;di@example.com;",
  "5;Di;;di@EXAMPLE.com;",
  "",
].join("\r\n")

describe.concurrent("the end of an import", () => {
  it("prints the summary as one line of JSON, without values, and nothing else", async () => {
    await using test = await importing()
    test.write("leads.csv", leads)
    const { code, stdout, stderr } = await test.run(["import", "leads.csv", "--yes", "--json"])
    assert.deepStrictEqual([code, stderr], [9, ""])
    const json = JSON.parse(stdout)
    assert.deepInclude(json, {
      schemaVersion: 1,
      ok: false,
      rows: 5,
      created: 2,
      invalid: 2,
      duplicate: 1,
      rejected: 0,
      unknown: 0,
      not_sent: 0,
      rejects: "leads.rejects.csv",
      report: "leads.report.json",
      exitCode: 9,
    })
    assert.match(json.run, /^r_\w{4}$/)
    const all = stdout + test.read("leads.report.json")
    for (const value of ["ana@", "12-34", "Malayisa", "Ana", "0123"]) assert.notInclude(all, value)
  })

  it("says what was sent, and that the file has changed, if it is cut while it is sent (K9)", async () => {
    await using test = await importing({ limit: 20, windowMs: 1_000 })
    // more than is read ahead
    const text = csv(...people(200).map((row) => `${row}${" ".repeat(500)}`))
    const file = test.write("a.csv", text)
    const running = test.run(["import", "a.csv", "--yes", "--concurrency", "2", "--json"])
    await test.sandbox.waitFor(() => test.created().length >= 5, { timeoutMs: 60_000 })
    truncateSync(file, text.indexOf("Ana 9,"))
    const { code, stdout, stderr } = await running
    assert.strictEqual(code, 10, stderr)
    const summary = JSON.parse(stdout)
    const created = test.created().length
    assert.deepInclude(summary, { rows: 200, created, not_sent: 200 - created, exitCode: 10 })
    assert.isBelow(created, 200)
    const { error, exitCode } = JSON.parse(stderr)
    assert.deepStrictEqual([error.code, exitCode], ["INPUT_CHANGED", 10])
    assert.notProperty(error, "outcome")
  })

  it("names no run to resume if the file has other rows now", async () => {
    await using test = await importing({ limit: 20, windowMs: 1_000 })
    const text = csv(...people(200).map((row) => `${row}${" ".repeat(500)}`))
    const file = test.write("a.csv", text)
    const running = test.run(["import", "a.csv", "--yes", "--concurrency", "2"])
    await test.sandbox.waitFor(() => test.created().length >= 5, { timeoutMs: 60_000 })
    writeFileSync(file, text.replaceAll("Ana", "Bea"))
    const { code, stderr } = await running
    assert.strictEqual(code, 10, stderr)
    assert.include(stderr, "[INPUT_CHANGED]")
    assert.include(stderr, "  Nothing is lost: run the same command again\n")
  })

  it("tells what was sent, and which file could not be written, if a directory has gone", async () => {
    await using test = await importing({ limit: 20, windowMs: 1_000 })
    test.write("a.csv", csv(...people(30)))
    const directory = join(test.home.path, "reports")
    mkdirSync(directory)
    const running = test.run(["import", "a.csv", "--yes", "--json", "--report", "reports/a.json"])
    await test.sandbox.waitFor(() => test.created().length >= 5, { timeoutMs: 60_000 })
    rmdirSync(directory)
    const { code, stdout, stderr } = await running
    assert.strictEqual(code, 2, stderr)
    const summary = JSON.parse(stdout)
    assert.deepInclude(summary, { ok: false, rows: 30, created: 30, report: null, exitCode: 2 })
    const { error, exitCode } = JSON.parse(stderr)
    assert.deepStrictEqual([error.code, exitCode], ["FILE", 2])
    assert.notProperty(error, "outcome")
  })

  it.each(["--rejects", "--report"])("sends nothing if %s cannot be written", async (flag) => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1)))
    for (const path of ["missing/a", "/dev/null"]) {
      const { code, stderr } = await test.run(["import", "a.csv", "--yes", flag, path])
      assert.strictEqual(code, 2)
      assert.include(stderr, `${path}: `)
    }
    assert.strictEqual(test.requests(), 0)
    assert.notInclude(readdirSync(test.home.path), "state")
  })

  it("writes no file that was not wanted", async () => {
    await using test = await importing()
    test.write("leads.csv", leads)
    const flags = ["--rejects", "none", "--report", "none"]
    const { code, stderr } = await test.run(["import", "leads.csv", "--yes", ...flags])
    assert.strictEqual(code, 9)
    assert.deepStrictEqual(readdirSync(test.home.path).toSorted(), ["leads.csv", "state"])
    assert.notInclude(stderr, "report:")
  })

  it("lists rows that the API rejected, with its message in the file of rejects only", async () => {
    await using test = await importing()
    test.write("a.csv", "First Name,Email\nAna,ana@example.com\nCy,400@sandbox.test\n")
    const { code, stderr } = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(code, 9)
    assert.include(stderr, "  line 3  ")
    assert.match(stderr, /line 3 +API_REJECTED +the API rejected the contact \(400\)$/m)
    assert.include(
      test.read("a.rejects.csv"),
      "the API rejected the contact (400): Validation error.",
    )
  })
})
