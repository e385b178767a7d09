import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"
import { importEnds } from "./importEnds.ts"
import { commandMatrix } from "./matrix.ts"

const leads = [
  "Record ID;First Name;Mobile;Email;Country/Region",
  "1;Ana;012-345 6789;ana@example.com;Malaysia",
  "2;Bo;12-34;;MY",
  "3;Cy;;cy@example.com;Malayisa",
  "4;Di;;di@example.com;",
  "5;Di;;di@EXAMPLE.com;",
  "",
].join("\r\n")

describe.concurrent("aelyst import", () => {
  it("refuses a file that the workers of a database would not write", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1)))
    const env = { AELYST_STORE: "postgres://127.0.0.1:1/unused" }
    for (const flag of ["--report", "--rejects"]) {
      const { code, stderr } = await test.run(["import", "a.csv", "--yes", flag, "out"], { env })
      assert.strictEqual(code, 2)
      assert.include(stderr, `${flag} needs --follow`)
    }
  })

  it("checks every row, creates those that are valid, and says the outcome of each", async () => {
    await using test = await importing()
    test.write("leads.csv", leads)
    const { code, stdout, stderr } = await test.run(["import", "leads.csv", "--yes"])
    assert.deepStrictEqual([code, stdout], [9, ""])
    // a slow machine takes longer, and then the rate is told, too
    const steady = stderr
      .replace(/Done in (?:\d+ ms|\w+)/, "Done in 1s")
      .replace(/ {3}average [\d.]+\/s/, "")
    const lines = steady.split("\n")
    assert.deepStrictEqual(lines, [
      'Reading leads.csv  5 rows · UTF-8 · ";" separated',
      'Columns  firstName ← "First Name"',
      '         phone ← "Mobile"',
      '         email ← "Email"',
      '         countryCode ← "Country/Region"',
      "         identified by phone, else email",
      '         not sent: "Record ID"',
      "Checked  2 ready · 2 invalid · 1 duplicate inside the file",
      lines[8],
      '  line 3  col "Mobile"          PHONE_INVALID    too short for MY',
      '  line 4  col "Country/Region"  COUNTRY_UNKNOWN  did you mean Malaysia (MY)?',
      "  all in leads.rejects.csv",
      lines[12],
      "Done in 1s   5 rows = 2 created + 2 invalid + 1 duplicate + 0 rejected + 0 unknown + 0 not sent",
      "  2 rows → leads.rejects.csv      correct them, then: aelyst import leads.rejects.csv",
      "  report: leads.report.json   2 requests",
      "",
    ])
    assert.deepStrictEqual(test.created(), ["phone:+60123456789", "email:di@example.com"])
  })

  it("ends with 0 if every contact exists, and sends nothing the second time", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(20)))
    const first = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(first.code, 0, first.stderr)
    assert.strictEqual(test.requests(), 20)
    const second = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(second.code, 0)
    assert.match(
      second.stderr,
      /^Found run r_\w{4} of this file: 20 of 20 rows already exist; they are skipped\.$/m,
    )
    assert.include(second.stderr, "20 rows = 0 created + 20 already there")
    assert.strictEqual(test.requests(), 0)
  })

  it("sends nothing for rows that exist if the file was saved again otherwise", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(5)))
    await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(test.requests(), 5)
    const rows = people(6)
      .toReversed()
      .map((row) => row.replaceAll(",", ";"))
    test.write("again.csv", `\uFEFF${["First Name;Email;Phone;Country", ...rows].join("\r\n")}\r\n`)
    const { code, stderr } = await test.run(["import", "again.csv", "--yes"])
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "Earlier runs have sent 5 of 6 rows; they are skipped.")
    assert.strictEqual(test.requests(), 1)
  })

  it("works with only variables, and an empty home", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1)))
    const { code, stderr } = await test.run(["import", "a.csv", "--yes", "--quiet"])
    assert.deepStrictEqual([code, stderr], [0, ""])
  })

  it("shows the value of a cell only if --show-values asks for it", async () => {
    await using test = await importing()
    test.write("leads.csv", leads)
    const hidden = await test.run(["import", "leads.csv", "--check"])
    assert.notInclude(hidden.stderr, "12-34")
    const shown = await test.run(["import", "leads.csv", "--check", "--show-values"])
    assert.include(shown.stderr, '"12-34"')
  })
})

describe.concurrent("aelyst import, wherever it runs", () => {
  importEnds(["pipe", "CI", "process"])
  commandMatrix("import", ["pipe", "CI", "process"])
})
