import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"

import { estimate } from "../src/import/Question.ts"

describe.concurrent("the question before contacts are created", () => {
  it("needs --yes off a terminal, and says so before anything is sent", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3)))
    const { code, stderr } = await test.run(["import", "a.csv"])
    assert.strictEqual(code, 2)
    assert.include(
      stderr,
      "error: creating 3 contacts needs a confirmation, and there is no terminal to ask on  [USAGE]\n" +
        "  fix:   add --yes, or look first with --check\n  nothing was sent\n",
    )
    assert.strictEqual(test.requests(), 0)
    // what was never confirmed is no run to resume
    assert.include((await test.run(["runs"])).stderr, "there are no runs")
  })
})

describe("estimate", () => {
  it("tells how long sending takes, by the ceiling of the user or the example of the API", () => {
    assert.strictEqual(estimate(1_163), "About 1m56s at 10/s")
    assert.strictEqual(estimate(1_163, 5), "About 3m53s at 5/s")
    assert.strictEqual(estimate(1), "About 1s at 10/s")
  })
})
