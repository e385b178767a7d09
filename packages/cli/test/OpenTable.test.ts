import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

describe.concurrent("a file that cannot be opened as a table", () => {
  it("is named, with its fault and the fix", async () => {
    await using test = await importing()
    const missing = await test.run(["import", "nowhere.csv", "--check"])
    assert.strictEqual(missing.code, 2)
    assert.match(
      missing.stderr,
      /^error: cannot read "nowhere\.csv" \(ENOENT\) {2}\[FILE\]\n {2}fix: {3}/,
    )
    test.write("empty.csv", "")
    const empty = await test.run(["import", "empty.csv", "--check"])
    assert.match(empty.stderr, /^error: "empty\.csv" is empty {2}\[FILE\]/)
    test.write("old.xls", Buffer.from("d0cf11e0a1b11ae1", "hex"))
    const old = await test.run(["import", "old.xls", "--check"])
    assert.match(old.stderr, /^error: "old\.xls" is .* {2}\[FILE\]\n {2}fix: {3}.*xlsx/)
  })

  it("names the place of a syntax error", async () => {
    await using test = await importing()
    test.write("a.csv", csv("Ana,ana@example.com,,", 'B"o,"bo@example.com'))
    const { code, stderr } = await test.run(["import", "a.csv", "--check"])
    assert.strictEqual(code, 2, stderr)
    assert.match(stderr, /^error: a\.csv: .* line \d+ /m)
  })
})

describe.concurrent("columns that cannot be mapped", () => {
  it("are answered with the flag to paste", async () => {
    await using test = await importing()
    test.write("a.csv", "Pet,Email\nRex,ana@example.com\n")
    const { code, stderr } = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(code, 2)
    assert.strictEqual(
      stderr,
      "error: a.csv: no column holds the first name, which every contact needs  [MAPPING]\n" +
        "  fix:   --map 'firstName=Column', or --set firstName=Friend\n" +
        "  columns: aelyst mapping a.csv\n",
    )
  })

  it("are named all at once", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(1)))
    const flags = ["--map", "phone=Mobil", "--ignore", "Lnguage"]
    const { code, stderr } = await test.run(["import", "a.csv", "--check", ...flags])
    assert.strictEqual(code, 2)
    assert.include(stderr, "Mobil")
    assert.include(stderr, "Lnguage")
  })
})

describe.concurrent("a header below other rows", () => {
  const report = `Export of 2026-11-28\n\n${csv(...people(2))}`
  it("is found, and must be confirmed by its flag off a terminal", async () => {
    await using test = await importing()
    test.write("a.csv", report)
    const guessed = await test.run(["import", "a.csv", "--yes"])
    assert.strictEqual(guessed.code, 2)
    assert.include(guessed.stderr, "the header seems to be on line 3")
    assert.include(guessed.stderr, "fix:   add --header-line 3")
    const given = await test.run(["import", "a.csv", "--yes", "--header-line", "3"])
    assert.strictEqual(given.code, 0, given.stderr)
    assert.lengthOf(test.created(), 2)
  })
})
