import { assert, describe, it } from "@effect/vitest"

import { withRun } from "./recorded.ts"

describe("aelyst runs", () => {
  it("resolves a row in doubt as a person found it, and then only rows in doubt", async () => {
    using recorded = await withRun()
    const { id, runs } = recorded
    const resolved = await runs("resolve", id, "--row", "3", "--as", "created")
    assert.deepStrictEqual([resolved.code, resolved.stderr], [0, "1 row resolved as created\n"])
    assert.include((await runs("show", id)).stdout, "created\t2\n")
    const again = await runs("resolve", id, "--row", "3", "--as", "send-again")
    assert.strictEqual(again.code, 2)
    assert.include(again.stderr, "[JOURNAL]")
  })

  it("needs to be told which rows are what", async () => {
    using recorded = await withRun()
    const { code, stderr } = await recorded.runs("resolve", recorded.id, "--row", "3")
    assert.strictEqual(code, 2)
    assert.strictEqual(
      stderr,
      "error: missing flag --as  [USAGE]\n" +
        "  usage: aelyst runs resolve <run> --row <n> --as created|rejected|send-again\n" +
        "  rows in doubt: aelyst runs show <run>\n",
    )
  })

  it("removes a run only when it is told to be sure", async () => {
    using recorded = await withRun()
    const { id, runs } = recorded
    const refused = await runs("rm", id)
    assert.strictEqual(refused.code, 2)
    assert.include(refused.stderr, "fix:   add --yes")
    const removed = await runs("rm", id, "--yes")
    assert.deepStrictEqual([removed.code, removed.stderr], [0, `${id} removed\n`])
    assert.include((await runs()).stderr, "there are no runs")
  })

  it("prunes only runs that are finished and old", async () => {
    using recorded = await withRun()
    const { stderr } = await recorded.runs("prune", "--older-than", "0")
    assert.strictEqual(stderr, "0 runs removed\n")
    const wrong = await recorded.runs("prune", "--older-than", "soon")
    assert.include(wrong.stderr, 'invalid value "soon" for --older-than: expected an age such as')
  })
})
