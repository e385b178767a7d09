import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

const wrong: ReadonlyArray<readonly [flags: ReadonlyArray<string>, message: string]> = [
  [
    ["--format", "xls"],
    'invalid value "xls" for --format: expected csv, tsv, ndjson, json or xlsx',
  ],
  [["--date-format", "myd"], "for --date-format: expected ymd, dmy or mdy"],
  [["--on-invalid", "skip"], "for --on-invalid: expected reject, drop-field or abort"],
  [["--on-duplicate", "frist"], "Did you mean first?"],
  [["--preset", "hubspt"], "Did you mean hubspot?"],
  [["--limit", "0"], "for --limit: expected an integer of at least 1"],
  [["--limit", "1", "--sample", "1"], "--limit and --sample exclude each other"],
  [["--max-errors", "some"], "for --max-errors: expected a number of rows such as 50"],
  [["--header-line", "2", "--no-header"], "--header-line and --no-header exclude each other"],
  [["--stream"], "--stream reads standard input; give - as the file"],
  [["--no-journal", "--journal", "x"], "--no-journal and --journal exclude each other"],
  [["--delivery", "maybe"], "for --delivery: expected at-most-once or natural-key"],
  [["--map", "fistName=Phone"], "Did you mean firstName"],
  [["--progress", "some"], "for --progress: expected auto, bar, plain or none"],
]

describe.concurrent("a wrong option of an import", () => {
  for (const [flags, message] of wrong) {
    it(`is answered in words, and nothing is sent: ${flags.join(" ")}`, async () => {
      await using test = await importing()
      test.write("a.csv", csv(...people(1)))
      const { code, stdout, stderr } = await test.run(["import", "a.csv", "--yes", ...flags])
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, /^error: .* {2}\[(?:USAGE|MAPPING)\]$/m)
      assert.include(stderr.replaceAll("did you mean", "Did you mean"), message)
      assert.strictEqual(test.requests(), 0)
    })
  }
})

const deliveryOf = async (args: ReadonlyArray<string>, env = {}) => {
  await using test = await importing()
  test.write("a.csv", csv(...people(1)))
  const imported = await test.run(["import", "a.csv", "--yes", ...args], { env })
  assert.strictEqual(imported.code, 0, imported.stderr)
  const { runs } = JSON.parse((await test.run(["runs", "--json"])).stdout)
  return runs[0].delivery
}

describe.concurrent("the delivery of an import", () => {
  it("is natural-key, unless a flag or a variable names another", async () => {
    assert.strictEqual(await deliveryOf([]), "natural-key")
    assert.strictEqual(await deliveryOf(["--delivery", "report-only"]), "report-only")
    const env = { AELYST_DELIVERY: "at-most-once" }
    assert.strictEqual(await deliveryOf([], env), "at-most-once")
    assert.strictEqual(await deliveryOf(["--delivery", "natural-key"], env), "natural-key")
  })
})
