import { readdirSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"
import { Running, bin } from "./process.ts"

describe.concurrent("aelyst import --check", () => {
  it("writes the report that --report names, also if --on-invalid abort ends it", async () => {
    await using test = await importing()
    test.write("a.csv", csv("Ana,ana@example.com,,", "Bo,bo@,,"))
    const args = ["import", "a.csv", "--check", "--report", "a.json"]
    const { code, stderr } = await test.run([...args, "--rejects", "bad.csv"])
    assert.strictEqual(code, 3, stderr)
    assert.include(stderr, "report: a.json\n")
    const report = JSON.parse(test.read("a.json"))
    assert.deepInclude(report.check, { rows: 2, ready: 1, invalid: 1 })
    assert.deepStrictEqual([report.rejects, "totals" in report], ["bad.csv", false])
    assert.strictEqual((await test.run([...args, "--on-invalid", "abort"])).code, 3)
    assert.deepInclude(JSON.parse(test.read("a.2.json")).check, { rows: 2, invalid: 1 })
  })

  it("needs no token and no server, and leaves nothing behind", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3)))
    const env = { AELYST_TOKEN: "", AELYST_BASE_URL: "https://api.invalid" }
    const { code, stdout, stderr } = await test.run(["import", "a.csv", "--check"], { env })
    assert.deepStrictEqual([code, stdout], [0, ""])
    assert.include(stderr, "Checked  3 ready · 0 invalid\n")
    assert.isTrue(stderr.endsWith("nothing was sent (--check)\n"))
    assert.deepStrictEqual(readdirSync(test.home.path), ["a.csv"])
  })

  it("ends with 3 if rows are invalid, and writes them only to the file that it is given", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1), "Bo,bo@,,"))
    assert.strictEqual((await test.run(["import", "a.csv", "--check"])).code, 3)
    assert.deepStrictEqual(readdirSync(test.home.path), ["a.csv"])
    const { code, stderr } = await test.run(["import", "a.csv", "--check", "--rejects", "bad.csv"])
    assert.strictEqual(code, 3)
    assert.include(stderr, "bad.csv")
    assert.include(test.read("bad.csv"), "Bo,bo@,,,3,Email,EMAIL_INVALID")
  })

  it("P7: reads a file of 200,000 rows in a heap of 64 MB", async () => {
    await using test = await importing()
    test.write("a.csv", csv(people(200_000).join("\n")))
    const args = ["--max-old-space-size=64", bin, "import", "a.csv", "--check"]
    const { code, stderr } = await new Running(process.execPath, args, {
      cwd: test.home.path,
      env: test.env,
    }).ended
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "Checked  200,000 ready")
  })

  it("prints the counts as JSON", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2), "Bo,bo@,,", ...people(1)))
    const { code, stdout, stderr } = await test.run(["import", "a.csv", "--check", "--json"])
    assert.deepStrictEqual([code, stderr], [3, ""])
    assert.deepInclude(JSON.parse(stdout), {
      ok: false,
      check: true,
      file: "a.csv",
      rows: 4,
      ready: 2,
      invalid: 1,
      duplicate: 1,
    })
  })
})

describe.concurrent("-v", () => {
  it("shows the first rows as they would be sent, if values may be shown", async () => {
    await using test = await importing()
    test.write("a.csv", "First Name,Email,Seats\nAna,ana@example.com,12\n")
    const args = ["import", "a.csv", "--check", "--custom", "Seats:number", "-v"]
    assert.notInclude((await test.run(args)).stderr, "ana@example.com")
    const { stderr } = await test.run([...args, "--show-values"])
    assert.match(stderr, /^ {2}line 2 → \{"identifier":"email:ana@example\.com",/m)
    assert.match(stderr, /"Seats"[:,"value]*12/)
  })

  it("reports each attempt of an import", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1)))
    const { stderr } = await test.run(["import", "a.csv", "--yes", "-v"])
    assert.match(stderr, /^attempt 1: 200 after \d+/m)
  })
})

describe.concurrent("--on-invalid abort", () => {
  it("sends nothing if one row is invalid, and records no run", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3), "Bo,bo@,,"))
    const args = ["import", "a.csv", "--yes", "--on-invalid", "abort"]
    const { code, stderr } = await test.run(args)
    assert.strictEqual(code, 3)
    assert.include(stderr, "EMAIL_INVALID")
    assert.notInclude(stderr, "rejects")
    assert.isTrue(stderr.endsWith("nothing was sent (--on-invalid abort)\n"))
    const { code: jsonCode, stdout } = await test.run([...args, "--json"])
    assert.strictEqual(jsonCode, 3)
    assert.deepInclude(JSON.parse(stdout), { ok: false, check: false, rows: 4, invalid: 1 })
    assert.strictEqual(test.requests(), 0)
    assert.include((await test.run(["runs"])).stderr, "there are no runs")
  })
})
