import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"
import { commandMatrix } from "./matrix.ts"

describe.concurrent("aelyst mapping", () => {
  it("shows on stdout how a file is read and what its columns are, and checks no row", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1), "Bo,bo@,,"))
    const { code, stdout, stderr } = await test.run(["mapping", "a.csv"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.strictEqual(
      stdout,
      [
        'Reading a.csv  2 rows · UTF-8 · "," separated',
        'Columns  firstName ← "First Name"',
        '         email ← "Email"',
        '         phone ← "Phone"',
        '         countryCode ← "Country"',
        "         identified by phone, else email",
        "",
      ].join("\n"),
    )
  })

  it("saves a mapping that the next import uses", async () => {
    await using test = await importing()
    test.write("a.csv", "Who,Where\nAna,ana@example.com\n")
    const flags = ["--map", "firstName=Who", "--map", "email=Where"]
    const saved = await test.run(["mapping", "a.csv", ...flags, "--save-map", "map.json"])
    assert.strictEqual(saved.code, 0, saved.stderr)
    const imported = await test.run(["import", "a.csv", "--yes", "--map-file", "map.json"])
    assert.strictEqual(imported.code, 0, imported.stderr)
    assert.deepStrictEqual(test.created(), ["email:ana@example.com"])
    test.write("bad.json", '{"version":1,"feilds":{}}')
    const bad = await test.run(["import", "a.csv", "--check", "--map-file", "bad.json"])
    assert.strictEqual(bad.code, 2)
    assert.include(bad.stderr, "did you mean fields?")
  })

  it("prints JSON, and only the names of the columns for completions", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1)))
    const { stdout } = await test.run(["mapping", "a.csv", "--json"])
    const json = JSON.parse(stdout)
    assert.deepInclude(json.table, { format: "csv", delimiter: ",", headerLine: 1 })
    assert.deepStrictEqual(json.mapping.fields.phone, ["Phone"])
    const names = await test.run(["mapping", "a.csv", "--columns"])
    assert.strictEqual(names.stdout, "First Name\nEmail\nPhone\nCountry\n")
  })

  it("shows columns of standard input", async () => {
    await using test = await importing()
    const stdin = csv(...people(1))
    const { code, stdout } = await test.run(["mapping", "-", "--columns"], { stdin })
    assert.deepStrictEqual([code, stdout.split("\n")[0]], [0, "First Name"])
  })
})

describe.concurrent("aelyst mapping, wherever it runs", () => {
  commandMatrix("mapping", ["pipe", "CI", "process"])
})
