/** P8: a process without a descriptor left, by `ulimit` of the shell; the ledger of the server is the judge. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"

import type { Ended } from "../../src/network/descriptors-run.ts"

const program = fileURLToPath(new URL("../../src/network/descriptors-run.ts", import.meta.url))
const run = promisify(execFile)

const play = async (existing: Existing, frees: "frees" | "keeps", host = "127.0.0.1") => {
  await using sandbox = await Sandbox.start({ limit: 1_000, existing })
  const baseUrl = sandbox.baseUrl.replace("127.0.0.1", host)
  const { stdout, stderr } = await run(
    "sh",
    ["-c", 'ulimit -n 40 && exec "$0" "$@"', process.execPath, program, baseUrl, frees],
    // older versions of Node.js warn of TypeScript
    { env: { ...process.env, NODE_NO_WARNINGS: "1" } },
  )
  assert.strictEqual(stderr, "")
  // safe: the program prints what its head says
  const ended = JSON.parse(stdout) as Ended
  assert.strictEqual(ended.code, "EMFILE")
  assert.isBelow(ended.taken, 40)
  assert.isAbove(ended.taken, 0)
  const ledger = sandbox.ledger().map(({ key, posts, created }) => [key, posts, created])
  return { ended, ledger }
}

describe.concurrent("P8, a process that may open 40 files", () => {
  for (const existing of ["reject", "merge", "duplicate"] as const) {
    it(`creates the contact once descriptors are free again, and none of the tries before was sent (${existing})`, async () => {
      const { ended, ledger } = await play(existing, "frees")
      assert.deepInclude(ended, { to: "created", outcome: "created", after: "created" })
      assert.deepStrictEqual(ended.causes, ["EMFILE", "EMFILE", "200"])
      assert.deepStrictEqual(ledger, [
        ["id:first", 1, 1],
        ["id:second", 1, 1],
        ["id:third", 1, 1],
      ])
    })
  }

  it("says that it was not sent where they never are, and goes on afterwards", async () => {
    const { ended, ledger } = await play("duplicate", "keeps")
    assert.deepInclude(ended, { to: "ConnectionError", outcome: "not_sent", after: "created" })
    assert.deepStrictEqual(ended.causes, ["EMFILE", "EMFILE", "EMFILE", "EMFILE"])
    assert.deepStrictEqual(ledger, [
      ["id:first", 1, 1],
      ["id:third", 1, 1],
    ])
  })

  it("is not sent either where the name cannot be looked up", async () => {
    const { ended, ledger } = await play("duplicate", "frees", "localhost")
    assert.deepInclude(ended, { to: "created", outcome: "created", after: "created" })
    assert.strictEqual(ended.causes.length, 3)
    assert.deepStrictEqual(ledger, [
      ["id:first", 1, 1],
      ["id:second", 1, 1],
      ["id:third", 1, 1],
    ])
  })
})
