/** P8: a process without a free file descriptor (`ulimit`); the server's ledger shows which requests it received. */
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
    // older versions of Node.js warn about TypeScript
    { env: { ...process.env, NODE_NO_WARNINGS: "1" } },
  )
  assert.strictEqual(stderr, "")
  // safe: the header of the program documents its output
  const ended = JSON.parse(stdout) as Ended
  assert.strictEqual(ended.code, "EMFILE")
  assert.isBelow(ended.opened, 40)
  assert.isAbove(ended.opened, 0)
  const ledger = sandbox.ledger().map(({ key, posts, created }) => [key, posts, created])
  return { ended, ledger }
}

describe.concurrent("P8, a process limited to 40 open files", () => {
  for (const existing of ["reject", "merge", "duplicate"] as const) {
    it(`creates the contact once descriptors are free again, and sent nothing before (${existing})`, async () => {
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

  it("reports not_sent if descriptors stay used up, and works again afterwards", async () => {
    const { ended, ledger } = await play("duplicate", "keeps")
    assert.deepInclude(ended, { to: "ConnectionError", outcome: "not_sent", after: "created" })
    assert.deepStrictEqual(ended.causes, ["EMFILE", "EMFILE", "EMFILE", "EMFILE"])
    assert.deepStrictEqual(ledger, [
      ["id:first", 1, 1],
      ["id:third", 1, 1],
    ])
  })

  it("sends nothing while the name cannot be resolved", async () => {
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
