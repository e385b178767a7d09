import { assert, describe, it } from "@effect/vitest"

import { csv, importing, people } from "./importing.ts"
import { start } from "./process.ts"

const line = (name: string) => JSON.stringify({ firstName: name, email: `${name}@example.com` })

describe.concurrent("aelyst import - --stream", () => {
  it("sends rows as they arrive, before standard input ends", async () => {
    await using test = await importing()
    const args = ["import", "-", "--stream", "--yes", "--ndjson", "--format", "ndjson"]
    const running = start(args, { cwd: test.home.path, env: test.env, open: true })
    running.child.stdin.write(`${line("ana")}\n`)
    await running.until(({ stdout }) => stdout.includes("ana@example.com"))
    assert.deepStrictEqual(test.created(), ["email:ana@example.com"])
    running.child.stdin.end(`${line("bo")}\n`)
    const { code, stdout } = await running.ended
    assert.strictEqual(code, 0, stdout)
    assert.lengthOf(test.created(), 2)
    assert.deepInclude(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? ""), {
      type: "summary",
      created: 2,
    })
  })

  it("refuses --report, since it writes none", async () => {
    await using test = await importing()
    const args = ["import", "-", "--stream", "--yes", "--report"]
    const stdin = csv(...people(1))
    const { code, stderr } = await test.run([...args, "a.json"], { stdin })
    assert.strictEqual(code, 2)
    assert.include(stderr, "--stream writes no report")
    assert.strictEqual(test.requests(), 0)
    assert.strictEqual((await test.run([...args, "none"], { stdin })).code, 0)
  })

  it("rejects rows on the way", async () => {
    await using test = await importing()
    const stdin = csv(...people(2), "Bo,bo@,,")
    const { code, stderr } = await test.run(["import", "-", "--stream", "--yes"], { stdin })
    assert.strictEqual(code, 9, stderr)
    assert.include(test.read("stdin.rejects.csv"), "Bo,bo@,,")
  })

  it("cannot ask", async () => {
    await using test = await importing()
    const { code, stderr } = await test.run(["import", "-", "--stream"], { stdin: csv() })
    assert.strictEqual(code, 2)
    assert.include(stderr, "so it cannot ask  [USAGE]\n  fix:   add --yes")
  })
})
