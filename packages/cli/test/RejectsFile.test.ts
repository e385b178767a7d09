import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

describe.concurrent("the file of rejects", () => {
  it("makes exactly as many requests as rejects were fixed, and leaves those that were not", async () => {
    await using test = await importing()
    test.write("leads.csv", csv(...people(5), "Bo,bo@,,", "Cy,cy@,,", "Di,di@,,"))
    const first = await test.run(["import", "leads.csv", "--yes"])
    assert.strictEqual(first.code, 9)
    assert.strictEqual(test.requests(), 5)
    const rejects = test.read("leads.rejects.csv")
    assert.lengthOf(rejects.trimEnd().split("\n"), 4)
    test.write(
      "leads.rejects.csv",
      rejects.replace("bo@,", "bo@example.com,").replace("cy@,", "cy@example.com,"),
    )
    const second = await test.run(["import", "leads.rejects.csv", "--yes"])
    assert.strictEqual(second.code, 9)
    assert.strictEqual(test.requests(), 2)
    assert.include(second.stderr, "→ leads.rejects.2.csv")
    const left = test.read("leads.rejects.2.csv").trimEnd().split("\n")
    assert.deepStrictEqual([left.length, left[1]?.startsWith("Di,di@,,")], [2, true])
  })

  it("finds untouched rejects to be the same rejects", async () => {
    await using test = await importing()
    test.write("a.csv", csv("Bo,bo@,,", "Cy,,12-34,MY", ",di@example.com,,"))
    await test.run(["import", "a.csv", "--yes"])
    await test.run(["import", "a.rejects.csv", "--yes"])
    const cells = (name: string) =>
      test
        .read(name)
        .trimEnd()
        .split("\n")
        .map((line) => line.split(",").toSpliced(4, 1))
    assert.deepStrictEqual(cells("a.rejects.2.csv"), cells("a.rejects.csv"))
    assert.strictEqual(test.requests(), 0)
  })
})
